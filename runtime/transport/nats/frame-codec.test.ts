import fc from 'fast-check';
import { encodeValue } from '../../../framework/codec/value';
import type { Frame } from '../../wire/frame';
import type { TaskEnd } from '../../ports/task-queues';
import { split } from '../../wire/frame';
import { sizeOf } from '../../wire/size';
import { TASK } from '../tasks/tasks.contract';
import { routesFrames } from '../routes-frames';
import { decodeFrame, encodeFrame } from './frame-codec';

const KEY = { namespace: 'default', type: 'cart', id: 'ä 1' };
const MESSAGE = {
  op: 'message',
  key: KEY,
  message: 'update',
  method: 'add',
  args: Uint8Array.of(1, 2, 255),
  id: { session: 's', n: 1, doneBelow: 1 },
  attempt: 1,
  submit: false,
} as const;

const FAILURE = { kind: 'bug', code: 'Error', message: 'm', details: null, cause: null, stack: '' } as const;
const ENDS: readonly TaskEnd[] = [
  { kind: 'value', value: Uint8Array.of(1) },
  { kind: 'failed', failure: { ...FAILURE, cause: FAILURE }, final: true },
  { kind: 'unusable', code: 'too_large', failure: FAILURE },
  { kind: 'unknown' },
  { kind: 'lost', why: 'gone' },
];

const FRAMES: readonly Frame[] = [
  {
    kind: 'requests',
    from: 'inbox.1',
    requests: [
      { n: 1, request: MESSAGE },
      { n: 2, request: { op: 'describe', key: KEY } },
    ],
  },
  {
    kind: 'requests',
    from: 'i',
    requests: [{ n: 3, request: { op: 'list', query: { namespace: 'n', type: 't', limit: 5 } } }],
  },
  {
    kind: 'answers',
    session: 's',
    answers: [
      { kind: 'reply', n: 1, reply: { ok: true, value: Uint8Array.of(7), duplicate: false, seq: 2 ** 40 } },
      { kind: 'moved', n: 2, owner: { session: 'other', epoch: 3 } },
      { kind: 'moved', n: 3, owner: null },
      { kind: 'working', n: 4 },
    ],
  },
  { kind: 'unwanted', from: 'i', numbers: [1, 2] },
  { kind: 'ask', from: 'i' },
  {
    kind: 'routes',
    session: 's',
    shards: 256,
    owners: [
      [0, 0, 1],
      [255, 1, 9],
    ],
    hosts: ['a', 'b'],
  },
  { kind: 'routes', session: 's', shards: 256, owners: [], hosts: [], more: true },
  { kind: 'room', worker: 'w', queue: '', groups: ['render'], room: 3 },
  { kind: 'task', from: 'dispatch.h', n: 1, task: TASK },
  { kind: 'task', from: 'dispatch.h', n: 2, task: { ...TASK, limitMs: 5, heartbeat: null } },
  { kind: 'news', worker: 'w', n: 1, news: { kind: 'began' } },
  { kind: 'news', worker: 'w', n: 1, news: { kind: 'beat', details: Uint8Array.of(1) } },
  ...ENDS.map((end) => ({ kind: 'news', worker: 'w', n: 1, news: { kind: 'ended', end } }) as const),
  { kind: 'order', from: 'dispatch.h', n: 1, order: 'drop', reason: '' },
];

describe('frames as bytes (C14)', () => {
  it.each(FRAMES)('come back as they were: %j', (frame) => {
    expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
  });

  it('are refused when they are of another version, cut, or no frame at all', () => {
    const bytes = encodeFrame(FRAMES[0] as Frame);
    expect(() => decodeFrame(Uint8Array.of(2, ...bytes.subarray(1)))).toThrow(
      'a frame of version 2, and this build knows 1',
    );
    expect(() => decodeFrame(new Uint8Array())).toThrow('a frame of version nothing');
    for (let length = 1; length < bytes.length; length += 1)
      expect(() => decodeFrame(bytes.subarray(0, length))).toThrow();
  });

  it.each([
    ['text', 'hello'],
    ['an unknown kind', { kind: 'order', from: 'i' }],
    ['requests without a sender', { kind: 'requests', requests: [] }],
    ['a request without a key', { kind: 'requests', from: 'i', requests: [{ n: 1, request: { op: 'describe' } }] }],
    [
      'arguments that are no bytes',
      { kind: 'requests', from: 'i', requests: [{ n: 1, request: { ...MESSAGE, args: 'x' } }] },
    ],
    ['an answer without a reply', { kind: 'answers', session: 's', answers: [{ kind: 'reply', n: 1 }] }],
    [
      'an owner without an epoch',
      { kind: 'answers', session: 's', answers: [{ kind: 'moved', n: 1, owner: { session: 'x' } }] },
    ],
    ['routes in pairs', { kind: 'routes', session: 's', shards: 2, owners: [[0, 0]], hosts: ['a'] }],
    ['room without groups', { kind: 'room', worker: 'w', queue: '', room: 3 }],
    ['a task without arguments', { kind: 'task', from: 'd', n: 1, task: { ...TASK, args: 'x' } }],
    ['a task without a limit or null', { kind: 'task', from: 'd', n: 1, task: { ...TASK, limitMs: 'long' } }],
    ['a task of no entity', { kind: 'task', from: 'd', n: 1, task: { ...TASK, key: 'cart' } }],
    ['news of another kind', { kind: 'news', worker: 'w', n: 1, news: { kind: 'older' } }],
    ['an end without a failure', { kind: 'news', worker: 'w', n: 1, news: { kind: 'ended', end: { kind: 'failed' } } }],
    ['an end of another kind', { kind: 'news', worker: 'w', n: 1, news: { kind: 'ended', end: { kind: 'over' } } }],
    ['an order of another kind', { kind: 'order', from: 'd', n: 1, order: 'go', reason: '' }],
    ['routes of more in words', { kind: 'routes', session: 's', shards: 2, owners: [], hosts: [], more: 'yes' }],
  ])('are refused with %s', (_name, value) => {
    const encoded = encodeValue(value, { classes: 'plain' });
    expect(() => decodeFrame(Uint8Array.of(1, ...encoded))).toThrow('bytes that are no frame');
  });

  it('are never longer than the limit they were split by (C14)', () => {
    const from = `reply.any.${'x'.repeat(22)}`;
    const request = fc.record({ method: fc.string(), id: fc.string({ maxLength: 512 }), bytes: fc.nat(3_000) });
    const limit = 16_384;
    const held = fc.property(fc.array(request, { maxLength: 400 }), (requests) => {
      const sendings = requests.map(({ method, id, bytes }, i) => {
        const made = { ...MESSAGE, key: { ...KEY, id }, method, args: new Uint8Array(bytes) };
        return { n: 2 ** 40 + i, request: made, bytes: sizeOf({ n: i, request: made }) };
      });
      for (const group of split(sendings, limit)) {
        const numbered = group.map(({ n, request: made }) => ({ n, request: made }));
        expect(encodeFrame({ kind: 'requests', from, requests: numbered }).length).toBeLessThanOrEqual(limit);
      }
    });
    fc.assert(held, { numRuns: 50 });
    const owner = (shard: number) => ({ session: `${'h'.repeat(22)}${shard % 99}`, epoch: 2 ** 40 });
    for (const frame of routesFrames({ session: 's'.repeat(22), shards: 5_000, owner }, limit - 512))
      expect(encodeFrame(frame).length).toBeLessThanOrEqual(limit);
  });
});

import { errorReply } from '../activation/replies';
import { PerdureError } from '../../framework/errors';
import { HOST_IN_FLIGHT, RECENT_FRAMES, WORKING_MS } from '../config';
import { ManualClock } from '../testing/manual-clock';
import type { Reply, Request } from '../wire/envelope';
import type { AnswersFrame, Frame, Owner } from '../wire/frame';
import { shardOf } from '../wire/shard-map';
import { FrameServer, serveFrames } from './frame-server';
import { ScriptedMessenger } from './scripted-messenger.fixture';
import { message } from './transport.contract';

const SHARDS = 4;
const SHARD = shardOf(message('cart', 'm').key, SHARDS);
const ok = (byte: number): Reply => ({ ok: true, value: Uint8Array.of(byte), duplicate: false, seq: 1 });
const moved = errorReply(new PerdureError('unavailable', 'not mine', { reason: 'moved' }));

/** A server of carts, whose requests the test answers one by one. */
async function serving(maxPayloadBytes?: number) {
  const messenger = new ScriptedMessenger(maxPayloadBytes);
  const clock = new ManualClock({ now: 0 });
  const owners = new Map<number, Owner>();
  const routes = { session: 's', shards: SHARDS, answered: true, owner: (shard: number) => owners.get(shard) ?? null };
  const server = new FrameServer({ messenger, clock, routes });
  const got: Request[] = [];
  const answers: ((reply: Reply) => void)[] = [];
  const served = await server.serve('default', ['cart'], (request) => {
    got.push(request);
    return new Promise((answer) => answers.push(answer));
  });
  const ask = (from: string, ...numbers: number[]): void =>
    messenger.hear('host.s', {
      kind: 'requests',
      from,
      requests: numbers.map((n) => ({ n, request: message('cart', `m${n}`) })),
    });
  const settle = () => clock.advance(0);
  return { messenger, clock, routes, owners, server, served, got, answers, ask, settle };
}

const answersOf = (frame: Frame | undefined): AnswersFrame['answers'] => {
  if (frame?.kind !== 'answers') throw new Error(`a ${frame?.kind} frame holds no answers`);
  return frame.answers;
};

describe('a frame server', () => {
  it('hands over the requests of a frame in their order, and answers by their numbers', async () => {
    const { messenger, got, answers, ask, settle } = await serving();
    ask('c', 7, 8);
    expect(got).toEqual([message('cart', 'm7'), message('cart', 'm8')]);
    answers[1]!(ok(8));
    await settle();
    expect(messenger.sent.map(({ subject, frame }) => [subject, frame])).toEqual([
      ['c', { kind: 'answers', session: 's', answers: [{ kind: 'reply', n: 8, reply: ok(8) }] }],
    ]);
  });

  it('sends the answers of one tick in one frame for each client (C14)', async () => {
    const { messenger, answers, ask, settle } = await serving();
    ask('c', 1, 2);
    ask('d', 1);
    answers.forEach((answer, i) => answer(ok(i)));
    await settle();
    expect(messenger.sent.map(({ subject, frame }) => [subject, answersOf(frame).map(({ n }) => n)])).toEqual([
      ['c', [1, 2]],
      ['d', [1]],
    ]);
  });

  it('takes a frame that comes twice once, whoever else uses the same numbers (S13)', async () => {
    const { got, ask } = await serving();
    ask('c', 1, 2);
    ask('c', 1, 2);
    ask('d', 1, 2);
    ask('c', 3);
    ask('c', 3);
    expect(got.map((request) => request.op === 'message' && request.method)).toEqual(['m1', 'm2', 'm1', 'm2', 'm3']);
  });

  it('remembers the frames that came last, so many', async () => {
    const { messenger, got, ask } = await serving();
    const frame = (n: number): void =>
      messenger.hear('host.s', { kind: 'requests', from: 'c', requests: [{ n, request: message('other', 'm') }] });
    ask('c', 1);
    for (let n = 2; n <= RECENT_FRAMES; n += 1) frame(n);
    ask('c', 1);
    expect(got.length).toBe(1);
    frame(RECENT_FRAMES + 1);
    ask('c', 1);
    expect(got.length).toBe(2);
  });

  it('says of each message whose shard it does not own who does, as far as it knows (C14)', async () => {
    const { messenger, owners, answers, ask, settle } = await serving();
    ask('c', 1, 2);
    answers[0]!(moved);
    await settle();
    owners.set(SHARD, { session: 'b', epoch: 6 });
    answers[1]!(moved);
    await settle();
    expect(messenger.sent.flatMap(({ frame }) => answersOf(frame))).toEqual([
      { kind: 'moved', n: 1, owner: null },
      { kind: 'moved', n: 2, owner: { session: 'b', epoch: 6 } },
    ]);
  });

  it('says so of a type that it does not serve, and passes other refusals on as they are', async () => {
    const { messenger, answers, ask, settle } = await serving();
    messenger.hear('host.s', { kind: 'requests', from: 'c', requests: [{ n: 1, request: message('other', 'm') }] });
    ask('c', 2);
    const gone = errorReply(new PerdureError('unavailable', 'the store is gone'));
    answers[0]!(gone);
    await settle();
    expect(messenger.sent.flatMap(({ frame }) => answersOf(frame))).toEqual([
      { kind: 'moved', n: 1, owner: null },
      { kind: 'reply', n: 2, reply: gone },
    ]);
  });

  it('says again and again that it is at work on what is not answered, and has no timer otherwise', async () => {
    const { messenger, clock, answers, ask } = await serving();
    expect(clock.pending).toBe(0);
    ask('c', 1, 2);
    for (let i = 0; i < 3; i += 1) {
      await clock.advance(WORKING_MS);
      const [frame] = messenger.sent.splice(0).map((sent) => sent.frame);
      expect(answersOf(frame)).toEqual([1, 2].map((n) => ({ kind: 'working', n })));
    }
    answers[0]!(ok(1));
    await clock.advance(WORKING_MS);
    expect(messenger.sent.flatMap(({ frame }) => answersOf(frame).map(({ kind, n }) => [kind, n]))).toEqual([
      ['reply', 1],
      ['working', 2],
    ]);
    answers[1]!(ok(2));
    await clock.advance(WORKING_MS);
    expect(clock.pending).toBe(0);
  });

  it('is silent of work that may never end, for its store does not answer, and says so again when that does (C14)', async () => {
    const { messenger, clock, routes, answers, ask } = await serving();
    ask('c', 1);
    routes.answered = false;
    await clock.advance(3 * WORKING_MS);
    expect(messenger.sent).toEqual([]);
    routes.answered = true;
    await clock.advance(WORKING_MS);
    expect(messenger.sent.splice(0).flatMap(({ frame }) => answersOf(frame))).toEqual([{ kind: 'working', n: 1 }]);
    routes.answered = false;
    answers[0]!(ok(1));
    await clock.advance(0);
    expect(messenger.sent.flatMap(({ frame }) => answersOf(frame))).toEqual([{ kind: 'reply', n: 1, reply: ok(1) }]);
  });

  it('says so no more to a client that does not wait, or where nobody listens', async () => {
    const { messenger, clock, answers, ask } = await serving();
    ask('c', 1, 2);
    ask('d', 3);
    messenger.hear('host.s', { kind: 'unwanted', from: 'c', numbers: [1, 3] });
    await clock.advance(WORKING_MS);
    expect(messenger.sent.flatMap(({ frame }) => answersOf(frame).map(({ n }) => n))).toEqual([2, 3]);
    messenger.sent.splice(0)[1]!.unheard();
    await clock.advance(WORKING_MS);
    expect(messenger.sent.splice(0).flatMap(({ frame }) => answersOf(frame).map(({ n }) => n))).toEqual([2]);
    answers.forEach((answer, i) => answer(ok(i)));
    await clock.advance(0);
    expect(messenger.sent.flatMap(({ frame }) => answersOf(frame).map(({ n }) => n))).toEqual([1, 2, 3]);
  });

  it('splits answers over as many frames as they need, and refuses a reply that no frame can hold (C14)', async () => {
    const { messenger, answers, ask, settle } = await serving(65_536 + 4_096);
    ask('c', 1, 2, 3, 4);
    for (const [i, bytes] of [1_200, 1_200, 1_200, 4_000].entries()) {
      answers[i]!({ ok: true, value: new Uint8Array(bytes), duplicate: false, seq: 1 });
    }
    await settle();
    expect(messenger.sent.map(({ frame }) => answersOf(frame).map(({ n }) => n))).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(answersOf(messenger.sent[1]!.frame)[1]).toMatchObject({
      reply: { ok: false, error: { code: 'too_large' } },
    });
  });

  it('says `unavailable` of what is more than it can work on (S13)', async () => {
    const { messenger, ask, settle } = await serving();
    ask('c', ...Array.from({ length: HOST_IN_FLIGHT + 1 }, (_, n) => n));
    await settle();
    expect(messenger.sent.flatMap(({ frame }) => answersOf(frame))).toMatchObject([
      { kind: 'reply', n: HOST_IN_FLIGHT, reply: { ok: false, error: { code: 'unavailable', reason: null } } },
    ]);
  });

  it('tells who owns what, as one of all hosts that serve routes (C14)', async () => {
    const { messenger, owners } = await serving();
    expect(messenger.listening).toEqual(
      new Map([
        ['host.s', null],
        ['routes', 'hosts'],
      ]),
    );
    [
      [0, 'a', 5],
      [2, 'b', 6],
      [3, 'a', 9],
    ].forEach(([shard, session, epoch]) =>
      owners.set(shard as number, { session: session as string, epoch: epoch as number }),
    );
    messenger.hear('routes', { kind: 'ask', from: 'c' });
    expect(messenger.sent.map(({ subject, frame }) => [subject, frame])).toEqual([
      [
        'c',
        {
          kind: 'routes',
          session: 's',
          shards: SHARDS,
          hosts: ['a', 'b'],
          owners: [
            [0, 0, 5],
            [2, 1, 6],
            [3, 0, 9],
          ],
        },
      ],
    ]);
  });

  it('hears nothing once it is closed, and still answers what it had taken', async () => {
    const { messenger, server, got, answers, ask, settle } = await serving();
    ask('c', 1);
    server.close();
    ask('c', 2);
    messenger.hear('routes', { kind: 'ask', from: 'c' });
    answers[0]!(ok(1));
    await settle();
    expect(got.length).toBe(1);
    expect(messenger.taken()).toEqual(['answers to c']);
    expect(messenger.listening.size).toBe(0);
  });
});

describe('serveFrames', () => {
  it('serves one session of a cluster host until it is over', async () => {
    const messenger = new ScriptedMessenger();
    const member = { session: 's-1', shards: 1, answered: true, owner: () => null };
    const session = { member, namespace: 'default', types: ['cart'], answer: async () => ok(1) };
    const clock = new ManualClock({ now: 0 });
    const over = serveFrames({ messenger, clock }, session);
    messenger.hear('host.s-1', { kind: 'requests', from: 'c', requests: [{ n: 1, request: message('cart', 'm') }] });
    await clock.advance(0);
    expect(messenger.taken()).toEqual(['answers to c']);
    over();
    expect(messenger.listening.size).toBe(0);
  });
});

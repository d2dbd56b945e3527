/**
 * Golden cases: what the bytes in `golden/` must decode to, in every later version.
 *
 * Owns: one named case for every kind of record, entry, input and consequence, and for every kind of value. Does not
 * own: the bytes, which were written once and are never written again.
 *
 * A new case gets its bytes by `GOLDEN=write npx jest framework/codec/golden`, which only adds what is missing. When the
 * format changes on purpose: raise `RECORD_VERSION`, keep the old layout, add an upcaster, begin `records-v2.json`.
 */

import type { ActivityOptions, Consequence, Entry, Failure, HistoryRecord, Input, TurnRecord } from '../core/history';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const HASH = bytes('00112233445566778899aabbccddeeff');
const TIME = 1_767_225_600_000;

const bug: Failure = {
  kind: 'bug',
  code: 'TypeError',
  message: 'x is not a function',
  details: null,
  cause: null,
  stack: 'TypeError: x is not a function\n    at redeem (loyalty.ts:9:5)',
};

const options: ActivityOptions = {
  startToCloseMs: 60_000,
  scheduleToCloseMs: 0,
  scheduleToStartMs: 0,
  heartbeatMs: 0,
  attempts: 0,
  retryInitialMs: 1_000,
  retryMaximumMs: 600_000,
  retryFactor: 2,
  queue: '',
};

const unusual: ActivityOptions = {
  startToCloseMs: 30_000,
  scheduleToCloseMs: 259_200_000,
  scheduleToStartMs: 5_000,
  heartbeatMs: 10_000,
  attempts: 3,
  retryInitialMs: 50,
  retryMaximumMs: 1_000,
  retryFactor: 1.5,
  queue: 'gpu-7',
};

const message: Input = {
  kind: 'message',
  message: 'signal',
  method: 'tripCompleted',
  args: bytes('100111028566'),
  id: { session: 'MDEyMzQ1Njc4OWFiY2RlZg', n: 345, doneBelow: 344 },
  attempt: 1,
  submitted: false,
};

const schema = { fields: ['points', 'tier'], values: { money: ['cents', 'currency'], span: [] } };

const header = { seq: 7, epoch: 3, prev: { seq: 6, epoch: 2, hash: HASH }, build: 'b-2026-01-01' };

function turn(entries: readonly Entry[], more: Partial<TurnRecord> = {}): TurnRecord {
  return { kind: 'turn', ...header, compared: 1, birth: null, entries, digest: null, schema: null, ...more };
}

function apply(input: Input, consequences: readonly Consequence[] = [], undone: Failure | null = null): Entry {
  return { kind: 'apply', time: TIME, source: { input }, undone, consequences };
}

const applied = (input: Input): TurnRecord => turn([apply(input)]);
const asked = (...consequences: Consequence[]): TurnRecord => turn([apply({ kind: 'run' }, consequences)]);
const undone = (failure: Failure): TurnRecord => turn([apply({ kind: 'run' }, [], failure)]);

export const RECORDS: Readonly<Record<string, HistoryRecord>> = {
  'the first turn of an entity: birth, digest, schema': turn([apply(message), apply({ kind: 'run' })], {
    seq: 1,
    prev: null,
    birth: { time: TIME, seed: [0xdeadbeef, 7] },
    digest: Uint32Array.of(0, 0xffffffff),
    schema,
  }),
  'a turn without entries': turn([]),
  'a snapshot': { kind: 'snapshot', ...header, schema, fields: bytes('0100'), ledger: bytes('1100') },
  'a digest': { kind: 'digest', ...header, schema, digest: Uint32Array.of(1, 2) },
  'a fence': { kind: 'fence', ...header },
  'a seal': { kind: 'seal', ...header },
  'a signal': applied(message),
  'an update that was submitted, in its second attempt': applied({
    ...message,
    message: 'update',
    submitted: true,
    attempt: 2,
  }),
  'an update with a given id': applied({ ...message, message: 'update', id: { given: 'purchase-é-1' } }),
  'a session that is no base64url of 16 bytes': applied({
    ...message,
    id: { session: 'old-style', n: 1, doneBelow: 1 },
  }),
  'two messages of one session': turn([apply(message), { ...apply(message), time: TIME + 5 }]),
  'the result of an activity': applied({ kind: 'activity', effect: 9, outcome: { ok: true, value: bytes('85') } }),
  'the failure of an activity': applied({ kind: 'activity', effect: 9, outcome: { ok: false, failure: bug } }),
  'a timer that is due': applied({ kind: 'timer', effect: 9 }),
  'a condition that is true': applied({ kind: 'condition', effect: 9 }),
  'the completion of a promise': applied({
    kind: 'promise',
    name: 'approval',
    outcome: { ok: true, value: bytes('03') },
  }),
  'the start of run()': applied({ kind: 'run' }),
  'the end of run()': applied({ kind: 'complete' }),
  'the actions of an operator': turn(
    (['hold', 'resume', 'skip', 'terminate'] as const).map((action) =>
      apply({ kind: 'operator', action, reason: `to ${action}` }),
    ),
  ),
  'an admitted message and its application': turn([
    { kind: 'admit', time: TIME, input: message, held: null },
    { kind: 'apply', time: TIME + 1, source: { admitted: { seq: 7, index: 0 } }, undone: null, consequences: [] },
    { kind: 'apply', time: TIME + 1, source: { admitted: { seq: 2, index: 3 } }, undone: bug, consequences: [] },
  ]),
  'an input that holds the entity': turn([
    { kind: 'admit', time: TIME, input: message, held: { failure: bug, build: 'b-2026-01-01', kept: [] } },
  ]),
  'an admitted input that came to hold the entity, with a kept side effect': turn([
    {
      kind: 'hold',
      time: TIME,
      admitted: { seq: 5, index: 1 },
      held: { failure: bug, build: 'b-2025-12-31', kept: [{ ordinal: 2, value: bytes('86') }] },
    },
  ]),
  'a step that was undone by a bug': undone(bug),
  'a business failure with details and a chain of causes': undone({
    kind: 'call',
    code: 'failed',
    message: 'the call failed',
    details: null,
    stack: '',
    cause: { kind: 'activity', code: 'out', message: 'm', details: bytes('81'), stack: '', cause: bug },
  }),
  'the other kinds of failure': turn(
    (['entity', 'timeout', 'cancelled', 'fault', 'refusal'] as const).map((kind) =>
      apply({ kind: 'run' }, [], { ...bug, kind, stack: '', code: kind === 'refusal' ? 'rejected' : kind }),
    ),
  ),
  'an activity that is awaited, with the usual options': asked(
    { kind: 'activity', effect: 10, owner: 4, group: 'mail', method: 'voucher', args: bytes('1000'), options, awaited: true }, // prettier-ignore
  ),
  'an activity that is enqueued, with options of its own': asked(
    { kind: 'activity', effect: 10, owner: 4, group: 'mail', method: 'voucher', args: bytes('1000'), options: unusual, awaited: false }, // prettier-ignore
  ),
  'the purposes of a timer': asked(
    ...(['sleep', 'timeout', 'again', 'reminder', 'every'] as const).map((purpose, i): Consequence => ({
      kind: 'timer',
      effect: 11 + i,
      owner: 4,
      purpose,
      due: TIME + 86_400_000 * i,
      method: purpose === 'reminder' ? 'abandoned' : '',
      args: purpose === 'reminder' ? bytes('100181') : null,
    })),
  ),
  'a forgotten reminder': asked({ kind: 'forget', owner: 4, method: 'abandoned' }),
  'conditions with and without a timeout': asked(
    { kind: 'condition', effect: 12, owner: 4, timeout: 11 },
    { kind: 'condition', effect: 13, owner: 5, timeout: 0 },
  ),
  'a promise that is awaited': asked({ kind: 'promise', effect: 12, owner: 4, name: 'approval' }),
  'decisions of the change gate': asked(
    { kind: 'patch', owner: 4, id: 'new-tiers', value: true },
    { kind: 'patch', owner: 4, id: 'new-mail', value: false },
  ),
  'a side effect': asked({ kind: 'sideEffect', owner: 4, ordinal: 1, value: bytes('0487') }),
  'ends of invocations': asked(
    { kind: 'outcome', owner: 4, outcome: { ok: true, value: bytes('00') } },
    { kind: 'outcome', owner: 3, outcome: { ok: false, failure: bug } },
  ),
};

const shared = { n: 1 };

export const VALUES: Readonly<Record<string, unknown>> = {
  'what has no parts': [undefined, null, false, true],
  'whole numbers': [0, 127, 128, -1, -128, 2 ** 32, 2 ** 53 - 1, -(2 ** 53 - 1)],
  'other numbers': [0.5, -0, NaN, Infinity, -Infinity, 2 ** 60],
  'great integers': [0n, 255n, -256n, 2n ** 64n],
  texts: ['', 'gold', 'é日👍', 'a'.repeat(64)],
  dates: [new Date(TIME), new Date(-1)],
  collections: [new Map([['a', 1]]), new Set([1, 'b']), bytes('00ff')],
  objects: [{ b: 1, a: { é: [] } }, Object.assign(Object.create(null) as object, { x: 1 })],
  'shared references': [shared, shared],
};

/** The fields of an entity, two of which share an object. */
export const FIELDS = { points: 900, shared, tier: 'gold', also: [shared] };

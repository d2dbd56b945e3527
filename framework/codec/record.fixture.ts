/**
 * Random records for tests: every kind, entry, input and consequence, with numbers small and great.
 *
 * Owns: the fast-check arbitraries of history records. Does not own: records for people to read (`golden.fixture`).
 */

import fc from 'fast-check';

import type { Consequence, Entry, Failure, HeldMark, HistoryRecord, Input, Outcome, Schema } from '../core/history';
import type { MessageId, Position } from '../model/identity';
import { CONSEQUENCES, FAILURES, OPERATOR_ACTIONS, TIMER_PURPOSES } from './record-codes';

const whole = fc.oneof(fc.nat(100), fc.nat(), fc.maxSafeNat());
const number = fc.oneof(fc.nat(200), fc.nat({ max: 2 ** 45 }));
const time = fc.oneof(fc.nat(5000), fc.integer({ min: 1.7e12, max: 1.8e12 }), fc.integer({ min: -1e12, max: 4e15 }));
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const name = fc.oneof(fc.constantFrom('add', 'tripCompleted', 'mail', ''), text, fc.string({ maxLength: 90 }));
const bytes = fc.uint8Array({ maxLength: 80 });
const hash = fc.uint8Array({ minLength: 16, maxLength: 16 });
const word = fc.nat({ max: 0xffffffff });
const digest = fc.array(word, { maxLength: 12 }).map((words) => Uint32Array.from(words));
const session = fc.oneof(
  hash.map((id) => Buffer.from(id).toString('base64url')),
  fc.constantFrom('AAAAAAAAAAAAAAAAAAAAAB', 'AAAAAAAAAAAAAAAAAAAA+A', 'aaaaaaaaaaaaaaaaaaaaaé'),
  name,
);

const schema: fc.Arbitrary<Schema> = fc.record({
  fields: fc.array(name, { maxLength: 5 }),
  values: fc
    .array(fc.tuple(name, fc.array(name, { maxLength: 3 })), { maxLength: 3 })
    .map((list) => Object.fromEntries(list)),
});

const { failure } = fc.letrec<{ failure: Failure }>((tie) => ({
  failure: fc.record({
    kind: fc.constantFrom(...FAILURES),
    code: name,
    message: text,
    details: fc.option(bytes),
    cause: fc.option(tie('failure'), { maxDepth: 8, depthIdentifier: 'cause' }),
    stack: fc.oneof(fc.constant(''), text),
  }),
}));

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ ok: fc.constant(true as const), value: bytes }),
  fc.record({ ok: fc.constant(false as const), failure }),
);

const id: fc.Arbitrary<MessageId> = fc.oneof(
  fc.record({ session, n: whole, doneBelow: whole }),
  fc.record({ given: text }),
);

const input: fc.Arbitrary<Input> = fc.oneof(
  fc.record({
    kind: fc.constant('message' as const),
    message: fc.constantFrom('signal' as const, 'update' as const),
    method: name,
    args: bytes,
    id,
    attempt: number,
    submitted: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('activity' as const), effect: number, outcome }),
  fc.record({ kind: fc.constantFrom('timer' as const, 'condition' as const), effect: number }),
  fc.record({ kind: fc.constant('promise' as const), name, outcome }),
  fc.record({ kind: fc.constantFrom('run' as const, 'complete' as const) }),
  fc.record({ kind: fc.constant('operator' as const), action: fc.constantFrom(...OPERATOR_ACTIONS), reason: text }),
);

const options = fc.record({
  startToCloseMs: fc.constantFrom(0, 30_000, 60_000),
  scheduleToCloseMs: fc.constantFrom(0, 86_400_000),
  scheduleToStartMs: fc.constantFrom(0, 5),
  heartbeatMs: fc.constantFrom(0, 10_000),
  attempts: fc.constantFrom(0, 1, 3),
  retryInitialMs: fc.constantFrom(1_000, 50),
  retryMaximumMs: fc.constantFrom(600_000, 0),
  retryFactor: fc.constantFrom(2, 1.5),
  queue: fc.constantFrom('', 'gpu-7'),
});

type Of<K extends Consequence['kind']> = fc.Arbitrary<Extract<Consequence, { kind: K }>>;
const consequences: { [K in Consequence['kind']]: Of<K> } = {
  activity: fc.record({
    kind: fc.constant('activity'),
    effect: number,
    owner: number,
    group: name,
    method: name,
    args: bytes,
    options,
    awaited: fc.boolean(),
  }),
  timer: fc.record({
    kind: fc.constant('timer'),
    effect: number,
    owner: number,
    purpose: fc.constantFrom(...TIMER_PURPOSES),
    due: time,
    method: name,
    args: fc.option(bytes),
  }),
  forget: fc.record({ kind: fc.constant('forget'), owner: number, method: name }),
  condition: fc.record({ kind: fc.constant('condition'), effect: number, owner: number, timeout: number }),
  promise: fc.record({ kind: fc.constant('promise'), effect: number, owner: number, name }),
  patch: fc.record({ kind: fc.constant('patch'), owner: number, id: name, value: fc.boolean() }),
  sideEffect: fc.record({ kind: fc.constant('sideEffect'), owner: number, ordinal: whole, value: bytes }),
  outcome: fc.record({ kind: fc.constant('outcome'), owner: number, outcome }),
};
const consequence: fc.Arbitrary<Consequence> = fc.oneof(...CONSEQUENCES.map((kind) => consequences[kind]));

const position: fc.Arbitrary<Position> = fc.record({ seq: number, index: number });
const held: fc.Arbitrary<HeldMark> = fc.record({
  failure,
  build: name,
  kept: fc.array(fc.record({ ordinal: whole, value: bytes }), { maxLength: 3 }),
});

const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ kind: fc.constant('admit' as const), time, input, held: fc.option(held) }),
  fc.record({ kind: fc.constant('hold' as const), time, admitted: position, held }),
  fc.record({
    kind: fc.constant('apply' as const),
    time,
    source: fc.oneof(fc.record({ input }), fc.record({ admitted: position })),
    undone: fc.option(failure),
    consequences: fc.array(consequence, { maxLength: 6 }),
  }),
);

const header = {
  seq: number,
  epoch: number,
  prev: fc.option(fc.record({ seq: number, epoch: number, hash })),
  build: name,
};

export const anyRecord: fc.Arbitrary<HistoryRecord> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('turn' as const),
      ...header,
      compared: fc.nat(3),
      birth: fc.option(fc.record({ time, seed: fc.tuple(word, word) })),
      entries: fc.array(entry, { maxLength: 6 }),
      digest: fc.option(digest),
      schema: fc.option(schema),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('snapshot' as const), ...header, schema, fields: bytes, ledger: bytes }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('digest' as const), ...header, schema, digest }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('fence' as const, 'seal' as const), ...header }) },
);

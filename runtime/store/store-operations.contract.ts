/**
 * Store operations: random sequences applied to a store and to the memory store, whose answers must agree.
 *
 * Owns: the generator (a seed makes the sequence) and the comparison. Fixed seeds repeat what once mattered; a fresh
 * one is drawn each run and stands in the test's title.
 */

import type { EntityKey } from '../../framework/model/identity';
import type {
  Append,
  EntityFilter,
  EntityIndex,
  FieldTest,
  IndexedValue,
  ListQuery,
  StoreSession,
} from '../ports/history-store';
import { memoryStore } from './memory-store';
import type { MakeStore } from './store.fixture';

const FIXED_SEEDS = [1, 2, 3, 20_261_122];
const OPERATIONS = 250;
const NAMESPACES = ['default', 'other'];
const TYPES = ['account', 'cart'];
const IDS = ['a', 'b', 'c\0', '\u{1F600}', '\uFFFD', 'ä'];
const FIELDS = ['tier', 'points', 'vip'];
const VALUES: readonly IndexedValue[] = [
  null,
  false,
  true,
  -1,
  0,
  1,
  2.5,
  1e15,
  '',
  'a',
  'b',
  '\u{1F600}',
  '\uFFFD',
  'z\0',
];
const STATUSES = ['active', 'held', 'completed', 'corrupt'] as const;

export function describeRandomOperations(make: MakeStore): void {
  const fresh = Math.floor(Math.random() * 2 ** 32);
  it.each([...FIXED_SEEDS, fresh])('agrees with the memory store on random operations, seed %d', async (seed) => {
    const made = await make();
    const model = memoryStore();
    let pair = { store: await made.store.open(), model: await model.open() };
    const tails = new Map<string, number>();
    const random = randomFrom(seed);
    try {
      for (let step = 0; step < OPERATIONS; step += 1) {
        if (random.below(60) === 0) {
          await pair.store.close();
          pair = { store: await made.store.open(), model: await model.open() };
        }
        const [what, operation] = drawOperation(random, tails);
        const [actual, expected] = await Promise.all([operation(pair.store), operation(pair.model)]);
        expect({ step, what, answer: actual }).toEqual({ step, what, answer: expected });
      }
    } finally {
      await pair.store.close();
      await made.dispose();
    }
  });
}

type Operation = (session: StoreSession) => Promise<unknown>;

function drawOperation(random: Random, tails: Map<string, number>): readonly [string, Operation] {
  const key = drawKey(random);
  const { namespace } = key;
  const time = random.below(50);
  const limit = 1 + random.below(4);
  switch (random.below(14)) {
    case 0:
      return ['load', (s) => s.load(key)];
    case 1:
      return [`rows from ${time}`, (s) => s.rows(key, time, limit)];
    case 2:
      return ['segment', (s) => s.segment(key, `s${limit}`)];
    case 3:
      return ['index', (s) => s.index(key)];
    case 4:
      return ['due', (s) => s.due(namespace, time, limit)];
    case 5:
      return ['nextDue', (s) => s.nextDue(namespace, time)];
    case 6:
      return ['openWork', (s) => s.openWork(namespace, limit === 1 ? null : key, limit)];
    case 7: {
      const query = drawQuery(random, key);
      return [`list ${JSON.stringify(query)}`, (s) => listAll(s, query)];
    }
    case 8: {
      const filter = drawFilter(random, key);
      return [`count ${JSON.stringify(filter)}`, (s) => s.count(filter)];
    }
    case 9: {
      const index = drawIndex(random);
      return ['mark', (s) => s.mark(key, index)];
    }
    case 10:
      return drawNote(random, key);
    default:
      return drawAppends(random, tails);
  }
}

function drawNote(random: Random, key: EntityKey): readonly [string, Operation] {
  const bytes = random.below(3) === 0 ? null : Uint8Array.of(random.below(9));
  const name = `n${random.below(3)}`;
  return [
    'note',
    async (s) => {
      await s.note(key, name, bytes);
      return s.notes(key);
    },
  ];
}

/** A few batches issued at once: mostly what comes next, some repeats, changes, holes. */
function drawAppends(random: Random, tails: Map<string, number>): readonly [string, Operation] {
  const batches = Array.from({ length: 1 + random.below(3) }, () =>
    Array.from({ length: 1 + random.below(4) }, () => drawAppend(random, tails)),
  );
  const what = batches.map((batch) => batch.map(({ key, row }) => `${key.id}@${row.seq}`).join(' ')).join(' | ');
  return [`append ${what}`, (s) => Promise.all(batches.map((batch) => s.append(batch)))];
}

function drawAppend(random: Random, tails: Map<string, number>): Append {
  const key = drawKey(random);
  const name = JSON.stringify(key);
  const tail = tails.get(name) ?? 0;
  const seq = [tail + 1, tail + 1, tail + 1, tail, 1 + random.below(tail + 3)][random.below(5)] ?? 1;
  const index = seq === 1 || random.below(3) === 0 ? drawIndex(random) : null;
  const text = random.below(12) === 0 ? 'other' : `${key.id} ${seq}`;
  const row = { seq, epoch: 1, kind: seq % 5 === 0 ? 2 : 1, bytes: new Uint8Array(Buffer.from(text)) };
  const segment = { name: `s${random.below(4)}`, bytes: Uint8Array.of(random.below(20) === 0 ? 1 : 0) };
  if (seq === tail + 1) tails.set(name, seq);
  return { key, row, index, ...(random.below(4) === 0 && { segments: [segment] }) };
}

function drawKey(random: Random): EntityKey {
  return { namespace: random.of(NAMESPACES), type: random.of(TYPES), id: random.of(IDS) };
}

function drawIndex(random: Random): EntityIndex {
  const fields = FIELDS.filter(() => random.below(3) > 0).map((field) => [field, random.of(VALUES)] as const);
  return {
    status: random.below(2) === 0 ? 'active' : random.of(STATUSES),
    wakeAt: random.below(2) === 0 ? null : random.below(50),
    open: random.below(2) === 0,
    fields: Object.fromEntries(fields),
    build: `b${random.below(3)}`,
    createdAt: random.below(1_000),
    updatedAt: random.below(1_000) / 4,
  };
}

function drawFilter(random: Random, { namespace, type }: EntityKey): EntityFilter {
  const fields = FIELDS.filter(() => random.below(3) === 0);
  return {
    namespace,
    type,
    ...(random.below(3) === 0 && { status: STATUSES.filter(() => random.below(2) === 0) }),
    ...(fields.length > 0 && { where: Object.fromEntries(fields.map((field) => [field, drawTest(random)])) }),
  };
}

function drawTest(random: Random): FieldTest {
  if (random.below(2) === 0) return { eq: random.of(VALUES) };
  const bounds = VALUES.filter((value) => typeof value === 'number' || typeof value === 'string');
  return {
    ...(random.below(2) === 0 && { [random.of(['gt', 'gte'])]: random.of(bounds) }),
    ...(random.below(2) === 0 && { [random.of(['lt', 'lte'])]: random.of(bounds) }),
  };
}

function drawQuery(random: Random, key: EntityKey): ListQuery {
  const orderBy = { field: random.of(FIELDS), descending: random.below(2) === 0 };
  return { ...drawFilter(random, key), ...(random.below(2) === 0 && { orderBy }), limit: 1 + random.below(5) };
}

async function listAll(session: StoreSession, query: ListQuery): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let after: string | null = ''; after !== null;) {
    const page = await session.list({ ...query, ...(after && { after }) });
    all.push(...page.entities);
    after = page.next;
  }
  return all;
}

interface Random {
  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number;
  of<T>(choices: readonly T[]): T;
}

/** mulberry32. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return { below, of: (choices) => choices[below(choices.length)] as (typeof choices)[number] };
}

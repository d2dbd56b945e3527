/**
 * Store contract: the suite every history store must pass.
 *
 * Owns: a case by hand for each promise of the port, and random operation sequences compared with the memory store
 * (`store-operations.contract`). Adapters of others may call it with their own maker.
 * Does not own: damage, locks and speed, which are an adapter's own.
 */

import { PAGE_BYTES, PAGE_ROWS } from '../config';
import type { ListQuery, Row, StoreSession } from '../ports/history-store';
import { describeRunning } from './running.contract';
import { describeRandomOperations } from './store-operations.contract';
import { birth, INDEX, keyOf, rowOf } from './store.fixture';
import type { MakeStore, StoreUnderTest } from './store.fixture';

export type { MakeStore, StoreUnderTest };

export function describeHistoryStore(name: string, make: MakeStore): void {
  describe(name, () => {
    let made: StoreUnderTest;
    let session: StoreSession;

    beforeEach(async () => {
      made = await make();
      session = await made.store.open();
    });

    afterEach(async () => {
      await session.close();
      await made.dispose();
    });

    const current = (): StoreSession => session;
    const reopen = async (): Promise<void> => {
      await session.close();
      session = await made.store.open();
    };

    describe('append', () => describeAppend(current, reopen));
    describe('load', () => describeLoad(current));
    describe('index', () => describeIndex(current));
    describe('list and count', () => describeList(current));
    describe('sessions', () => describeSessions(current, reopen));
    describe('running', () => describeRunning(current, reopen));
    describeRandomOperations(make);
  });
}

function describeAppend(session: () => StoreSession, reopen: () => Promise<void>): void {
  const key = keyOf('a');

  it('keeps rows byte for byte, across sessions (C5)', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(await session().append([birth(key), { key, row: { ...rowOf(2), bytes }, index: null }])).toEqual([
      'ok',
      'ok',
    ]);
    await reopen();
    expect((await session().load(key)).rows).toEqual([rowOf(1), { ...rowOf(2), bytes }]);
  });

  it('answers ok to the same bytes again and changes nothing, not even the index (C5)', async () => {
    await session().append([birth(key, { build: 'old' }), { key, row: rowOf(2), index: { ...INDEX, build: 'new' } }]);
    expect(await session().append([birth(key, { build: 'old' })])).toEqual(['ok']);
    await reopen();
    expect(await session().append([{ key, row: rowOf(2), index: null }])).toEqual(['ok']);
    expect(await session().index(key)).toEqual({ index: { ...INDEX, build: 'new' }, seq: 2 });
  });

  it('refuses other bytes, another epoch or another kind for a seq that is taken (C5)', async () => {
    await session().append([birth(key)]);
    const others = [rowOf(1, 'other'), { ...rowOf(1), epoch: 2 }, rowOf(1, 'row 1', 2)];
    expect(await session().append(others.map((row) => ({ key, row, index: INDEX })))).toEqual(Array(3).fill('refused'));
    expect((await session().load(key)).rows).toEqual([rowOf(1)]);
  });

  it('refuses a hole and a first row that is not the first, and goes on with the rest of the batch', async () => {
    const results = await session().append([
      { key, row: rowOf(2), index: INDEX },
      birth(key),
      { key, row: rowOf(3), index: null },
      { key, row: rowOf(2), index: null },
      { key, row: rowOf(0), index: null },
    ]);
    expect(results).toEqual(['refused', 'ok', 'refused', 'ok', 'refused']);
    expect((await session().load(key)).rows).toEqual([rowOf(1), rowOf(2)]);
  });

  it('refuses a first row without an index: nothing exists then', async () => {
    expect(await session().append([{ key, row: rowOf(1), index: null }])).toEqual(['refused']);
    expect(await session().index(key)).toBeNull();
  });

  it('applies batches in the order of the calls, also when none is awaited between them', async () => {
    const calls = [birth(key), ...[2, 3, 4, 5].map((seq) => ({ key, row: rowOf(seq), index: null }))];
    const results = await Promise.all(calls.map((record) => session().append([record])));
    expect(results.flat()).toEqual(Array(5).fill('ok'));
  });

  it('answers an empty batch with no results', async () => {
    expect(await session().append([])).toEqual([]);
  });

  it('keeps segments with the row, and refuses the row when a segment has other bytes (S11)', async () => {
    const one = { name: 'ids-1', bytes: Uint8Array.of(1, 2, 3) };
    await session().append([{ ...birth(key), segments: [one, { name: 'empty', bytes: new Uint8Array() }] }]);
    const other = { name: 'ids-1', bytes: Uint8Array.of(9) };
    expect(await session().append([{ key, row: rowOf(2), index: null, segments: [other] }])).toEqual(['refused']);
    expect(await session().append([{ key, row: rowOf(2), index: null, segments: [one] }])).toEqual(['ok']);
    await reopen();
    expect(await session().segment(key, 'ids-1')).toEqual(one.bytes);
    expect(await session().segment(key, 'empty')).toEqual(new Uint8Array());
    expect(await session().segment(key, 'ids-2')).toBeNull();
    expect(await session().segment(keyOf('nobody'), 'ids-1')).toBeNull();
  });

  it('keeps keys apart by namespace, type and id, whatever characters they hold', async () => {
    const ids = ['a', 'A', 'a\0b', 'ab', '\u{1F600}', '\uFFFD', 'é', 'e\u0301', "'; --", 'x'.repeat(512)];
    const keys = ids.flatMap((id) => [keyOf(id), keyOf(id, 'cart'), keyOf(id, 'account', 'other')]);
    await session().append(keys.map((each, i) => ({ key: each, row: rowOf(1, `of ${i}`), index: INDEX })));
    const loaded = await Promise.all(keys.map((each) => session().load(each)));
    expect(loaded.map(({ rows }) => rows)).toEqual(keys.map((_, i) => [rowOf(1, `of ${i}`)]));
    const listed = await session().list({ namespace: 'default', type: 'account', limit: 100 });
    expect(listed.entities.map(({ id }) => id)).toEqual(
      ids.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
  });
}

/** Long rows as text, which is quick to compare. */
function hex(rows: readonly Row[]): readonly unknown[] {
  return rows.map((row) => ({ ...row, bytes: Buffer.from(row.bytes).toString('hex') }));
}

function describeLoad(session: () => StoreSession): void {
  const key = keyOf('a');

  it('gives an empty page for an unknown key', async () => {
    expect(await session().load(key)).toEqual({ rows: [], next: null });
    expect(await session().rows(key, 1, 10)).toEqual({ rows: [], next: null });
    expect(await session().notes(key)).toEqual([]);
  });

  it('begins with the last snapshot (S24)', async () => {
    const rows = [rowOf(2), rowOf(3, 'first', 2), rowOf(4), rowOf(5, 'last', 2), rowOf(6)];
    await session().append([birth(key), ...rows.map((row) => ({ key, row, index: null }))]);
    expect((await session().load(key)).rows).toEqual([rowOf(5, 'last', 2), rowOf(6)]);
    expect((await session().rows(key, 2, 3)).rows).toEqual(rows.slice(0, 3));
  });

  it('pages by rows and by bytes, each page going on where the one before ended', async () => {
    const big = (seq: number): Row => ({ ...rowOf(seq), bytes: new Uint8Array(PAGE_BYTES * 0.4).fill(seq) });
    const rows = Array.from({ length: PAGE_ROWS + 2 }, (_, i) => rowOf(i + 1));
    const all = [...rows, big(PAGE_ROWS + 3), big(PAGE_ROWS + 4), big(PAGE_ROWS + 5), rowOf(PAGE_ROWS + 6)];
    await session().append(all.map((row) => ({ key, row, index: row.seq === 1 ? INDEX : null })));
    const first = await session().load(key);
    expect([first.rows.length, first.next]).toEqual([PAGE_ROWS, PAGE_ROWS + 1]);
    const second = await session().rows(key, PAGE_ROWS + 1, 1_000);
    expect([second.rows.length, second.next]).toEqual([4, PAGE_ROWS + 5]);
    const third = await session().rows(key, PAGE_ROWS + 5, 1_000);
    expect([third.rows.length, third.next]).toEqual([2, null]);
    expect(hex([...first.rows, ...second.rows, ...third.rows])).toEqual(hex(all));
    expect(await session().rows(key, 1_000, 10)).toEqual({ rows: [], next: null });
  });

  it('hands out a row larger than a page by itself', async () => {
    const huge = { ...rowOf(2), bytes: new Uint8Array(PAGE_BYTES + 1).fill(7) };
    await session().append([birth(key), { key, row: huge, index: null }]);
    expect(hex((await session().rows(key, 2, 10)).rows)).toEqual(hex([huge]));
  });
}

function describeIndex(session: () => StoreSession): void {
  const [a, b, c] = [keyOf('a'), keyOf('b', 'cart'), keyOf('c')];

  it('replaces the index as a whole with its row, and leaves it alone where the append has none', async () => {
    await session().append([birth(a, { fields: { tier: 'gold', points: 3 } }), { key: a, row: rowOf(2), index: null }]);
    expect((await session().index(a))?.index.fields).toEqual({ tier: 'gold', points: 3 });
    await session().append([{ key: a, row: rowOf(3), index: { ...INDEX, fields: { points: 4 } } }]);
    expect(await session().index(a)).toEqual({ index: { ...INDEX, fields: { points: 4 } }, seq: 3 });
    expect(await session().count({ ...a, where: { tier: { eq: 'gold' } } })).toBe(0);
  });

  it('lists the seq of the last row, which may have changed nothing else', async () => {
    await session().append([birth(a), { key: a, row: rowOf(2), index: null }]);
    const { entities } = await session().list({ namespace: 'default', type: 'account', limit: 10 });
    expect(entities).toEqual([{ id: 'a', index: INDEX, seq: 2 }]);
  });

  it('marks an entity without a row, and ignores keys it does not know', async () => {
    await session().append([birth(a)]);
    await session().mark(a, { ...INDEX, status: 'corrupt' });
    await session().mark(b, { ...INDEX, status: 'corrupt' });
    expect(await session().index(a)).toEqual({ index: { ...INDEX, status: 'corrupt' }, seq: 1 });
    expect(await session().index(b)).toBeNull();
  });

  it('finds what is due, the earliest first, ties in the order of creation', async () => {
    await session().append([birth(c, { wakeAt: 20 }), birth(a, { wakeAt: 20 }), birth(b, { wakeAt: 10 })]);
    await session().append([birth(keyOf('d'), { wakeAt: 31 }), birth(keyOf('e', 'x', 'other'), { wakeAt: 5 })]);
    const due = await session().due('default', 30, 10);
    expect(due).toEqual([
      { key: b, wakeAt: 10 },
      { key: c, wakeAt: 20 },
      { key: a, wakeAt: 20 },
    ]);
    expect(await session().due('default', 30, 1)).toEqual([{ key: b, wakeAt: 10 }]);
    expect(await session().nextDue('default', 20)).toBe(31);
    expect(await session().nextDue('default', 31)).toBeNull();
    await session().append([{ key: b, row: rowOf(2), index: INDEX }]);
    expect(await session().nextDue('default', 0)).toBe(20);
  });

  it('answers with all that is due where that is fewer than asked for, however many it is', async () => {
    const calls = Array.from({ length: 2_500 }, (_, i) => birth(keyOf(`due-${i}`), { wakeAt: 10 }));
    await session().append(calls);
    expect(await session().due('default', 10, 2_000)).toHaveLength(2_000);
    expect(await session().due('default', 10, 3_000)).toHaveLength(2_500);
  });

  it('lists open work in the order of creation, going on after a key that is closed by now', async () => {
    await session().append([c, a, b, keyOf('d')].map((key) => birth(key, { open: true })));
    expect(await session().openWork('default', null, 2)).toEqual([c, a]);
    await session().append([{ key: a, row: rowOf(2), index: INDEX }]);
    expect(await session().openWork('default', a, 10)).toEqual([b, keyOf('d')]);
    expect(await session().openWork('default', null, 10)).toEqual([c, b, keyOf('d')]);
    expect(await session().openWork('other', null, 10)).toEqual([]);
  });

  it('keeps notes by name, last write wins, null deletes, unknown keys are ignored', async () => {
    await session().append([birth(a)]);
    await session().note(a, 'z', Uint8Array.of(1));
    await session().note(a, 'b', new Uint8Array());
    await session().note(a, 'z', Uint8Array.of(2));
    await session().note(b, 'z', Uint8Array.of(3));
    expect(await session().notes(a)).toEqual([
      { name: 'b', bytes: new Uint8Array() },
      { name: 'z', bytes: Uint8Array.of(2) },
    ]);
    await session().note(a, 'z', null);
    await session().note(a, 'never', null);
    expect(await session().notes(a)).toEqual([{ name: 'b', bytes: new Uint8Array() }]);
    expect(await session().notes(b)).toEqual([]);
  });
}

/** What holds of `list` and `count` wherever they are written: with a cluster's rows, once they have settled (C10). */
export function describeList(session: () => StoreSession): void {
  const query: ListQuery = { namespace: 'default', type: 'account', limit: 100 };
  const ids = async (more: Partial<ListQuery>): Promise<string[]> =>
    (await session().list({ ...query, ...more })).entities.map(({ id }) => id);

  beforeEach(async () => {
    await session().append([
      birth(keyOf('d'), { fields: { tier: 'gold', points: 7, vip: true } }),
      birth(keyOf('a'), { fields: { tier: 'basic', points: 70, vip: false } }),
      birth(keyOf('c'), { fields: { tier: 'gold', points: 70, vip: null }, status: 'held' }),
      birth(keyOf('b'), { fields: { tier: 'gold', points: 1.5 }, status: 'completed' }),
      birth(keyOf('e'), { fields: { tier: 1 } }),
      birth(keyOf('x', 'cart'), { fields: { tier: 'gold' } }),
    ]);
  });

  it('lists a type by id, with index and seq', async () => {
    expect(await ids({})).toEqual(['a', 'b', 'c', 'd', 'e']);
    const index = { ...INDEX, fields: { tier: 'silver' } };
    await session().append([{ key: keyOf('x', 'cart'), row: rowOf(2), index }]);
    const { entities } = await session().list({ ...query, type: 'cart' });
    expect(entities).toEqual([{ id: 'x', index, seq: 2 }]);
    expect(await ids({ type: 'nothing' })).toEqual([]);
  });

  it('filters by status and by fields, all tests together', async () => {
    expect(await ids({ where: { tier: { eq: 'gold' } } })).toEqual(['b', 'c', 'd']);
    expect(await ids({ where: { tier: { eq: 'gold' }, points: { gt: 1.5 } } })).toEqual(['c', 'd']);
    expect(await ids({ where: { points: { gte: 7, lt: 70 } } })).toEqual(['d']);
    expect(await ids({ where: { tier: { gt: 'b', lte: 'basic' } } })).toEqual(['a']);
    expect(await ids({ where: { vip: { eq: null } } })).toEqual(['c']);
    expect(await ids({ where: { vip: { eq: true } } })).toEqual(['d']);
    expect(await ids({ where: { tier: { gt: 0 } } })).toEqual(['e']);
    expect(await ids({ where: { vip: {} } })).toEqual(['a', 'c', 'd']);
    expect(await ids({ status: ['held', 'completed'] })).toEqual(['b', 'c']);
    expect(await ids({ status: ['active'], where: { tier: { eq: 'gold' } } })).toEqual(['d']);
    expect(await ids({ status: [] })).toEqual([]);
  });

  it('lists and counts an unborn key only when that is asked for (S21)', async () => {
    await session().append([birth(keyOf('unborn'), { fields: {}, status: 'unborn' })]);
    expect(await ids({})).not.toContain('unborn');
    expect(await ids({ status: ['unborn', 'completed'] })).toContain('unborn');
    expect(await session().count(query)).toBe((await ids({})).length);
    expect(await ids({ where: { missing: { eq: 1 } } })).toEqual([]);
  });

  it('counts what it lists', async () => {
    expect(await session().count(query)).toBe(5);
    expect(await session().count({ ...query, where: { tier: { eq: 'gold' } } })).toBe(3);
    expect(await session().count({ ...query, status: ['active'], where: { tier: { eq: 'gold' } } })).toBe(1);
    expect(await session().count({ ...query, namespace: 'other' })).toBe(0);
  });

  it('sorts by a field in both directions, ties by id, kinds apart, leaving out who lacks the field', async () => {
    expect(await ids({ orderBy: { field: 'points', descending: false } })).toEqual(['b', 'd', 'a', 'c']);
    expect(await ids({ orderBy: { field: 'points', descending: true } })).toEqual(['c', 'a', 'd', 'b']);
    expect(await ids({ orderBy: { field: 'vip', descending: false } })).toEqual(['c', 'a', 'd']);
    expect(await ids({ orderBy: { field: 'tier', descending: false } })).toEqual(['e', 'a', 'b', 'c', 'd']);
  });

  it('pages without showing twice or leaving out', async () => {
    for (const orderBy of [undefined, { field: 'points', descending: true }]) {
      const base = { ...query, limit: 2, ...(orderBy && { orderBy }) };
      const all: string[] = [];
      for (let after: string | null = ''; after !== null;) {
        const page = await session().list({ ...base, ...(after && { after }) });
        all.push(...page.entities.map(({ id }) => id));
        after = page.next;
      }
      expect(all).toEqual(orderBy ? ['c', 'a', 'd', 'b'] : ['a', 'b', 'c', 'd', 'e']);
    }
  });

  it('refuses a page token of another query, nonsense, and limits out of bounds', async () => {
    const { next } = await session().list({ ...query, limit: 1 });
    const invalid = { code: 'invalid_argument' };
    await expect(session().list({ ...query, status: ['held'], after: next ?? '' })).rejects.toMatchObject(invalid);
    await expect(session().list({ ...query, after: 'nonsense' })).rejects.toMatchObject(invalid);
    await expect(session().list({ ...query, limit: 0 })).rejects.toMatchObject(invalid);
    await expect(session().list({ ...query, limit: 1_001 })).rejects.toMatchObject(invalid);
  });
}

function describeSessions(session: () => StoreSession, reopen: () => Promise<void>): void {
  it('raises the epoch with every session (C13)', async () => {
    const before = session().epoch;
    await reopen();
    const between = session().epoch;
    await reopen();
    expect(between).toBeGreaterThan(before);
    expect(session().epoch).toBeGreaterThan(between);
  });

  it('answers unknown once it is closed, and is no owner any more (C13)', async () => {
    const old = session();
    expect(await old.fence()).toBe(true);
    await reopen();
    expect(await old.append([birth(keyOf('a')), birth(keyOf('b'))])).toEqual(['unknown', 'unknown']);
    expect(await old.fence()).toBe(false);
    await expect(old.load(keyOf('a'))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(old.note(keyOf('a'), 'n', null)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await session().index(keyOf('a'))).toBeNull();
  });

  it('waits at closing for what was issued, and can be closed twice', async () => {
    const issued = session().append([birth(keyOf('a'))]);
    const closing = session().close();
    await session().close();
    await closing;
    expect(await issued).toEqual(['ok']);
    await reopen();
    expect((await session().load(keyOf('a'))).rows).toEqual([rowOf(1)]);
  });
}

import { HistoryBench, KEY, rowOf } from './history-bench.fixture';

const seqsOf = (rows: readonly { readonly seq: number }[]): number[] => rows.map(({ seq }) => seq);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

describe('pages of a history in a cluster', () => {
  it('give every row once, in any length of page, over buckets and epochs (C6, C8)', async () => {
    const bench = new HistoryBench({ bucketRows: 6 });
    for (let epoch = 1; epoch <= 4; epoch += 1) {
      const owner = await bench.next();
      await bench.load(owner);
      await bench.writeMany(owner, 7, 3);
    }
    const owner = await bench.next();
    const loaded = await bench.load(owner);
    const last = loaded.at(-1)?.seq ?? 0;
    expect(last).toBeGreaterThan(36);
    for (const limit of [1, 2, 5, 256]) expect(seqsOf(await bench.history(owner, limit))).toEqual(upTo(last));
    expect(seqsOf((await owner.rows(KEY, 20, 4)).rows)).toEqual([20, 21, 22, 23]);
    expect(await owner.rows(KEY, last + 1, 4)).toEqual({ rows: [], next: null });
  });

  it('leave out what no owner has adopted, wherever it lies (C6)', async () => {
    const bench = new HistoryBench({ bucketRows: 6 });
    const first = await bench.next();
    await bench.writeMany(first, 3);
    const [, , third] = await bench.load(first);
    const second = await bench.next();
    await bench.load(second);
    await bench.writeMany(second, 12, 4);
    const before = await bench.history(second, 256);
    expect(third?.seq).toBe(3);
    for (const seq of [2, 3, 4, 5, 6, 7]) {
      const zombie = rowOf(seq, 1, { seq: seq - 1, epoch: 1, hash: new Uint8Array(16) }, 'turn', 'zombie');
      if (seq > 3) await bench.model.writeRows(KEY, 0, [zombie]);
      await bench.model.writeRows(KEY, 1, [zombie]);
    }
    for (const owner of [second, await bench.same()]) {
      await owner.load(KEY);
      for (const limit of [1, 3, 256]) expect(await bench.history(owner, limit)).toEqual(before);
    }
  });

  it('read a long history about twice, not once a page (C8)', async () => {
    const bench = new HistoryBench({ bucketRows: 100 });
    await bench.writeMany(await bench.next(), 1_000, 50);
    const owner = await bench.next();
    const loaded = await bench.load(owner);
    const rows = loaded.at(-1)?.seq ?? 0;
    bench.rowsRead = bench.reads = 0;
    expect(seqsOf(await bench.history(owner, 20))).toEqual(upTo(rows));
    expect(bench.rowsRead).toBeLessThan(2.6 * rows);
    const once = bench.rowsRead;
    bench.rowsRead = 0;
    await bench.history(owner, 20);
    expect(bench.rowsRead).toBeLessThan(once - 0.8 * rows);
  });

  it('read a long load forward: each page reads its own rows (C6)', async () => {
    const bench = new HistoryBench();
    await bench.writeMany(await bench.next(), 2_000);
    const owner = await bench.next();
    expect(seqsOf(await bench.load(owner))).toEqual(upTo(2_001));
    expect(bench.rowsRead).toBeLessThan(2.2 * 2_000);
  });

  it('name a row that is missing: it is never left out (C6)', async () => {
    const bench = new HistoryBench({ bucketRows: 6 });
    await bench.writeMany(await bench.next(), 20, 4);
    const owner = await bench.next();
    await bench.load(owner);
    const readRows = bench.model.readRows.bind(bench.model);
    bench.model.readRows = async (...args) => {
      const page = await readRows(...args);
      return { ...page, rows: page.rows.filter(({ seq }) => seq !== 9) };
    };
    await expect(owner.rows(KEY, 1, 256)).rejects.toMatchObject({ reason: 'corrupt', message: /record 9 is missing/u });
  });
});

import { HistoryBench, KEY, rowOf, settled } from './history-bench.fixture';

const WIDE = 'x'.repeat(900);
const seqsOf = (rows: readonly { readonly seq: number }[]): number[] => rows.map(({ seq }) => seq);

describe('a long record in a cluster', () => {
  const layout = { bucketRows: 6, rowBytes: 300, chunkBytes: 400 };

  it('lies in chunks that are at quorum before the row that names them, and is read as one (C8)', async () => {
    const bench = new HistoryBench(layout);
    const owner = await bench.next();
    await bench.write(owner, 'turn', WIDE);
    const named = bench.calls.map((call) => call.replace(/-[0-9a-f]{32}$/u, ''));
    expect(named).toEqual(['blob row-1-1', 'blob row-1-1', 'blob row-1-1', 'rows 0 1']);
    await bench.write(owner, 'snapshot', WIDE);
    await settled();
    const expected = [rowOf(1, 1, null, 'turn', WIDE)];
    expect((await owner.rows(KEY, 1, 1)).rows).toEqual(expected);
    const stored = await bench.model.readRows(KEY, 0, { seq: 0, epoch: 0 }, 10);
    expect(stored.rows.every(({ bytes }) => bytes.length < 300)).toBe(true);
    const next = await bench.next();
    expect(seqsOf(await bench.load(next))).toEqual([2, 3]);
    expect((await owner.rows(KEY, 1, 1)).rows).toEqual(expected);
  });

  it('is not issued while a chunk has an unknown outcome (C5, C8)', async () => {
    const bench = new HistoryBench(layout);
    const owner = await bench.next();
    let lost = 3;
    bench.outcomeOf = (call) => (call.startsWith('blob') && lost-- > 0 ? Promise.resolve('unknown') : null);
    expect(await bench.write(owner, 'turn', WIDE)).toBe('ok');
    const kinds = bench.calls.map((call) => call.split(' ')[0]);
    expect(kinds).toEqual([...Array.from({ length: 6 }, () => 'blob'), 'rows']);
  });

  it('is written again by its stub, as it lies there, by whoever adopts it (C6)', async () => {
    const bench = new HistoryBench(layout);
    await bench.write(await bench.next(), 'turn', WIDE);
    const { rows } = await bench.model.readRows(KEY, 0, { seq: 0, epoch: 0 }, 10);
    const next = await bench.next();
    bench.calls.length = 0;
    await bench.load(next);
    expect(bench.calls).toEqual(['rows 0 1 2']);
    expect((await bench.model.readRows(KEY, 0, { seq: 0, epoch: 0 }, 1)).rows).toEqual(rows);
  });

  it('with a missing chunk makes its key corrupt, never empty (C6)', async () => {
    const bench = new HistoryBench(layout);
    await bench.write(await bench.next(), 'turn', WIDE);
    bench.model.blob = async () => null;
    const next = await bench.next();
    bench.calls.length = 0;
    await expect(next.load(KEY)).rejects.toMatchObject({ code: 'internal', reason: 'corrupt' });
    await expect(next.rows(KEY, 1, 1)).rejects.toMatchObject({ code: 'internal', reason: 'corrupt' });
    expect(bench.calls).toEqual([]);
  });
});

describe('a row on its way', () => {
  it('is the only one of its seq, whoever gave up waiting for it (C5)', async () => {
    const bench = new HistoryBench();
    const owner = await bench.next();
    const [first, second] = [rowOf(1, 1, null, 'turn', 'first'), rowOf(1, 1, null, 'turn', 'second')];
    let go: (outcome: 'unknown') => void = () => undefined;
    bench.outcomeOf = () => new Promise((resolve) => (go = resolve));
    const written = owner.append([{ key: KEY, row: first, index: null }]);
    await settled();
    expect(await owner.append([{ key: KEY, row: second, index: null }])).toEqual(['refused']);
    bench.outcomeOf = () => null;
    go('unknown');
    expect(await written).toEqual(['ok']);
    expect(bench.calls).toEqual(['rows 0 1', 'rows 0 1']);
    expect(await bench.load(await bench.next())).toMatchObject([first, { seq: 2 }]);
  });
});

describe('what an owner writes again', () => {
  it('goes in one batch with its FENCE, or before it where both are too long for one (C6, C12)', async () => {
    const bench = new HistoryBench();
    await bench.write(await bench.next(), 'turn', 'x'.repeat(30_000));
    bench.calls.length = 0;
    await bench.load(await bench.next());
    expect(bench.calls).toEqual(['rows 0 1 2']);
    const long = new HistoryBench();
    await long.write(await long.next(), 'turn', 'x'.repeat(50_000));
    long.calls.length = 0;
    await long.load(await long.next());
    expect(long.calls).toEqual(['rows 0 1', 'rows 0 2']);
  });
});

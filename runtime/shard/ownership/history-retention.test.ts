import type { Layout } from './layout';
import type { OwnedSession } from './owned-session';
import { HistoryBench, KEY, settled } from './history-bench.fixture';

const LAYOUT: Partial<Layout> = { bucketRows: 4, keepBuckets: 1 };
const seqsOf = (rows: readonly { readonly seq: number }[]): number[] => rows.map(({ seq }) => seq);
const deletions = (bench: HistoryBench): string[] => bench.calls.filter((call) => call.startsWith('delete'));

/** Two turns and a snapshot that needs rows from `needs` on, then the SEAL: a bucket. */
async function bucket(bench: HistoryBench, owner: OwnedSession, needs = Infinity, build = 'b'): Promise<void> {
  await bench.write(owner, 'turn', build);
  await bench.write(owner, 'turn', build);
  await bench.write(owner, 'snapshot', build, { needs });
  await settled();
}

describe('old buckets of a history', () => {
  it('stay for ever by default (C8)', async () => {
    const bench = new HistoryBench({ bucketRows: 4 });
    const owner = await bench.next();
    for (let i = 0; i < 5; i += 1) await bucket(bench, owner);
    expect(deletions(bench)).toEqual([]);
  });

  it('go once the pointer that leaves them out is at quorum, whole buckets behind the last snapshot (C2, C8)', async () => {
    const bench = new HistoryBench(LAYOUT);
    const owner = await bench.next();
    for (let i = 0; i < 4; i += 1) await bucket(bench, owner);
    const told = bench.calls.filter((call) => /^(pointer|delete)/u.test(call));
    expect(told).toEqual(['pointer 3', 'pointer 7', 'pointer 11', 'delete-bucket 0', 'pointer 15', 'delete-bucket 1']);
    expect(await bench.model.pointer(KEY)).toMatchObject({ seq: 15, bucket: 3, kept: 2, gone: 1 });
    expect(seqsOf(await bench.history(owner, 3))).toEqual([9, 10, 11, 12, 13, 14, 15, 16]);
    const next = await bench.next();
    expect(seqsOf(await bench.load(next))).toEqual([15, 16, 17]);
    expect(seqsOf(await bench.history(next, 3))).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17]);
  });

  it('stay by the type of their entity (C8)', async () => {
    for (const [keepBucketsOf, gone] of [
      [{ journal: 1 }, 2],
      [{ journal: 0 }, 3],
      [{ other: 0 }, 0],
    ] as const) {
      const bench = new HistoryBench({ bucketRows: 4, keepBucketsOf });
      const owner = await bench.next();
      for (let i = 0; i < 4; i += 1) await bucket(bench, owner);
      expect(deletions(bench)).toHaveLength(gone);
    }
  });

  it('stay while the session has not been read again after the pointer is at quorum (C2)', async () => {
    const bench = new HistoryBench(LAYOUT);
    const owner = await bench.next();
    for (let i = 0; i < 2; i += 1) await bucket(bench, owner);
    bench.outcomeOf = (call) => (call === 'pointer 11' ? bench.model.setDead('s-1') : null);
    await bucket(bench, owner);
    expect(deletions(bench)).toEqual([]);
  });

  it('stay while the pointer has an unknown outcome (C2)', async () => {
    const bench = new HistoryBench(LAYOUT);
    const owner = await bench.next();
    bench.outcomeOf = (call) => (call === 'pointer 11' ? Promise.resolve('unknown') : null);
    for (let i = 0; i < 3; i += 1) await bucket(bench, owner);
    expect(deletions(bench)).toEqual([]);
    bench.outcomeOf = () => null;
    await settled();
    expect(deletions(bench)).toEqual(['delete-bucket 0']);
  });

  it('stay while an outcome in them may be asked for, also in a later epoch (S11, S16)', async () => {
    const bench = new HistoryBench(LAYOUT);
    const owner = await bench.next();
    for (let i = 0; i < 3; i += 1) await bucket(bench, owner, 6);
    expect(deletions(bench)).toEqual(['delete-bucket 0']);
    const next = await bench.next();
    await bench.load(next);
    for (let i = 0; i < 3; i += 1) await bucket(bench, next, 6);
    // The pointer does not say yet that it is gone.
    expect(new Set(deletions(bench))).toEqual(new Set(['delete-bucket 0']));
    expect(seqsOf((await next.rows(KEY, 6, 1)).rows)).toEqual([6]);
    bench.calls.length = 0;
    await bucket(bench, next, 19);
    expect(deletions(bench)).toEqual(['delete-bucket 1', 'delete-bucket 2', 'delete-bucket 3']);
  });

  it('that a dying owner left are deleted by the next (C8)', async () => {
    const bench = new HistoryBench(LAYOUT);
    const owner = await bench.next();
    bench.outcomeOf = (call) => (call.startsWith('delete') ? Promise.resolve('unknown') : null);
    for (let i = 0; i < 3; i += 1) await bucket(bench, owner);
    expect(await bench.model.pointer(KEY)).toMatchObject({ kept: 1, gone: 0 });
    const next = await bench.next();
    bench.outcomeOf = () => null;
    bench.calls.length = 0;
    await bench.load(next);
    for (let i = 0; i < 2; i += 1) await bucket(bench, next);
    expect(deletions(bench)[0]).toBe('delete-bucket 0');
  });

  it('take the chunks that their rows name with them (C8)', async () => {
    const bench = new HistoryBench({ ...LAYOUT, bucketBytes: 10_000, rowBytes: 200, chunkBytes: 1_000 });
    const owner = await bench.next();
    for (let i = 0; i < 3; i += 1) await bucket(bench, owner, Infinity, 'x'.repeat(300));
    const chunks = bench.calls.filter((call) => /^blob row-[123]-/u.test(call)).map((call) => call.slice(5));
    expect(chunks).toHaveLength(3);
    expect(deletions(bench)).toEqual([...chunks.map((name) => `delete-blob ${name}`), 'delete-bucket 0']);
    for (const name of chunks) expect(await bench.model.blob(KEY, name)).toBeNull();
  });

  it('are not taken for lost rows by an older owner that does not know yet that it is dead (C6)', async () => {
    const bench = new HistoryBench(LAYOUT);
    const zombie = await bench.next();
    await bucket(bench, zombie);
    const next = await bench.next();
    await bench.load(next);
    for (let i = 0; i < 4; i += 1) await bucket(bench, next);
    expect(deletions(bench)).not.toEqual([]);
    await expect(zombie.rows(KEY, 1, 4)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

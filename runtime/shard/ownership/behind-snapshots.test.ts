import type { WriteOutcome } from '../../ports/cluster-store';
import { HistoryBench, KEY, settled } from './history-bench.fixture';

/** An outcome that the test gives when it likes. */
function later(): { readonly outcome: Promise<WriteOutcome>; give(outcome: WriteOutcome): void } {
  let give: (outcome: WriteOutcome) => void = () => undefined;
  const outcome = new Promise<WriteOutcome>((resolve) => (give = resolve));
  return { outcome, give };
}

describe('the pointer behind a snapshot', () => {
  it('is issued after the snapshot is at quorum and the session has been read again (C2)', async () => {
    const bench = new HistoryBench();
    const owner = await bench.next();
    await bench.write(owner);
    const snapshot = later();
    bench.outcomeOf = (call) => (call === 'rows 0 2' ? snapshot.outcome : null);
    const written = bench.write(owner, 'snapshot');
    await settled();
    expect(bench.calls).not.toContain('pointer 2');
    await bench.model.setDead('s-1');
    snapshot.give('ok');
    await written;
    await settled();
    expect(bench.calls).not.toContain('pointer 2');
    expect(await bench.model.pointer(KEY)).toBeNull();
  });

  it('is moved once at a time, at last to the newest snapshot (C8)', async () => {
    const bench = new HistoryBench();
    const owner = await bench.next();
    const first = later();
    bench.outcomeOf = (call) => (call === 'pointer 2' ? first.outcome : null);
    await bench.writeMany(owner, 3, 1);
    const pointers = (): string[] => bench.calls.filter((call) => call.startsWith('pointer'));
    expect(pointers()).toEqual(['pointer 2']);
    bench.outcomeOf = () => null;
    first.give('unknown');
    await settled();
    expect(pointers()).toEqual(['pointer 2', 'pointer 2', 'pointer 6']);
    expect(await bench.model.pointer(KEY)).toMatchObject({ seq: 6, epoch: 1, bucket: 0, rows: 5 });
  });

  it('that was never written is moved by the next owner that loads the key (C6)', async () => {
    const bench = new HistoryBench();
    const owner = await bench.next();
    bench.outcomeOf = (call) => (call.startsWith('pointer') ? Promise.resolve('unknown') : null);
    await bench.writeMany(owner, 2, 2);
    const next = await bench.next();
    bench.outcomeOf = () => null;
    expect((await bench.load(next)).map(({ seq }) => seq)).toEqual([3, 4]);
    await settled();
    expect(await bench.model.pointer(KEY)).toMatchObject({ seq: 3, epoch: 1 });
    expect((await bench.load(await bench.next())).map(({ seq }) => seq)).toEqual([3, 4, 5]);
  });
});

describe('a bucket', () => {
  it('is closed by a SEAL at its bytes, if they come before its rows, in every epoch alike (C8)', async () => {
    const bench = new HistoryBench({ bucketRows: 100, bucketBytes: 2_000 });
    const text = 'x'.repeat(300);
    for (let epoch = 1; epoch <= 3; epoch += 1) {
      const owner = await bench.next();
      await bench.load(owner);
      for (let i = 0; i < 5; i += 1) await bench.write(owner, i === 2 ? 'snapshot' : 'turn', text);
      await settled();
    }
    const bytesOf = async (bucket: number): Promise<number> => {
      const { rows } = await bench.model.readRows(KEY, bucket, { seq: 0, epoch: 0 }, 1_000);
      return rows.reduce((sum, { bytes }) => sum + bytes.length, 0);
    };
    for (const bucket of [0, 1]) {
      expect(await bytesOf(bucket)).toBeGreaterThanOrEqual(2_000);
      expect(await bytesOf(bucket)).toBeLessThan(2_600);
    }
    expect(await bytesOf(2)).toBeGreaterThan(0);
    expect(await bytesOf(2)).toBeLessThan(2_000);
  });

  it('that is sealed is gone on from in the next one, by whoever finds the SEAL as the tail (C6)', async () => {
    const bench = new HistoryBench({ bucketRows: 4 });
    const owner = await bench.next();
    await bench.writeMany(owner, 2);
    await bench.write(owner, 'snapshot');
    await settled();
    expect(bench.calls.at(-2)).toBe('rows 0 4');
    expect(await bench.model.pointer(KEY)).toMatchObject({ seq: 3, bucket: 0 });
    const next = await bench.next();
    bench.calls.length = 0;
    expect((await bench.load(next)).map(({ seq }) => seq)).toEqual([3, 4, 5]);
    expect(bench.calls).toEqual(['rows 0 4', 'rows 1 5']);
    await bench.write(next);
    expect(bench.calls.at(-1)).toBe('rows 1 6');
    expect((await bench.history(next, 256)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

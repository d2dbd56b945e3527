import type { Append, AppendResult, StoreSession } from '../ports/history-store';
import type { Log } from '../ports/telemetry';
import { AppendGroup } from './append-group';
import type { Job, TurnLoop } from './turn-loop';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A group over a store whose calls the test answers by hand. */
function grouped(apart: boolean) {
  const calls: { readonly ids: string[]; answer(results: AppendResult[]): void }[] = [];
  const fences: ((owner: boolean) => void)[] = [];
  const session = {
    apart,
    append: (batch: readonly Append[]) =>
      new Promise<AppendResult[]>((answer) => calls.push({ ids: batch.map(({ key }) => key.id), answer })),
    fence: () => new Promise<boolean>((answer) => fences.push(answer)),
  } as unknown as StoreSession;
  const jobs: Job[] = [];
  const loop = { ready: (job: Job) => jobs.push(job) } as unknown as TurnLoop;
  const group = new AppendGroup(session, loop, { error: () => undefined } as unknown as Log);
  const told: string[] = [];
  for (const id of ['a', 'b', 'c'])
    group.add({ key: { namespace: 'default', type: 't', id } } as Append, (result) => told.push(`${id} ${result}`));
  void jobs[0]?.slice();
  return { group, calls, fences, told };
}

describe('a group of appends', () => {
  it('is one call and one fence where the store commits a batch as one (C5)', async () => {
    const { calls, fences, told } = grouped(false);
    expect(calls.map(({ ids }) => ids)).toEqual([['a', 'b', 'c']]);
    calls[0]?.answer(['ok', 'refused', 'ok']);
    await settled();
    expect([fences.length, told]).toEqual([1, []]);
    fences[0]?.(true);
    await settled();
    expect(told).toEqual(['a ok', 'b refused', 'c ok']);
  });

  it('tells each record on its own where the store writes them apart: none waits for the slowest (C5)', async () => {
    const { calls, fences, told } = grouped(true);
    expect(calls.map(({ ids }) => ids)).toEqual([['a'], ['b'], ['c']]);
    calls[1]?.answer(['refused']);
    calls[2]?.answer(['ok']);
    await settled();
    expect([fences.length, told]).toEqual([1, ['b refused']]);
    fences[0]?.(false);
    await settled();
    expect(told).toEqual(['b refused', 'c unknown']);
  });

  it('tells nobody anything once it is closed (C4)', async () => {
    const { group, calls, told } = grouped(true);
    calls[0]?.answer(['refused']);
    await settled();
    group.close();
    for (const { answer } of calls.slice(1)) answer(['refused']);
    await settled();
    expect(told).toEqual(['a refused']);
  });
});

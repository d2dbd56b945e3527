import { PROFILES } from '../faults/fault-profile';
import type { Choice } from '../world/random';
import { choiceText } from '../world/random';
import { shrink } from './shrink';
import { missed, watchRows } from '../store/store-workload.fixture';

const choice = (n: number): Choice => ({ stream: 's', n });

describe('shrink', () => {
  it('finds the few choices that matter among many', async () => {
    const all = Array.from({ length: 200 }, (_, n) => choice(n));
    let runs = 0;
    const fails = async (only: readonly Choice[]): Promise<boolean> => {
      runs += 1;
      return [17, 120, 121].every((n) => only.some((kept) => kept.n === n));
    };
    expect((await shrink(all, fails)).map(({ n }) => n)).toEqual([17, 120, 121]);
    expect(runs).toBeLessThan(200);
    expect(await shrink(all, async () => true)).toEqual([]);
  });

  it('keeps to its number of runs, and gives a list that fails', async () => {
    let runs = 0;
    const all = Array.from({ length: 50 }, (_, n) => choice(n));
    const fails = async (only: readonly Choice[]): Promise<boolean> => ((runs += 1), only.some(({ n }) => n === 49));
    const kept = await shrink(all, fails, 3);
    expect(runs).toBe(3);
    expect(kept.some(({ n }) => n === 49)).toBe(true);
  });

  it('names amnesia as the cause of a row that was lost', async () => {
    const options = { seed: 1, operations: 60, pauseMs: 1_000 };
    const run = async (only?: readonly Choice[]) => watchRows(PROFILES.amnesia, { ...options, ...(only && { only }) });
    const fails = async (only: readonly Choice[]): Promise<boolean> => missed(await run(only)).length > 0;
    while (missed(await run()).length === 0) options.seed += 1;
    const { choices } = (await run()).made.world.random;
    const kept = await shrink(choices, fails);
    expect(kept.length).toBeLessThan(choices.length / 20);
    expect(await fails(kept)).toBe(true);
    expect(kept.map(choiceText).some((text) => text.startsWith('store.amnesia.'))).toBe(true);
  });
});

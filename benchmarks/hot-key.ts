/**
 * Hot key: updates/s on one entity, beside the same load on uniform keys. Its steps share records, so it must not be
 * slower.
 */

import type { Rate } from './measure';
import { AccountLoad } from './account-load';
import { inDirectory } from './bench-host';
import { figure, interleave, medianRate, ratios } from './rounds';
import type { BenchOptions, Findings, Workload } from './workload';

const CALLERS = [64, 1_024];

export const hotKey: Workload = {
  name: 'hot-key',
  about: 'updates/s on one hot entity, beside the same callers on uniform keys',
  run: (options) => inDirectory(options.directory, (directory) => run(options, directory)),
};

async function run({ quick }: BenchOptions, directory: string): Promise<Findings> {
  const { keys, rounds, calls } = quick
    ? { keys: 256, rounds: 1, calls: 1_024 }
    : { keys: 10_000, rounds: 7, calls: 40_000 };
  const load = await AccountLoad.begin(directory, keys);
  const figures: Findings['figures'][number][] = [];
  const sides: Findings['sides'][number][] = [];
  try {
    await load.uniform(1_024, calls);
    await load.hot(1_024, calls);
    for (const callers of CALLERS) {
      const rates = await interleave<Rate, 'hot' | 'uniform'>(rounds, {
        hot: () => load.hot(callers, calls),
        uniform: () => load.uniform(callers, calls),
      });
      const name = `updates/s on a hot key over uniform keys, ${callers} callers`;
      const about = { name, goal: 'P2', bound: 'at least', target: 1, unit: '×' } as const;
      figures.push(
        figure(
          about,
          ratios(rates.hot, rates.uniform, ({ perSecond }) => perSecond),
        ),
      );
      sides.push(
        { name: `hot key, ${callers} callers`, rate: medianRate(rates.hot) },
        { name: `uniform keys, ${callers} callers`, rate: medianRate(rates.uniform) },
      );
    }
  } finally {
    await load.end();
  }
  return { figures, sides };
}

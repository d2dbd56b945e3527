/**
 * Lone update: what one caller at a time waits, beside a raw SQLite commit of a record of equal bytes on the calling
 * thread. Between the two stand two thread crossings, the turn, and the client.
 */

import { join } from 'node:path';
import type { Rate } from './measure';
import { AccountLoad } from './account-load';
import { inDirectory } from './bench-host';
import { RawSqlite } from './raw-sqlite';
import { figure, interleave, medianRate, ratios } from './rounds';
import type { BenchOptions, Findings, Workload } from './workload';

export const loneUpdate: Workload = {
  name: 'lone-update',
  about: "a lone update's p50, beside the p50 of a raw SQLite commit of equal bytes",
  run: (options) => inDirectory(options.directory, (directory) => run(options, directory)),
};

async function run({ quick }: BenchOptions, directory: string): Promise<Findings> {
  const { keys, rounds, calls } = quick
    ? { keys: 64, rounds: 1, calls: 100 }
    : { keys: 1_000, rounds: 9, calls: 1_000 };
  const load = await AccountLoad.begin(join(directory, 'product'), keys);
  const raw = await RawSqlite.open(join(directory, 'raw'), keys);
  try {
    const bytes = await load.bytesPerRecord(1, calls);
    const rates = await interleave<Rate, 'update' | 'commit'>(rounds, {
      update: () => load.uniform(1, calls),
      commit: () => raw.rate({ callers: 1, rows: calls, bytes }),
    });
    const name = "a lone update's p50 over that of a raw commit";
    const about = { name, goal: 'issue 3', bound: 'at most', target: 2, unit: '×' } as const;
    return {
      figures: [
        figure(
          about,
          ratios(rates.update, rates.commit, ({ p50Ms }) => p50Ms),
        ),
      ],
      sides: [
        { name: 'a lone update', rate: medianRate(rates.update) },
        { name: 'a raw commit', rate: medianRate(rates.commit) },
      ],
    };
  } finally {
    raw.close();
    await load.end();
  }
}

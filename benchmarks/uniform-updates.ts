/**
 * Uniform updates: updates/s over many entities, beside the store port's own append (P5).
 *
 * The port appends as many records of equal bytes at a time, through the same worker, with nothing above it; the best
 * raw layout, without port and worker, is reported beside both. Keys are drawn uniformly; every entity is in memory.
 */

import { join } from 'node:path';
import type { Rate } from './measure';
import { AccountLoad } from './account-load';
import { inDirectory } from './bench-host';
import { PortAppend, RawSqlite } from './raw-sqlite';
import { figure, interleave, medianRate, ratios } from './rounds';
import type { BenchOptions, Findings, Workload } from './workload';

const CALLERS = [64, 1_024];

interface Size {
  readonly keys: number;
  readonly rounds: number;
  readonly calls: number;
}

const FULL: Size = { keys: 10_000, rounds: 7, calls: 40_000 };
const QUICK: Size = { keys: 256, rounds: 1, calls: 1_024 };

export const uniformUpdates: Workload = {
  name: 'uniform-updates',
  about: "updates/s on uniform keys, in process and embedded, beside the store port's own append of as many records",
  run: (options) => inDirectory(options.directory, (directory) => run(options, directory)),
};

async function run({ quick, say }: BenchOptions, directory: string): Promise<Findings> {
  const size = quick ? QUICK : FULL;
  const load = await AccountLoad.begin(join(directory, 'product'), size.keys);
  const port = await PortAppend.open(join(directory, 'port'), size.keys);
  const raw = await RawSqlite.open(join(directory, 'raw'), size.keys);
  try {
    await load.uniform(CALLERS[1] ?? 1, size.calls);
    const findings = { figures: [] as Findings['figures'][number][], sides: [] as Findings['sides'][number][] };
    for (const callers of CALLERS) {
      const bytes = await load.bytesPerRecord(callers, Math.ceil(size.calls / 4));
      say(`${callers} callers, records of ${bytes} bytes`);
      const append = { callers, rows: size.calls, bytes };
      const rates = await interleave<Rate, 'product' | 'port' | 'raw'>(size.rounds, {
        product: () => load.uniform(callers, size.calls),
        port: () => port.rate(append),
        raw: () => raw.rate(append),
      });
      const name = `updates/s at ${callers} callers over the port's append`;
      const about = { name, goal: 'P5', bound: 'at least', target: 0.5, unit: '×' } as const;
      findings.figures.push(
        figure(
          about,
          ratios(rates.product, rates.port, ({ perSecond }) => perSecond),
        ),
      );
      findings.sides.push(
        { name: `updates, ${callers} callers`, rate: medianRate(rates.product) },
        { name: `port append, ${callers} in flight`, rate: medianRate(rates.port) },
        { name: `raw SQLite, ${callers} per commit`, rate: medianRate(rates.raw) },
      );
    }
    return findings;
  } finally {
    raw.close();
    await port.close();
    await load.end();
  }
}

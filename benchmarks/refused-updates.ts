/**
 * Refused updates: everyday refusals beside a `run()` that was parked many turns ago, and without one (S17). A refusal
 * must not cost a rebuild from the turns since the oldest parked invocation began.
 */

import type { Handle } from 'perdure';
import { join } from 'node:path';
import { Guarded, GuardedParked } from './accounts';
import { inDirectory, startBenchHost } from './bench-host';
import { measure } from './measure';
import type { Rate } from './measure';
import { figure, interleave, medianRate, ratios } from './rounds';
import type { BenchOptions, Findings, Workload } from './workload';

const CALLERS = 64;
const SPEND = { points: 1_000_000_000 };

export const refusedUpdates: Workload = {
  name: 'refused-updates',
  about: 'refused updates/s of one entity beside a run() parked for 10,000 turns, and without a run()',
  run: (options) => inDirectory(options.directory, (directory) => run(options, directory)),
};

async function run({ quick, say }: BenchOptions, directory: string): Promise<Findings> {
  const { turns, rounds, calls } = quick
    ? { turns: 100, rounds: 1, calls: 500 }
    : { turns: 10_000, rounds: 7, calls: 20_000 };
  const host = await startBenchHost(join(directory, 'store'), [Guarded, GuardedParked]);
  const without = host.client.entity(Guarded, 'G');
  const beside = host.client.entity(GuardedParked, 'G');
  say(`${turns} turns first`);
  for (let turn = 0; turn < turns; turn += 1) {
    await Promise.all([without.earn({ points: 1 }), beside.earn({ points: 1 })]);
  }
  const rate = (call: () => Promise<unknown>): Promise<Rate> =>
    measure({ callers: CALLERS, calls, call: () => refused(call), count: () => host.count() });
  const figures: Findings['figures'][number][] = [];
  const sides: Findings['sides'][number][] = [];
  for (const [how, by] of KINDS) {
    await rate(() => beside[how](SPEND));
    const rates = await interleave<Rate, 'beside' | 'without'>(rounds, {
      beside: () => rate(() => beside[how](SPEND)),
      without: () => rate(() => without[how](SPEND)),
    });
    const name = `refused by ${by}: beside a parked run() over without`;
    const about = { name, goal: 'issue 3', bound: 'at least', target: 0.5, unit: '×' } as const;
    figures.push(
      figure(
        about,
        ratios(rates.beside, rates.without, ({ perSecond }) => perSecond),
      ),
    );
    sides.push(
      { name: `by ${by}, beside a parked run()`, rate: medianRate(rates.beside) },
      { name: `by ${by}, without`, rate: medianRate(rates.without) },
    );
  }
  await host.stop();
  return { figures, sides };
}

const KINDS = [
  ['spend', 'the method'],
  ['withdraw', 'its validator'],
] as const satisfies readonly (readonly [keyof Handle<Guarded>, string])[];

async function refused(call: () => Promise<unknown>): Promise<void> {
  const done = await call().then(
    () => true,
    () => false,
  );
  if (done) throw new Error('an update that must be refused was not');
}

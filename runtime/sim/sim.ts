/**
 * Command `npm run sim`: many seeds of the simulated cluster, or one in detail.
 *
 * Owns: its options, what it prints, its exit code: 0 when every seed held, 1 when one failed, 2 for bad usage.
 * Does not own: running seeds (`fleet`, `seed-run`).
 *
 * The first seed is printed before anything else: whatever happens, the run can be made again.
 */

import '../node-floor';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { systemClock } from '../system/clock';
import { systemEntropy } from '../system/entropy';
import type { ProfileName } from './faults/fault-profile';
import { PROFILES } from './faults/fault-profile';
import type { FleetSummary } from './runs/fleet';
import { runFleet, seedsFrom, TERMS } from './runs/fleet';
import { choiceText } from './world/random';
import { notReached } from './runs/reached';
import { drawScenario, scenarioText } from './runs/scenario';
import type { SeedReport, Terms } from './runs/seed-process';
import { prescribedBy } from './runs/seed-process';
import { runSeed } from './runs/seed-run';
import { named, parsed, positive, print, UsageError, whole } from './usage';
import type { WorkloadName } from './workloads/workloads';
import { WORKLOADS } from './workloads/workloads';

const USAGE = `Usage: npm run sim -- [--seeds N] [--seed S] [--minutes M] [--profile P] [--workload W] [--jobs J] [--trace]

  --seeds N     how many seeds to run; 100 by default, without a bound if --minutes is given
  --seed S      the first seed, from 0 to 2^53 - 1; a fresh one by default
  --minutes M   begins no seed after so long
  --profile P   one of ${Object.keys(PROFILES).join(', ')}
  --workload W  one of ${Object.keys(WORKLOADS).join(', ')}
  --jobs J      processes; by default as many as there are cores
  --trace       prints what happens in one seed
`;

interface Order {
  readonly first: number;
  readonly seeds: number;
  readonly limitMs: number;
  readonly jobs: number;
  readonly terms: Terms;
  readonly trace: boolean;
}

const HIGHEST_SEED = Number.MAX_SAFE_INTEGER;
const MINUTE_MS = 60_000;
const YEAR_MS = 365.25 * 24 * 60 * MINUTE_MS;
/** Where nobody watches a bar, a line is printed after so many seeds. */
const TOLD_SEEDS = 1_000;
/** Failing seeds whose choices are shrunk; choices printed of each. */
const SHRUNK = 2;
const CHOICES_PRINTED = 60;

function orderOf(args: readonly string[]): Order {
  const text = { type: 'string' } as const;
  const { seeds, seed, minutes, profile, workload, jobs, trace } = parsed(() =>
    parseArgs({
      args: [...args],
      options: {
        seeds: text,
        seed: text,
        minutes: text,
        profile: text,
        workload: text,
        jobs: text,
        trace: { type: 'boolean', default: false },
      },
    }),
  ).values;
  const first = seed === undefined ? freshSeed() : whole('--seed', seed, 0, HIGHEST_SEED);
  if (trace && seeds !== undefined && seeds !== '1') throw new UsageError('--trace shows one seed: leave --seeds out');
  return {
    first,
    seeds:
      seeds === undefined ? (minutes === undefined ? (trace ? 1 : 100) : Infinity) : whole('--seeds', seeds, 1, 1e9),
    limitMs: minutes === undefined ? Infinity : positive('--minutes', minutes) * MINUTE_MS,
    jobs: jobs === undefined ? availableParallelism() : whole('--jobs', jobs, 1, 256),
    terms: {
      ...TERMS,
      profile: profile === undefined ? null : named<ProfileName>('--profile', profile, PROFILES),
      workload: workload === undefined ? null : named<WorkloadName>('--workload', workload, WORKLOADS),
    },
    trace,
  };
}

function freshSeed(): number {
  return Buffer.from(systemEntropy.bytes(4)).readUInt32LE();
}

async function main(args: readonly string[]): Promise<number> {
  let order: Order;
  try {
    order = orderOf(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`sim: ${error.message}\n\n${USAGE}`);
    return 2;
  }
  print(`first seed ${order.first}`);
  return order.trace ? traced(order) : many(order);
}

async function traced({ first, terms }: Order): Promise<number> {
  const scenario = drawScenario(first, prescribedBy(terms));
  print(scenarioText(scenario));
  const listener = (timeMs: number, text: string, detail: number): void =>
    print(`${timeMs.toFixed(3).padStart(14)}  ${text} ${detail === 0 ? '' : detail}`);
  const run = await runSeed(scenario, { listener });
  print(`${run.events} events, ${run.operations} operations, trace ${run.hash}`);
  print(run.fault === null ? 'held' : `FAILED: ${run.fault}`);
  return run.fault === null ? 0 : 1;
}

async function many({ first, seeds, limitMs, jobs, terms }: Order): Promise<number> {
  const bar = process.stdout.isTTY ? new SingleBar({ format: '{bar} {value} seeds, {failed} failed' }) : null;
  bar?.start(Math.min(seeds, HIGHEST_SEED), 0, { failed: 0 });
  let [done, failed] = [0, 0];
  const told = (report: SeedReport): void => {
    done += 1;
    if (report.fault !== null) {
      failed += 1;
      bar?.stop();
      print(failureText(report));
    }
    bar?.update(done, { failed });
    if (bar === null && done % TOLD_SEEDS === 0) print(`${done} seeds, ${failed} failed`);
  };
  const all = seedsFrom(first, seeds);
  const summary = await runFleet({ seeds: all, terms, jobs, limitMs, clock: systemClock, shrunk: SHRUNK, told });
  bar?.stop();
  print(summaryText(summary, done));
  return failed === 0 ? 0 : 1;
}

function failureText({ seed, fault, scenario, choices }: SeedReport): string {
  const listed = (choices ?? []).slice(0, CHOICES_PRINTED).map(choiceText).join(' ');
  const more = (choices?.length ?? 0) > CHOICES_PRINTED ? ' …' : '';
  return `\nseed ${seed} FAILED: ${fault}\n  scenario: ${scenario}\n  ${choices?.length ?? 0} choices: ${listed}${more}\n`;
}

function summaryText(summary: FleetSummary, seeds: number): string {
  const { runs, operations, simulatedMs, elapsedMs, counts, failed } = summary;
  const lines = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, n]) => `${String(n).padStart(12)}  ${what}`);
  const missing = notReached(counts, 1).map((what) => `warning: ${what} was never reached`);
  const perSecond = (seeds / (elapsedMs / 1_000)).toFixed(1);
  return [
    ...lines,
    ...missing,
    `${seeds} seeds (${runs} runs), ${operations} operations, ${(simulatedMs / YEAR_MS).toFixed(3)} simulated years, ` +
      `${(elapsedMs / 1_000).toFixed(1)} s, ${perSecond} seeds/s`,
    failed.length === 0
      ? 'every seed held'
      : `${failed.length} seeds FAILED: ${failed.map(({ seed }) => seed).join(' ')}`,
  ].join('\n');
}

void main(process.argv.slice(2)).then((code) => (process.exitCode = code));

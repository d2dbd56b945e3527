/**
 * Command `npm run sim:planted`: plants each bug in turn and seeks it with seeds.
 *
 * Owns: its options, how long a bug is sought, the table, its exit code: 0 when every bug was caught, 1 when one was not,
 * 2 for bad usage. Does not own: running seeds (`fleet`), under which faults (`planted-runs`).
 *
 * The first seed that catches a bug is run once more without it: it must hold then, or the catch says nothing.
 */

import '../node-floor';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { PlantedBug } from '../../framework/planted-bugs';
import { PLANTED_BUGS } from '../../framework/planted-bugs';
import { systemClock } from '../system/clock';
import type { FleetSummary } from './runs/fleet';
import { runFleet, seedsFrom, TERMS } from './runs/fleet';
import { plantedRun } from './runs/planted-runs';
import { drawScenario } from './runs/scenario';
import { named, parsed, print, UsageError, whole } from './usage';

const USAGE = `Usage: npm run sim:planted [-- --bug NAME] [--jobs J] [--seed S]

  --bug NAME  one of the planted bugs; all of them by default
  --jobs J    processes; by default as many as there are cores
  --seed S    the first seed, 1 by default
`;

/** A bug that no seed of so many catches is a hole. */
const SEEDS_MOST = 2_000;
/** Its share is measured over so many, or over fewer once it has been caught often. */
const SEEDS_LEAST = 200;
const CAUGHT_OFTEN = 12;

interface Found {
  readonly bug: PlantedBug;
  readonly summary: FleetSummary;
  readonly seeds: number;
  /** Seeds until one caught it; null if none did. */
  readonly until: number | null;
  readonly fault: string;
  /** The fault of the same seed without the bug. */
  readonly without: string | null;
}

async function seek(bug: PlantedBug, first: number, jobs: number): Promise<Found> {
  const terms = { ...TERMS, bug };
  const shared = { jobs, limitMs: Infinity, clock: systemClock, shrunk: 0, twiceEvery: 0 };
  let seeds = 0;
  const summary = await runFleet({
    ...shared,
    seeds: seedsFrom(first, SEEDS_MOST),
    terms,
    told: () => (seeds += 1),
    enough: ({ failed }) => failed.length >= CAUGHT_OFTEN || (failed.length > 0 && seeds >= SEEDS_LEAST),
  });
  const [caught] = [...summary.failed].sort((a, b) => a.seed - b.seed);
  if (caught === undefined) return { bug, summary, seeds, until: null, fault: '', without: null };
  const again = {
    ...shared,
    jobs: 1,
    seeds: [caught.seed],
    terms: { ...terms, planted: false },
    told: () => undefined,
  };
  const [failing] = (await runFleet(again)).failed;
  const [fault = ''] = (caught.fault ?? '').split('\n');
  return { bug, summary, seeds, until: caught.seed - first + 1, fault, without: failing?.fault ?? null };
}

function row({ bug, summary, seeds, until, fault, without }: Found): string {
  const share = `${summary.failed.length} of ${seeds}`;
  const { profile, workloads } = drawScenario(0, plantedRun(bug));
  const { profiles, ...prescribed } = plantedRun(bug);
  const faults = profiles === undefined && prescribed.profile === undefined ? 'drawn' : profile.name;
  const loads = prescribed.workloads === undefined ? 'drawn' : workloads.join(', ');
  const how = until === null ? 'NOT CAUGHT' : `first ${until}, ${share}`;
  const what = without === null ? fault : `FAILS WITHOUT IT TOO: ${without}`;
  const took = `${(summary.elapsedMs / 1_000).toFixed(0)} s`;
  return `${bug}: ${PLANTED_BUGS[bug]}\n    ${how}, ${took}; under ${faults}; ${loads}\n    ${what.slice(0, 300)}`;
}

async function main(args: readonly string[]): Promise<number> {
  let bugs = Object.keys(PLANTED_BUGS) as PlantedBug[];
  let jobs = availableParallelism();
  let first = 1;
  try {
    const text = { type: 'string' } as const;
    const { values } = parsed(() => parseArgs({ args: [...args], options: { bug: text, jobs: text, seed: text } }));
    if (values.bug !== undefined) bugs = [named('--bug', values.bug, PLANTED_BUGS)];
    if (values.jobs !== undefined) jobs = whole('--jobs', values.jobs, 1, 256);
    if (values.seed !== undefined) first = whole('--seed', values.seed, 0, Number.MAX_SAFE_INTEGER);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`sim:planted: ${error.message}\n\n${USAGE}`);
    return 2;
  }
  print(`first seed ${first}`);
  const found: Found[] = [];
  for (const bug of bugs) {
    const one = await seek(bug, first, jobs);
    found.push(one);
    print(row(one));
  }
  return verdict(found);
}

function verdict(found: readonly Found[]): number {
  const missed = found.filter(({ until, without }) => until === null || without !== null);
  const firsts = found.flatMap(({ until }) => until ?? []).sort((a, b) => a - b);
  const median = firsts[Math.floor((firsts.length - 1) / 2)];
  print(`${found.length - missed.length} of ${found.length} caught, the median one by seed ${String(median)}`);
  if (missed.length > 0) print(`not caught: ${missed.map(({ bug }) => bug).join(', ')}`);
  return missed.length === 0 ? 0 : 1;
}

void main(process.argv.slice(2)).then((code) => (process.exitCode = code));

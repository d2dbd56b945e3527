/**
 * Fleet: seeds in several processes.
 *
 * Owns: which process runs which seed, until all are run or the time is up; the sums; giving up a seed that does not end,
 * with its process. Does not own: what a run is (`seed-run`), what is printed.
 */

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Cancel, Clock } from '../../ports/clock';
import { addCounts } from './reached';
import type { SeedOrder, SeedReport, Terms } from './seed-process';

export interface FleetOptions {
  /** In the order in which they are run. */
  readonly seeds: Iterable<number>;
  readonly terms: Terms;
  readonly jobs: number;
  /** No seed begins after so long; Infinity for no limit. */
  readonly limitMs: number;
  readonly clock: Pick<Clock, 'monotonicMs' | 'after'>;
  /** A seed that has not ended after so long has failed; what makes a failing seed's choices fewer is part of it. */
  readonly seedLimitMs?: number;
  /** One seed in so many is run twice; 0 for none. */
  readonly twiceEvery?: number;
  /** Failing seeds whose choices are made fewer; the first ones. */
  readonly shrunk: number;
  readonly told: (report: SeedReport) => void;
  /** True ends the fleet after the seeds that are running. */
  readonly enough?: (summary: FleetSummary) => boolean;
  /** Where the compiled programs are; this file's folder when absent. */
  readonly programs?: string;
}

export interface FleetSummary {
  readonly runs: number;
  readonly operations: number;
  readonly simulatedMs: number;
  readonly elapsedMs: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly failed: readonly SeedReport[];
}

const SEED_LIMIT_MS = 15 * 60_000;
const TWICE_EVERY = 100;
const SHRINK_RUNS = 200;

/** Everything is drawn. */
export const TERMS: Terms = { profile: null, workload: null, bug: null, planted: true };

/** Rejects when a process of the fleet ends by itself. */
export async function runFleet(options: FleetOptions): Promise<FleetSummary> {
  const { clock, jobs, limitMs, terms, told, enough = () => false, programs = __dirname } = options;
  const { twiceEvery = TWICE_EVERY, seedLimitMs = SEED_LIMIT_MS } = options;
  const seeds = options.seeds[Symbol.iterator]();
  const beganMs = clock.monotonicMs();
  const counts = new Map<string, number>();
  const failed: SeedReport[] = [];
  const sums = { runs: 0, operations: 0, simulatedMs: 0 };
  const summary = (): FleetSummary => ({ ...sums, elapsedMs: clock.monotonicMs() - beganMs, counts, failed });
  let begun = 0;
  let over = false;
  const next = (): SeedOrder | null => {
    if (over || clock.monotonicMs() - beganMs >= limitMs) return null;
    const seed = seeds.next();
    if (seed.done === true) return null;
    const shrinkRuns = failed.length < options.shrunk ? SHRINK_RUNS : 0;
    begun += 1;
    return { seed: seed.value, terms, twice: twiceEvery > 0 && begun % twiceEvery === 1, shrinkRuns };
  };
  const add = (report: SeedReport): void => {
    sums.runs += report.runs;
    sums.operations += report.operations;
    sums.simulatedMs += report.simulatedMs;
    addCounts(counts, report.counts);
    if (report.fault !== null) failed.push(report);
    told(report);
    over ||= enough(summary());
  };
  const work = async (): Promise<void> => {
    const way = { program: join(programs, 'seed-process.js'), clock, seedLimitMs, next, add };
    for (let endless = await inProcess(way); endless !== null; endless = await inProcess(way))
      add(endlessReport(endless, seedLimitMs));
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return summary();
}

interface Way extends Pick<FleetOptions, 'clock'> {
  readonly program: string;
  readonly seedLimitMs: number;
  readonly next: () => SeedOrder | null;
  readonly add: (report: SeedReport) => void;
}

/** One process, until there is no seed left for it: null; or until one does not end: that one. */
function inProcess({ program, clock, seedLimitMs, next, add }: Way): Promise<SeedOrder | null> {
  const child = fork(program, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    let running: SeedOrder | null = null;
    let limit: Cancel = () => undefined;
    const giveUp = (): void => {
      resolve(running);
      child.kill('SIGKILL');
    };
    const go = (): void => {
      running = next();
      if (running === null) return stop(child);
      limit = clock.after(seedLimitMs, giveUp);
      child.send(running);
    };
    child.on('message', (report: SeedReport) => {
      limit();
      try {
        add(report);
        go();
      } catch (error) {
        stop(child);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      limit();
      if (running === null) resolve(null);
      else reject(new Error(`the process that ran seed ${running.seed} ended with code ${String(code)}`));
    });
    go();
  });
}

function endlessReport({ seed }: SeedOrder, limitMs: number): SeedReport {
  const fault = `it has not ended within ${limitMs / 1_000} s; --seed ${seed} --trace shows how far it comes`;
  return {
    seed,
    scenario: 'see --trace',
    fault,
    operations: 0,
    simulatedMs: 0,
    counts: [],
    hash: '',
    runs: 1,
    choices: null,
  };
}

function stop(child: ChildProcess): void {
  if (child.connected) child.disconnect();
}

/** `count` of them from `first` on. */
export function* seedsFrom(first: number, count: number): Generator<number> {
  for (let i = 0; i < count; i += 1) yield first + i;
}

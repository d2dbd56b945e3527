/**
 * Fleet: seeds in several processes.
 *
 * Owns: which process runs which seed, until all are run or the time is up; the sums. Does not own: what a run is
 * (`seed-run`), what is printed.
 */

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Clock } from '../../ports/clock';
import { addCounts } from './reached';
import type { SeedOrder, SeedReport, Terms } from './seed-process';

export interface FleetOptions {
  /** In the order in which they are run. */
  readonly seeds: Iterable<number>;
  readonly terms: Terms;
  readonly jobs: number;
  /** No seed begins after so long; Infinity for no limit. */
  readonly limitMs: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
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

const TWICE_EVERY = 100;
const SHRINK_RUNS = 200;

/** Everything is drawn. */
export const TERMS: Terms = { profile: null, workload: null, bug: null, planted: true };

/** Rejects when a process of the fleet ends by itself. */
export async function runFleet(options: FleetOptions): Promise<FleetSummary> {
  const { clock, jobs, limitMs, terms, told, enough = () => false, programs = __dirname } = options;
  const { twiceEvery = TWICE_EVERY } = options;
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
  await Promise.all(Array.from({ length: jobs }, () => work(join(programs, 'seed-process.js'), next, add)));
  return summary();
}

/** One process, until there is no seed left for it. */
function work(program: string, next: () => SeedOrder | null, add: (report: SeedReport) => void): Promise<void> {
  const child = fork(program, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    let ended = false;
    let running: SeedOrder | null = null;
    const go = (): void => {
      running = next();
      if (running !== null) child.send(running);
      else {
        ended = true;
        stop(child);
      }
    };
    child.on('message', (report: SeedReport) => {
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
      if (ended) resolve();
      else reject(new Error(`the process that ran seed ${String(running?.seed)} ended with code ${String(code)}`));
    });
    go();
  });
}

function stop(child: ChildProcess): void {
  if (child.connected) child.disconnect();
}

/** `count` of them from `first` on. */
export function* seedsFrom(first: number, count: number): Generator<number> {
  for (let i = 0; i < count; i += 1) yield first + i;
}

/**
 * Fault run: faults one after another under load, and what each cost (`0 lost, 0 doubled`).
 *
 * Owns: the order of a run, the longest silence after each fault, the verdict over all that callers were told.
 * Does not own: processes (`fault-cluster`), faults (`kinds`), what linearizable means (`sim/checkers`).
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { ListOperation } from '../runtime/sim/checkers/list-append';
import { checkListAppend } from '../runtime/sim/checkers/list-append';
import { UNKNOWN } from '../runtime/sim/checkers/history';
import type { FaultCluster } from './fault-cluster';
import type { Fault } from './kinds';
import type { Told } from './process-options';

export interface FaultReport {
  readonly name: string;
  /** Longest time between two answers, from the fault on until all is well again. */
  readonly silentMs: number;
  /** Operations whose outcome no caller knows. */
  readonly unknown: number;
}

export interface RunReport {
  readonly faults: readonly FaultReport[];
  readonly operations: number;
  readonly unknown: number;
  /** Null if every list is linearizable; else the first that is not, in words. */
  readonly fault: string | null;
}

/** All is well again when so many operations that were begun after a fault were answered, and none of these was not. */
const WELL_ANSWERS = 50;
const WELL_WITHIN_MS = 90_000;
const CALM_MS = 3_000;
const LOOK_MS = 100;

export async function runFaults(
  cluster: FaultCluster,
  faults: readonly (readonly [name: string, fault: Fault])[],
  tell: (report: FaultReport) => void,
): Promise<RunReport> {
  const reports: FaultReport[] = [];
  await pause(CALM_MS);
  for (const [n, [name, fault]] of faults.entries()) {
    const from = cluster.told.length;
    const beganMs = nowMs();
    await fault(cluster, n);
    await wellAgain(cluster, name);
    const since = cluster.told.slice(from);
    const report = {
      name,
      silentMs: longestSilence(since, beganMs),
      unknown: since.filter(({ known }) => !known).length,
    };
    reports.push(report);
    tell(report);
    await pause(CALM_MS);
  }
  await cluster.endCallers();
  const { told } = cluster;
  return {
    faults: reports,
    operations: told.length,
    unknown: told.filter(({ known }) => !known).length,
    fault: faultOf(told),
  };
}

/** Null if what callers were told of every list can be brought into one order; else the first list that cannot. */
export function faultOf(told: readonly Told[]): string | null {
  const verdict = checkListAppend(told.map(operationOf));
  return verdict.verdict === 'illegal' ? verdict.counterexample.text : null;
}

/** Rejects when callers are not answered again in time. */
async function wellAgain({ told }: FaultCluster, name: string): Promise<void> {
  const overMs = nowMs();
  const untilMs = overMs + WELL_WITHIN_MS;
  for (;;) {
    await pause(LOOK_MS);
    const since = told.slice(-WELL_ANSWERS).filter(({ known, invokedAt }) => known && invokedAt >= overMs);
    if (since.length === WELL_ANSWERS) return;
    if (nowMs() > untilMs)
      throw new Error(`after '${name}' callers are not answered again within ${WELL_WITHIN_MS} ms`);
  }
}

function longestSilence(told: readonly Told[], beganMs: number): number {
  const answers = told.filter(({ known }) => known).map(({ returnedAt }) => returnedAt);
  const times = [beganMs, ...answers.sort((a, b) => a - b)];
  return Math.round(times.reduce((longest, time, i) => Math.max(longest, time - (times[i - 1] ?? time)), 0));
}

function operationOf({ key, value, shown, known, invokedAt, returnedAt }: Told): ListOperation {
  const op = value === null ? ({ kind: 'read' } as const) : ({ kind: 'append', value } as const);
  const output = !known ? UNKNOWN : (shown ?? 'ok');
  return { client: 'c', key, op, output, invokedAt, returnedAt: known ? returnedAt : null };
}

function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1_000_000;
}

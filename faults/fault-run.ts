/**
 * Fault run: faults one after another under load, and what each cost (`0 lost, 0 doubled`).
 *
 * Owns: the order of a run, what each fault cost. Does not own: processes (`fault-cluster`), faults (`kinds`), the verdict
 * (`judgement`).
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Operation } from '../runtime/sim/checkers/history';
import { endOf, isClosed } from '../runtime/sim/checkers/history';
import type { FaultCluster } from './fault-cluster';
import type { Judgement } from './judgement';
import { judge } from './judgement';
import type { FaultName } from './kinds';
import { FAULTS } from './kinds';
import type { Told } from './loads';
import { monotonicMs } from './loads';

/** What a fault cost, from its beginning until all was well again. */
export interface FaultReport {
  readonly name: FaultName;
  /** Longest time between two answers. */
  readonly silentMs: number;
  /** Operations whose outcome no caller knows. */
  readonly unknown: number;
}

export interface RunReport extends Judgement {
  readonly faults: readonly FaultReport[];
  readonly operations: number;
  readonly refused: number;
  readonly unknown: number;
}

export interface Listener {
  readonly fault?: (report: FaultReport) => void;
  readonly judged?: (done: number, all: number) => void;
}

type AnyOperation = Operation<unknown, unknown>;

/** All is well again when so many operations that were begun after a fault were answered, and none of these was not. */
const WELL_ANSWERS = 50;
const WELL_WITHIN_MS = 90_000;
const CALM_MS = 3_000;
const LOOK_MS = 100;

export async function runFaults(
  cluster: FaultCluster,
  faults: readonly FaultName[],
  listener: Listener = {},
): Promise<RunReport> {
  const { told } = cluster;
  const reports: FaultReport[] = [];
  await pause(CALM_MS);
  for (const [n, name] of faults.entries()) {
    const from = told.length;
    const beganMs = monotonicMs();
    await FAULTS[name](cluster, n);
    await wellAgain(told, name);
    const since = operationsOf(told.slice(from));
    const report = {
      name,
      silentMs: longestSilence(since, beganMs),
      unknown: since.filter((operation) => !isClosed(operation)).length,
    };
    reports.push(report);
    listener.fault?.(report);
    await pause(CALM_MS);
  }
  await cluster.endCallers();
  const operations = operationsOf(told);
  return {
    faults: reports,
    operations: operations.length,
    refused: operations.filter(({ output }) => output === 'refused').length,
    unknown: operations.filter((operation) => !isClosed(operation)).length,
    ...(await cluster.audited((auditor) => judge(told, auditor, listener.judged))),
  };
}

/** Rejects when callers are not answered again in time. */
async function wellAgain(told: readonly Told[], name: string): Promise<void> {
  const overMs = monotonicMs();
  for (;;) {
    await pause(LOOK_MS);
    const last = operationsOf(told.slice(-WELL_ANSWERS));
    if (last.filter((one) => isClosed(one) && one.invokedAt >= overMs).length === WELL_ANSWERS) return;
    if (monotonicMs() > overMs + WELL_WITHIN_MS)
      throw new Error(`after '${name}' callers are not answered again within ${WELL_WITHIN_MS} ms`);
  }
}

function operationsOf(told: readonly Told[]): AnyOperation[] {
  return told.flatMap(({ heard }) => ('operation' in heard ? [heard.operation] : []));
}

function longestSilence(operations: readonly AnyOperation[], beganMs: number): number {
  const answers = operations.map(endOf).filter(Number.isFinite);
  const times = [beganMs, ...answers.sort((a, b) => a - b)];
  return Math.round(times.reduce((longest, time, i) => Math.max(longest, time - (times[i - 1] ?? time)), 0));
}

/**
 * Cost: what a fault cost those who called meanwhile.
 *
 * Owns: reckoning it from what they were told. Does not own: when a fault began and ended (`fault-run`).
 */

import type { Operation } from '../runtime/sim/checkers/history';
import { isClosed } from '../runtime/sim/checkers/history';
import type { LoadName, Told } from './loads';

export type AnyOperation = Operation<unknown, unknown>;

export interface Cost {
  /** Longest time in which no caller was told anything. */
  readonly silentMs: number;
  /** Longest time that one call took, counted from the fault on; one without an answer until it was given up. */
  readonly waitedMs: number;
  /** Whose call that was; null where nobody called. */
  readonly waited: LoadName | null;
  readonly answered: number;
  /** Of those: refused, as the business has it. */
  readonly refused: number;
  /** Calls whose outcome no caller knows. */
  readonly unknown: number;
}

/** Of a fault that began at `beganMs`, by what was told from then on. */
export function costOf(told: readonly Told[], beganMs: number): Cost {
  const operations = operationsOf(told);
  const answered = operations.filter(isClosed);
  const times = answered.map(returnedAt).sort((a, b) => a - b);
  const silences = times.map((time, i) => time - (times[i - 1] ?? beganMs));
  const waits = told.flatMap(({ load, heard }) => {
    if (!('operation' in heard)) return [];
    return [{ load, ms: returnedAt(heard.operation) - Math.max(beganMs, heard.operation.invokedAt) }];
  });
  const longestWait = waits.reduce<(typeof waits)[number] | null>((a, b) => (a === null || b.ms > a.ms ? b : a), null);
  return {
    silentMs: longest(silences),
    waitedMs: Math.round(longestWait?.ms ?? 0),
    waited: longestWait?.load ?? null,
    answered: answered.length,
    refused: answered.filter(({ output }) => output === 'refused').length,
    unknown: operations.length - answered.length,
  };
}

export function operationsOf(told: readonly Told[]): AnyOperation[] {
  return told.flatMap(({ heard }) => ('operation' in heard ? [heard.operation] : []));
}

/** The value that `share` of all are not above: p99 for 0.99. Null for none. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

function returnedAt({ returnedAt, invokedAt }: AnyOperation): number {
  return returnedAt ?? invokedAt;
}

function longest(times: readonly number[]): number {
  return Math.round(times.reduce((most, time) => Math.max(most, time), 0));
}

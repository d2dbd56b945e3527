/**
 * Fault run: faults one after another under load, and what each cost.
 *
 * Owns: the order of things, when all is well again. Does not own: processes (`fault-cluster`), faults (`kinds`), what they
 * cost (`cost`), the verdict over answers (`judgement`), sums (`report`).
 */

import { setTimeout as pause } from 'node:timers/promises';
import { isClosed } from '../runtime/sim/checkers/history';
import { SimRandom } from '../runtime/sim/world/random';
import { costOf } from './cost';
import type { FaultCluster } from './fault-cluster';
import { judge } from './judgement';
import type { FaultName } from './kinds';
import { FAULTS } from './kinds';
import { monotonicMs } from './loads';
import type { FaultReport, PartReport } from './report';

export interface FaultRunOptions {
  readonly faults: readonly FaultName[];
  /** What each fault befalls is drawn from it and the fault's number. */
  readonly seed: number;
  /** Number of the first fault; 1 by default. */
  readonly first?: number;
  /** No fault is begun after so many minutes. */
  readonly minutes?: number;
  /** Told after each fault what the part has shown so far. */
  readonly fault?: (n: number, fault: FaultReport, soFar: PartReport) => void;
  readonly judged?: (done: number, all: number) => void;
}

const WELL_WITHIN_MS = 90_000;
const CALM_MS = 3_000;
const LOOK_MS = 100;
const MINUTE_MS = 60_000;

/** Faults until all were run, time is up, or callers are not answered again after one. */
export async function runFaults(cluster: FaultCluster, options: FaultRunOptions): Promise<PartReport> {
  const { faults: names, seed, first = 1, minutes = Infinity } = options;
  const { told } = cluster;
  const beganMs = monotonicMs();
  const minutesSince = (): number => (monotonicMs() - beganMs) / MINUTE_MS;
  const faults: FaultReport[] = [];
  const soFar = (): PartReport => {
    return { faults: [...faults], minutes: minutesSince(), cost: costOf(told, beganMs), judgement: null };
  };
  const stuck: string[] = [];
  await pause(CALM_MS);
  for (const [i, name] of names.entries()) {
    if (minutesSince() >= minutes || stuck.length > 0) break;
    const n = first + i;
    const from = told.length;
    const at = new Date().toISOString();
    const faultMs = monotonicMs();
    await FAULTS[name](cluster, new SimRandom(seed).stream(`fault ${n}`));
    stuck.push(...(await wellAgain(cluster, name)));
    const fault = { name, at, ...costOf(told.slice(from), faultMs) };
    faults.push(fault);
    options.fault?.(n, fault, soFar());
    await pause(CALM_MS);
  }
  await cluster.endCallers();
  const judgement = await cluster.audited((auditor) => judge(told, auditor, options.judged));
  return { ...soFar(), judgement: { ...judgement, wrong: [...stuck, ...judgement.wrong] } };
}

/** All is well when every lane was answered an operation that was begun after the fault. Says what is not, if it takes too long. */
async function wellAgain({ told, lanes }: FaultCluster, name: string): Promise<string[]> {
  const overMs = monotonicMs();
  const well = new Set<string>();
  for (let seen = told.length; well.size < lanes; seen = told.length) {
    await pause(LOOK_MS);
    for (const { lane, heard } of told.slice(seen)) {
      if ('operation' in heard && isClosed(heard.operation) && heard.operation.invokedAt >= overMs) well.add(lane);
    }
    const fact = `after '${name}' only ${well.size} of ${lanes} lanes are answered again within ${WELL_WITHIN_MS} ms`;
    if (monotonicMs() > overMs + WELL_WITHIN_MS) return [fact];
  }
  return [];
}

/**
 * Fault run: faults one after another under load, and what each cost (`0 lost, 0 doubled`).
 *
 * Owns: the order of a run, what each fault cost. Does not own: processes (`fault-cluster`), faults (`kinds`), the verdict
 * (`judgement`).
 */

import { setTimeout as pause } from 'node:timers/promises';
import { isClosed } from '../runtime/sim/checkers/history';
import { SimRandom } from '../runtime/sim/world/random';
import type { Cost } from './cost';
import { costOf } from './cost';
import type { FaultCluster } from './fault-cluster';
import type { Judgement } from './judgement';
import { judge } from './judgement';
import type { FaultName } from './kinds';
import { FAULTS } from './kinds';
import { monotonicMs } from './loads';

/** From its beginning until all was well again. */
export interface FaultReport extends Cost {
  readonly name: FaultName;
}

export interface RunReport extends Judgement {
  readonly faults: readonly FaultReport[];
  /** Of the whole run. */
  readonly cost: Cost;
}

export interface Listener {
  readonly fault?: (report: FaultReport) => void;
  readonly judged?: (done: number, all: number) => void;
}

const WELL_WITHIN_MS = 90_000;
const CALM_MS = 3_000;
const LOOK_MS = 100;

/** What each fault befalls is drawn from `seed`. */
export async function runFaults(
  cluster: FaultCluster,
  faults: readonly FaultName[],
  seed: number,
  listener: Listener = {},
): Promise<RunReport> {
  const { told } = cluster;
  const draw = new SimRandom(seed).stream('faults');
  const reports: FaultReport[] = [];
  const runBeganMs = monotonicMs();
  await pause(CALM_MS);
  for (const name of faults) {
    const from = told.length;
    const beganMs = monotonicMs();
    await FAULTS[name](cluster, draw);
    await wellAgain(cluster, name);
    const report = { name, ...costOf(told.slice(from), beganMs) };
    reports.push(report);
    listener.fault?.(report);
    await pause(CALM_MS);
  }
  await cluster.endCallers();
  const judgement = await cluster.audited((auditor) => judge(told, auditor, listener.judged));
  return { faults: reports, cost: costOf(told, runBeganMs), ...judgement };
}

/** All is well when every lane was answered an operation that was begun after the fault. Rejects if that takes too long. */
async function wellAgain({ told, lanes }: FaultCluster, name: string): Promise<void> {
  const overMs = monotonicMs();
  const well = new Set<string>();
  for (let seen = told.length; well.size < lanes; seen = told.length) {
    await pause(LOOK_MS);
    for (const { lane, heard } of told.slice(seen)) {
      if ('operation' in heard && isClosed(heard.operation) && heard.operation.invokedAt >= overMs) well.add(lane);
    }
    if (monotonicMs() > overMs + WELL_WITHIN_MS) {
      const fact = `after '${name}' only ${well.size} of ${lanes} lanes are answered again`;
      throw new Error(`${fact} within ${WELL_WITHIN_MS} ms`);
    }
  }
}

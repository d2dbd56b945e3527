/**
 * Cluster run: one seed of the list-append workload against a cluster, and the verdict.
 *
 * Owns: the order of a run: work under faults, healing, a last read of everything, checking. Does not own: the workload
 * (`list-client`), the cluster (`cluster`), what linearizable means (`checkers`).
 */

import { checkListAppend } from './checkers/list-append';
import { SimCluster } from './cluster';
import { PROFILES } from './fault-profile';
import type { FaultProfile } from './fault-profile';
import { Journal } from './journal';
import { ListClient } from './list-client';
import type { Range } from './random';
import { World } from './world';

export interface ClusterRunOptions {
  readonly seed: number;
  readonly profile: FaultProfile;
  readonly hosts?: number;
  readonly shards?: number;
  readonly keys?: number;
  readonly clients?: number;
  /** Operations of each client. */
  readonly operations?: number;
  readonly pauseMs?: Range;
  readonly crashWithin?: number;
  readonly deadlyWrites?: number;
  /** How long a caller sends an operation again before it gives it up; less than a takeover leaves rows to nobody. */
  readonly patienceMs?: number;
  readonly readShare?: number;
}

export interface ClusterRun {
  /** Null when everything that was acknowledged is there, once, in an order that fits. */
  readonly fault: string | null;
  readonly operations: number;
  /** Operations that their client gave up. */
  readonly open: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly simulatedMs: number;
  readonly events: number;
  readonly hash: string;
}

const PATIENCE_MS = 30_000;
/** The healed cluster answers within this time. */
const HEALED_MS = 60_000;
const LONGEST_MS = 24 * 3_600_000;

/** Runs one seed. Rejects if the simulation itself fails. */
export async function runCluster(options: ClusterRunOptions): Promise<ClusterRun> {
  const { seed, profile, hosts = 3, shards = 2, keys = 3, clients = 4, operations = 40 } = options;
  const {
    pauseMs = [50, 3_000],
    crashWithin = 400,
    deadlyWrites = 0,
    patienceMs = PATIENCE_MS,
    readShare = 0.5,
  } = options;
  const world = new World({ seed });
  const cluster = new SimCluster(world, { hosts, shards, profile, crashWithin, deadlyWrites, entities: [Journal] });
  let ticks = 0;
  const names = Array.from({ length: keys }, (_, i) => `k-${i + 1}`);
  const clientOf = (name: string, patience: number): ListClient =>
    new ListClient({
      name,
      network: cluster.network,
      hosts: cluster.names,
      keys: names,
      tick: () => (ticks += 1),
      pauseMs,
      patienceMs: patience,
      readShare,
    });
  const callers = Array.from({ length: clients }, (_, i) => clientOf(`client-${i + 1}`, patienceMs));
  await world.complete(Promise.all(callers.map((caller) => caller.work(operations))), LONGEST_MS);
  cluster.heal(PROFILES.calm);
  const auditor = clientOf('auditor', HEALED_MS);
  const audited = (async () => {
    let answered = true;
    for (const name of names) answered = (await auditor.call(name, { kind: 'read' })) && answered;
    return answered;
  })();
  const healed = await world.complete(audited, world.nowMs + (keys + 1) * HEALED_MS);
  const all = [...callers, auditor].flatMap((caller) => caller.operations);
  const verdict = checkListAppend(all);
  const fault =
    cluster.alarms[0] ??
    [...callers, auditor].flatMap((caller) => caller.complaints)[0] ??
    (verdict.verdict === 'illegal' ? verdict.counterexample.text : null) ??
    (healed ? null : `the healed cluster has not answered within ${HEALED_MS} ms`);
  return {
    fault,
    operations: all.length,
    open: all.filter(({ output }) => output === 'unknown').length,
    counts: world.counts,
    simulatedMs: world.nowMs,
    events: world.events,
    hash: world.trace.hash,
  };
}

/**
 * Site: what a run needs to know of the hosts it loads, whether they are a cluster or one embedded host.
 *
 * Owns: the interface, how builds are named and told apart. Does not own: hosts (`cluster`, `embedded-site`), callers, faults.
 */

import type { EntityKey } from '../../../framework/model/identity';
import type { Disagreement } from '../../../framework/core/compare';
import type { PerdureError } from '../../../framework/errors';
import type { EntityClass } from '../../../framework/model/definition';
import type { ServedGroup } from '../../host/hosted-code';
import type { ClusterStore } from '../../ports/cluster-store';
import type { CallerTransport } from '../../ports/transport';
import type { ReadHistory } from '../audit/invariants';
import type { Life, Machine } from '../world/machine';
import type { World } from '../world/world';
import type { SimNetwork } from '../network/sim-network';
import type { SimProcess } from '../world/sim-process';
import type { Listed } from '../store/store-cluster';
import type { Caller } from '../workloads/workload';

export interface Site {
  readonly network: SimNetwork;
  readonly machines: readonly Machine[];
  /** What no fault excuses: an entity that cannot be read, or a step that went wrong. */
  readonly alarms: readonly string[];
  /** The number of ownerships of the shard that has had the fewest. */
  readonly leastEpoch: number;
  /** Notes of failed attempts outlive the host that writes them. */
  readonly notesKept: boolean;
  /** When something other than a heartbeat was last written; virtual milliseconds. */
  readonly writtenAtMs: number;
  /** Every row of a directory that was to be written; none where there is no directory apart from the histories. */
  readonly listed: readonly Listed[];
  /** Of a caller's process. */
  transportOf(life: Pick<Life, 'process' | 'clock'>): CallerTransport;
  /** As that process reads them from the store itself. */
  historiesFor(process: SimProcess): ReadHistory;
  /** Its first row came to a quorum after its owner's epoch had begun, if at all: the owner may have found nothing. */
  isUnseen(key: EntityKey): boolean;
  /** The store that hosts share, for that process; null where there is one host with a store of its own. */
  sharedStore(process: SimProcess): ClusterStore | null;
  /** Puts out the next version of the code: a process that begins from now on runs it. */
  release(): void;
  /** Whatever is cut off, down or half dead in the store and on the network is back. */
  mend(): void;
  /** For good: nobody is paused or about to die, and every host runs the last version of the code or soon will. */
  heal(): void;
}

/** The code that hosts run. */
export interface Code {
  readonly versions: number;
  /** That may share a record (S1). */
  readonly turnSteps: number;
  entities(version: number): readonly EntityClass[];
  /** For one process; `host` is itself. */
  activities(host: Caller): readonly ServedGroup[];
}

/**
 * An older build did not repeat what a newer one recorded, while no host of that one lived (S29). Its entity is held until
 * one does; then it must serve, as any other.
 */
export function isForNewerBuild({ details }: PerdureError): boolean {
  const { builds } = (details ?? {}) as Partial<Disagreement>;
  return builds !== undefined && builds.recorded > builds.present;
}

/** Which version of the code machines boot with. */
export class Releases {
  version = 1;

  constructor(
    private readonly world: World,
    private readonly versions: number,
  ) {}

  /** The next one, if there is one. */
  next(): void {
    if (this.version === this.versions) return;
    this.version += 1;
    this.world.count('cluster.release');
  }

  newest(): void {
    this.version = this.versions;
  }
}

/** Names of builds sort as their versions do: a run has fewer than ten. */
export function buildOf(version: number): string {
  return `b-${version}`;
}

/**
 * Simulated cluster: hosts with real members, shards and activations over the simulated store and network.
 *
 * Owns: the machines, the sessions that follow one another on each, what is counted of them, healing.
 * Does not own: what callers ask (`workload`), which faults are on (the dial), the verdict (`seed-run`).
 */

import { ClusterHost } from '../../host/cluster-host';
import { DEFAULT_LIMITS } from '../../node';
import type { Lease } from '../../ports/cluster-store';
import type { Row } from '../../ports/history-store';
import type { CallerTransport } from '../../ports/transport';
import { serveFrames } from '../../transport/frame-server';
import type { Branch } from '../../transport/reached';
import { RoutedTransport } from '../../transport/routed-transport';
import { shardOf } from '../../wire/shard-map';
import type { EntityKey } from '../../../framework/model/identity';
import { Alarms } from './alarms';
import { readShared } from '../audit/read-history';
import { hostCaller } from '../workloads/caller';
import { disturbLinks, disturbNetwork } from '../faults/disturbance';
import type { FaultDial } from '../faults/fault-profile';
import type { ReadHistory } from '../audit/invariants';
import { Machine } from '../world/machine';
import type { Life } from '../world/machine';
import { simEntropy } from '../world/sim-entropy';
import { SimSubjects } from '../network/sim-messenger';
import { entityText } from '../network/witness';
import { SimNetwork } from '../network/sim-network';
import type { SimProcess } from '../world/sim-process';
import { AuditReads } from '../store/audit-reads';
import { leaseRow } from '../store/serial-register';
import { SimStore } from '../store/sim-store';
import { bucketName } from '../store/store-cells';
import { clusterRows, SimWatchdog } from '../faults/sim-watchdog';
import type { Code, Site } from './site';
import { buildOf, Releases } from './site';
import { INDEX_BOUNDS, LAYOUT, LIMITS, STABLE_MS } from './small-sizes';
import type { Listed, StoreCluster } from '../store/store-cluster';
import { openingName, storeCluster } from '../store/store-cluster';
import { WatchedStore } from '../store/watched-store';
import type { World } from '../world/world';

export interface ClusterOptions {
  readonly dial: FaultDial;
  /** When each machine boots first, virtual milliseconds. */
  readonly bootsMs: readonly number[];
  readonly shards: number;
  readonly code: Code;
}

export class SimCluster implements Site {
  readonly notesKept = false;
  readonly network: SimNetwork;
  readonly machines: readonly Machine[];
  private readonly logs: Alarms;
  private readonly store: StoreCluster;
  private readonly subjects: SimSubjects;
  /** As last read. */
  private readonly leases: { readonly text: string | null; readonly epoch: number }[] = [];
  private readonly releases: Releases;

  constructor(
    readonly world: World,
    private readonly options: ClusterOptions,
  ) {
    const { dial, shards, bootsMs } = options;
    this.logs = new Alarms(world);
    this.releases = new Releases(world, options.code.versions);
    this.store = storeCluster(world, dial, shards);
    this.network = new SimNetwork(world, dial);
    this.subjects = new SimSubjects(this.network);
    const { links } = this.store;
    const shared = { dial, links, version: () => this.releases.version, run: (life: Life) => void this.serve(life) };
    this.machines = bootsMs.map((bootMs, i) => {
      const machine = new Machine(world, { ...shared, name: `host-${i + 1}` });
      machine.bootAt(bootMs);
      disturbNetwork(machine.name, this.network, dial);
      return machine;
    });
  }

  get alarms(): readonly string[] {
    const shared = [...this.store.builds].filter(([, builds]) => builds.size > 1);
    const claims = shared.map(
      ([ordinal, builds]) => `builds ${[...builds].join(' and ')} have the ordinal ${ordinal} (S29)`,
    );
    return [...this.logs.raised, ...claims];
  }

  get leastEpoch(): number {
    const { serial, shards } = this.store;
    let least = Infinity;
    for (let shard = 0; shard < shards; shard += 1) {
      const lease = serial.peek(leaseRow(shard));
      const read = this.leases[shard];
      if (lease !== (read?.text ?? null)) this.leases[shard] = { text: lease, epoch: epochOf(lease) };
      least = Math.min(least, this.leases[shard]?.epoch ?? 0);
    }
    return least;
  }

  get writtenAtMs(): number {
    return this.store.writtenAtMs;
  }

  get listed(): readonly Listed[] {
    return this.store.listed;
  }

  transportOf({ process, clock }: Pick<Life, 'process' | 'clock'>): CallerTransport {
    return new RoutedTransport({ messenger: this.subjects.messengerOf(process), clock, reached: this.routed });
  }

  private readonly routed = (branch: Branch): void => this.world.count(`routing.${branch}`);

  historiesFor(process: SimProcess): ReadHistory {
    const known = new Map<string, { readonly reads: AuditReads; readonly rows: readonly Row[] }>();
    return async (key) => {
      const before = known.get(entityText(key));
      if (before?.reads.stand === true) return before.rows;
      const reads = new AuditReads(this.store);
      const rows = await readShared(new SimStore(this.store, process, reads), key);
      known.set(entityText(key), { reads, rows });
      return rows;
    };
  }

  isUnseen(key: EntityKey): boolean {
    const { set, serial, openedAtMs, shards } = this.store;
    const shard = shardOf(key, shards);
    const openedMs = openedAtMs.get(openingName(shard, epochOf(serial.peek(leaseRow(shard))))) ?? 0;
    return set.seenFromMs(bucketName(key, 0)) >= openedMs;
  }

  sharedStore(process: SimProcess): SimStore {
    return new SimStore(this.store, process);
  }

  release(): void {
    this.releases.next();
  }

  mend(): void {
    this.store.heal();
    this.network.mend();
  }

  heal(): void {
    this.mend();
    this.releases.newest();
    for (const machine of this.machines) machine.heal();
  }

  private async serve(life: Life): Promise<void> {
    const { process, clock, version } = life;
    const { name } = process;
    const { dial, code } = this.options;
    disturbLinks(process, this.store.links, dial);
    const messenger = this.subjects.messengerOf(process);
    const host = await ClusterHost.start({
      store: new WatchedStore(this.store, process, dial),
      clock,
      entropy: simEntropy(process),
      log: this.logs.of(name),
      entities: code.entities(version),
      activities: code.activities(hostCaller(this, life)),
      namespace: 'default',
      build: buildOf(version),
      checks: 'always',
      limits: { ...DEFAULT_LIMITS, ...LIMITS, turnSteps: code.turnSteps },
      prepare: () => undefined,
      stableMs: STABLE_MS,
      watchdog: new SimWatchdog(process, clusterRows(this.store)),
      connected: () => messenger.connected,
      layout: LAYOUT,
      indexBounds: INDEX_BOUNDS,
      serving: (session) => serveFrames({ messenger, clock, reached: this.routed }, session),
      reached: (branch) => this.world.count(`host.${branch}`),
    });
    life.drain = () => host.drain();
  }
}

function epochOf(lease: string | null): number {
  return lease === null ? 0 : (JSON.parse(lease) as Lease).epoch;
}

/**
 * Hosts fixture: a few hosts of a cluster, by hand, over the simulated store of three replicas.
 */

import 'reflect-metadata';
import { decodeValue, encodeValue } from '../../framework/codec/value';
import { Entity, Query, Update } from '../../framework/model/decorators';
import type { EntityClass } from '../../framework/model/definition';
import { DEFAULT_LIMITS } from '../node';
import type { ClusterStore } from '../ports/cluster-store';
import { silentLog } from '../ports/telemetry';
import type { FaultProfile } from '../sim/faults/fault-profile';
import { PROFILES } from '../sim/faults/fault-profile';
import { SimClock } from '../sim/world/sim-clock';
import { simEntropy } from '../sim/world/sim-entropy';
import type { SimProcess } from '../sim/world/sim-process';
import type { StoreWorld } from '../sim/world/sim-world.fixture';
import { storeWorld } from '../sim/world/sim-world.fixture';
import type { Reply } from '../wire/envelope';
import { ClusterHost } from './cluster-host';
import type { ClusterHostSettings } from './cluster-host';
import type { Branch } from './reached';

@Entity('journal')
export class Journal {
  items: string[] = [];

  @Update() append(item: string): number {
    this.items.push(item);
    return this.items.length;
  }

  @Query() read(): string[] {
    return this.items;
  }
}

export interface TestHost {
  readonly name: string;
  readonly process: SimProcess;
  readonly store: ClusterStore;
  readonly host: ClusterHost;
  /** What clients think of it. */
  connected: boolean;
  times(branch: Branch): number;
  readonly serves: number;
}

type Changes = Partial<Pick<ClusterHostSettings, 'build' | 'entities' | 'activities'>> & {
  readonly store?: (store: ClusterStore) => ClusterStore;
};

export class TestCluster {
  readonly made: StoreWorld;
  readonly hosts: TestHost[] = [];
  private n = 0;

  constructor(
    readonly shards: number,
    profile: FaultProfile = PROFILES.calm,
    private readonly entities: readonly EntityClass[] = [Journal],
  ) {
    this.made = storeWorld({ seed: 7 }, profile, shards);
  }

  get nowMs(): number {
    return this.made.world.nowMs;
  }

  /** Resolves once its first session is born. */
  async start(name: string, { store: wrap = (store) => store, ...changes }: Changes = {}): Promise<TestHost> {
    const process = this.made.processOf(name);
    const reached = new Map<Branch, number>();
    const store = wrap(this.made.storeOf(process));
    const settings: ClusterHostSettings = {
      store,
      clock: new SimClock(process),
      entropy: simEntropy(process),
      log: silentLog,
      entities: this.entities,
      activities: [],
      namespace: 'default',
      build: 'b-1',
      checks: 'always',
      limits: DEFAULT_LIMITS,
      prepare: () => undefined,
      connected: () => made.connected,
      reached: (branch) => reached.set(branch, (reached.get(branch) ?? 0) + 1),
      ...changes,
    };
    const made = { name, process, store, connected: true, times: (branch: Branch) => reached.get(branch) ?? 0 };
    const host = await this.done(ClusterHost.start(settings));
    const started = {
      ...made,
      host,
      get serves() {
        return host.member?.serves.length ?? 0;
      },
      get connected() {
        return made.connected;
      },
      set connected(connected: boolean) {
        made.connected = connected;
      },
    };
    this.hosts.push(started);
    return started;
  }

  done<T>(promise: Promise<T>): Promise<T> {
    return this.made.world.complete(promise, this.nowMs + 3_600_000);
  }

  /** Runs until it is so; the virtual milliseconds that took, or Infinity if it is not so in time. */
  async until(isSo: () => boolean, withinMs = 60_000): Promise<number> {
    const sinceMs = this.nowMs;
    await this.made.world.run({ untilMs: sinceMs + withinMs, stop: isSo });
    return isSo() ? this.nowMs - sinceMs : Infinity;
  }

  run(forMs: number): Promise<void> {
    return this.made.world.run({ untilMs: this.nowMs + forMs });
  }

  /** Every shard is served by one of these hosts, or of all. */
  servedBy(...hosts: readonly TestHost[]): boolean {
    return hosts.reduce((sum, { serves }) => sum + serves, 0) === this.shards;
  }

  /** An update through a host; the request's id counts up. */
  append({ host }: TestHost, id: string, item: string): Promise<Reply> {
    const key = { namespace: 'default', type: 'journal', id };
    const message = { session: 'test', n: (this.n += 1), doneBelow: this.n };
    const args = encodeValue([item]);
    const shared = { op: 'message', message: 'update', method: 'append', submit: false, attempt: 1 } as const;
    return host.answer({ ...shared, key, args, id: message });
  }

  /** The items of a journal, asked of whichever host has it; null if none has. */
  async read(id: string): Promise<string[] | null> {
    for (const host of this.hosts) {
      const reply = await this.ask(host, id);
      if (reply.ok) return decodeValue(reply.value) as string[];
    }
    return null;
  }

  /** A query of one host. */
  ask({ host }: TestHost, id: string): Promise<Reply> {
    const key = { namespace: 'default', type: 'journal', id };
    const shared = { op: 'message', message: 'query', method: 'read', submit: false, attempt: 1 } as const;
    return this.done(host.answer({ ...shared, key, args: encodeValue([]), id: null }));
  }
}

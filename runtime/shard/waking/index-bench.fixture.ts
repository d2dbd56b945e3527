/**
 * Index bench: owners of one shard, one after another, over the simulated store; each may be a zombie of the next.
 */

import type { EntityKey } from '../../../framework/model/identity';
import type { ClusterStore } from '../../ports/cluster-store';
import type { StoreWorld } from '../../sim/world/sim-world.fixture';
import { storeWorld } from '../../sim/world/sim-world.fixture';
import { SimClock, START_MS } from '../../sim/world/sim-clock';
import type { SimProcess } from '../../sim/world/sim-process';
import { EpochWrites } from '../ownership/epoch-writes';
import { SessionGuard } from '../ownership/session-guard';
import type { IndexBounds } from './consolidation';
import { ShardIndex } from './shard-index';

export const SHARD = 1;
export const SECOND = 1_000;
export const HOUR = 3_600 * SECOND;
export const DAY = 24 * HOUR;

export const keyOf = (id: string): EntityKey => ({ namespace: 'default', type: 'reminder', id });

export interface Holder {
  readonly epoch: number;
  readonly process: SimProcess;
  readonly clock: SimClock;
  readonly store: ClusterStore;
  readonly writes: EpochWrites;
  readonly guard: SessionGuard;
  readonly index: ShardIndex;
}

export class IndexBench {
  readonly made: StoreWorld = storeWorld({ seed: 1 });
  private readonly holders: Holder[] = [];

  constructor(private readonly bounds: IndexBounds = {}) {}

  /** The wall clock of a host that is right. */
  get now(): number {
    return Math.floor(START_MS + this.made.world.nowMs);
  }

  /** Marks the owner dead and opens the shard in the next epoch; the old one's process may live on. */
  async takeOver(aheadMs = 0): Promise<Holder> {
    const { storeOf, processOf } = this.made;
    const epoch = this.holders.length + 1;
    const process = processOf(`host-${epoch}`);
    const clock = new SimClock(process, { startMs: START_MS + aheadMs });
    const store = storeOf(process);
    const guard = new SessionGuard(`session-${epoch}`, store, clock);
    const writes = new EpochWrites(guard, clock);
    await this.complete(store.setBorn(`session-${epoch}`));
    if (epoch > 1) await this.complete(store.setDead(`session-${epoch - 1}`));
    const index = new ShardIndex({ store, guard, writes, clock, shard: SHARD, epoch }, this.bounds);
    const holder = { epoch, process, clock, store, writes, guard, index };
    await this.complete(index.open());
    index.tend();
    this.holders.push(holder);
    return holder;
  }

  /** A turn that leaves the entity so. */
  async commit({ index }: Holder, id: string, wakeAt: number | null, open = false): Promise<void> {
    expect(await this.complete(index.insert(keyOf(id), { wakeAt, open }))).toBe(true);
    index.settle(keyOf(id), { wakeAt, open });
  }

  /** As `id@seconds from now`, of all that is due by then. */
  async due({ index }: Holder, inMs: number, limit = 1_000): Promise<string[]> {
    const due = await this.complete(index.due('default', this.now + inMs, limit));
    return due.map(({ key, wakeAt }) => `${key.id}@${Math.round((wakeAt - START_MS) / SECOND)}`);
  }

  async openWork({ index }: Holder): Promise<string[]> {
    return (await this.complete(index.openWork('default', null, 1_000))).map(({ id }) => id);
  }

  async parts({ store }: Holder): Promise<string[]> {
    const parts = await this.complete(store.parts(SHARD));
    return parts.map(({ kind, epoch, bucket }) => `${kind} ${epoch} ${bucket}`);
  }

  complete<T>(promise: Promise<T>): Promise<T> {
    return this.made.world.complete(promise);
  }

  run(forMs: number): Promise<void> {
    return this.made.world.run({ untilMs: this.made.world.nowMs + forMs });
  }
}

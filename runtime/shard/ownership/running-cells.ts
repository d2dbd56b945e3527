/**
 * Running cells: what an ownership keeps of steps that take their host with them, in a cluster's store (S20).
 *
 * Owns: reading what earlier epochs of the shard left, at the opening; writing through the ownership's own writes.
 * Does not own: what follows from a row (`activation/poison`), who sees that a step does not end (the watchdog).
 */

import { MAX_SUSPICIONS } from '../../config';
import type { ClusterStore } from '../../ports/cluster-store';
import type { Place, Running, RunningRow, RunningRows } from '../../ports/watchdog';
import { isPlanted } from '../../../framework/planted-bugs';
import type { EpochWrites } from './epoch-writes';

/** No step of any epoch has so great an order. */
const REMOVED = Number.MAX_SAFE_INTEGER;

export class RunningCells implements RunningRows {
  left: readonly RunningRow[] = [];
  stable = 0;

  constructor(
    private readonly store: Pick<ClusterStore, 'writeRunning' | 'running' | 'writeStable' | 'stable'>,
    private readonly writes: EpochWrites,
    readonly place: Place,
  ) {}

  /** Rejects with `unavailable` when the store cannot be read. */
  async open(): Promise<void> {
    const { shard, epoch } = this.place;
    const [found, stable] = await Promise.all([this.store.running(shard), this.store.stable(shard)]);
    const left = found.filter((row) => row.epoch < epoch);
    this.left = left.slice(-MAX_SUSPICIONS);
    this.stable = stable;
    const needless = isPlanted('forget-running-of-others') ? left : left.slice(0, -MAX_SUSPICIONS);
    if (needless.length > 0) await this.forget(needless);
  }

  write(order: number, running: Running | null): Promise<boolean> {
    return this.writes.untilOk(() => this.store.writeRunning(this.place, order, running));
  }

  async forget(rows: readonly RunningRow[]): Promise<void> {
    const { shard } = this.place;
    const remove = ({ epoch }: RunningRow) => this.store.writeRunning({ shard, epoch }, REMOVED, null);
    await Promise.all(rows.map((row) => this.writes.untilOk(() => remove(row))));
  }

  async settle(): Promise<void> {
    const { shard, epoch } = this.place;
    await this.writes.untilOk(() => this.store.writeStable(shard, epoch));
  }
}

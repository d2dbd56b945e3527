/**
 * Watermarks: up to which due time the entries of each epoch are done, so that nobody reads them again (C9).
 *
 * Owns: the watermark of one's own epoch and those of the epochs before, and where a timer's entry is placed.
 * Does not own: which entries are done (`known-wakes`), when the watermark moves (`index-care`).
 *
 * Invariants:
 * 1. A watermark says something of its own epoch's entries and of those before, never of later ones. A dead owner's late
 *    watermark, or that of a host whose clock was far ahead, hides no timer that was set after its time.
 * 2. It only grows. Nothing is placed at or behind it: what is due there goes to the place right above, and only once
 *    the watermark is at quorum. So each epoch has one place, its `edge`, where an entry may be due earlier than it
 *    stands: a later owner looks at those at once, whatever its clock says.
 */

import { isPlanted } from '../../../framework/planted-bugs';
import type { Watermark } from '../../ports/cluster-store';
import type { Owner } from './index-parts';

export class Watermarks {
  /** One's own, as it was issued and as it is at quorum. */
  issued = 0;
  durable = 0;
  /** The greatest place of an entry that was due and may be done: while it is above `issued`, the watermark may move. */
  behind = 0;
  private moved: Promise<boolean> = Promise.resolve(true);
  private older: readonly Watermark[] = [];

  constructor(private readonly owner: Owner) {}

  async read(): Promise<void> {
    const { store, shard, epoch } = this.owner;
    this.older = (await store.watermarks(shard)).filter((watermark) => watermark.epoch < epoch);
  }

  /** Entries of that epoch up to there are done. */
  passed(epoch: number): number {
    const all = isPlanted('watermark-of-all-epochs');
    let passed = this.issued;
    for (const watermark of this.older) if (all || watermark.epoch >= epoch) passed = Math.max(passed, watermark.at);
    return passed;
  }

  /** As `passed`, by what is at quorum alone. */
  passedForSure(epoch: number): number {
    let passed = this.durable;
    for (const watermark of this.older) if (watermark.epoch >= epoch) passed = Math.max(passed, watermark.at);
    return passed;
  }

  edge(epoch: number): number {
    if (epoch === this.owner.epoch) return this.issued + 1;
    return (this.older.find((watermark) => watermark.epoch === epoch)?.at ?? 0) + 1;
  }

  place(due: number): number {
    const at = Math.ceil(due);
    return at > this.issued || isPlanted('timer-behind-watermark') ? at : this.issued + 1;
  }

  /** True once what was issued is at quorum; false when the shard is lost before. */
  get settled(): Promise<boolean> {
    return this.moved;
  }

  /** Everything up to there is done and committed. */
  raise(at: number): Promise<boolean> {
    const { store, writes, shard, epoch } = this.owner;
    this.issued = at;
    this.moved = writes.untilOk(() => store.writeWatermark(shard, { epoch, at }));
    return this.moved.then((ok) => {
      if (ok) this.durable = Math.max(this.durable, at);
      return ok;
    });
  }

  /** Older epochs whose watermark says nothing of any part; `least` is the oldest epoch that has one. */
  idle(least: number): readonly number[] {
    return this.older.filter(({ epoch }) => epoch < least).map(({ epoch }) => epoch);
  }

  async forget(epochs: readonly number[]): Promise<boolean> {
    const { store, writes, shard } = this.owner;
    if (!(await writes.untilOk(() => store.deleteWatermarks(shard, epochs)))) return false;
    this.older = this.older.filter(({ epoch }) => !epochs.includes(epoch));
    return true;
  }
}

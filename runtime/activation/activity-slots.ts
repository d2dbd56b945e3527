/**
 * Activity slots: how many activities run at a time on a host, over all of its shards together.
 *
 * Owns: the count, and which runner is next when there is room: those that wait are told in turn. Does not own: which of
 * a runner's activities starts (`activity-runner`).
 *
 * Invariant: whoever is told that there is room takes a slot or passes the word on, so that no room stays unused.
 */

import { assert } from '../../framework/assert';

export class ActivitySlots {
  private taken = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly most: number) {}

  /** True if one more may run; else `again` is called once, when there may be room. */
  take(again: () => void): boolean {
    this.waiting.delete(again);
    if (this.taken < this.most) {
      this.taken += 1;
      return true;
    }
    this.waiting.add(again);
    return false;
  }

  give(): void {
    assert(this.taken > 0, 'a slot is given back once');
    this.taken -= 1;
    this.pass();
  }

  /** Tells the next runner that waits, if there is room. */
  pass(): void {
    if (this.taken >= this.most) return;
    const [next] = this.waiting;
    if (next === undefined) return;
    this.waiting.delete(next);
    next();
  }

  /** A runner wants nothing more. */
  leave(again: () => void): void {
    this.waiting.delete(again);
    this.pass();
  }
}

/**
 * Alarm: the one timer of a queue of due things.
 *
 * Owns: at most one timer on the clock. Does not own: what is due; whoever is rung looks at its own queue.
 *
 * Invariant: it rings at or before the time last set, and once more for each `set` after that; a ring that finds
 * nothing due is no fault. A later time than the one set leaves the timer alone, so that a moving head costs nothing.
 */

import type { Cancel, Clock } from '../ports/clock';

export class Alarm {
  private at = Infinity;
  private cancel: Cancel | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /** `at` is a monotonic time in milliseconds; Infinity takes the alarm off. */
  set(at: number): void {
    if (at >= this.at && at !== Infinity) return;
    this.cancel?.();
    this.cancel = null;
    this.at = at;
    if (at === Infinity) return;
    this.cancel = this.clock.after(Math.max(0, at - this.clock.monotonicMs()), () => {
      this.at = Infinity;
      this.cancel = null;
      this.ring();
    });
  }
}

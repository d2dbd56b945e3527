/**
 * Stepping clock: a manual clock that counts steps, so that an entity which never comes to rest is found.
 */

import { ManualClock } from './manual-clock';

export class SteppingClock extends ManualClock {
  /** Steps that ran at the present moment, those of replays included. */
  steps = 0;
  private countedAt = -1;

  override drain(done: () => void): void {
    const now = this.monotonicMs();
    if (now !== this.countedAt) this.steps = 0;
    this.countedAt = now;
    this.steps += 1;
    super.drain(done);
  }
}

/**
 * Rest: when a host under test has nothing left to do at the present moment of virtual time.
 *
 * Owns: waiting for that, whatever threads the store answers from. Does not own: moving time (`manual-clock`).
 *
 * Invariants: it is asked, never guessed by time; an activity that was begun and still runs after ACTIVITY_TURNS turns of
 * the event loop counts as waiting, and is not waited for again; what never rests is found by its steps
 * (STEPS_PER_MOMENT).
 */

import { PerdureError } from '../../framework/errors';
import { ACTIVITY_TURNS, STEPS_PER_MOMENT } from '../config';
import type { Host } from '../host/host';
import type { SteppingClock } from './stepping-clock';

export class Rest {
  private waiting: Promise<void> | null = null;
  /** Activities begun when they were last given up waiting for. */
  private givenUpAt = 0;

  constructor(
    private readonly clock: SteppingClock,
    private readonly host: () => Host | null,
  ) {}

  /** Resolves when no step, write, timer or activity is under way. Rejects with `internal` when that never comes. */
  reached(): Promise<void> {
    return (this.waiting ??= this.wait().finally(() => (this.waiting = null)));
  }

  /** Another host runs: its activities are counted anew. */
  begun(): void {
    this.givenUpAt = 0;
  }

  private async wait(): Promise<void> {
    for (let turns = 0; ;) {
      await this.clock.breathe();
      const host = this.host();
      if (host === null) return;
      const { shard } = host;
      if (this.clock.steps > STEPS_PER_MOMENT * Math.max(1, shard?.residents ?? 0)) throw this.restless();
      if (shard === null || !shard.resting) {
        turns = 0;
        continue;
      }
      const { running, starts } = shard.runner;
      if (running === 0 || starts === this.givenUpAt) return;
      turns += 1;
      if (turns < ACTIVITY_TURNS) continue;
      this.givenUpAt = starts;
      return;
    }
  }

  private restless(): PerdureError {
    const at = new Date(this.clock.now()).toISOString();
    const message = `more than ${this.clock.steps} steps ran at ${at} and there is no end: does a handler call itself at once, such as again({ after: 0 })?`;
    return new PerdureError('internal', message, { reason: 'restless' });
  }
}

/**
 * Turn loop: runs the steps of all activations of a host, one at a time.
 *
 * Owns: whose slice is next, and yielding to I/O after 256 steps or 5 ms (S4). Does not own: what a slice does.
 *
 * Invariants: no two slices overlap, so a step never meets another entity's step half done; jobs take turns in the
 * order in which they became ready; a job is in the queue at most once.
 */

import { LOOP_SLICE_MS, LOOP_SLICE_STEPS } from '../config';
import type { Clock } from '../ports/clock';

/** What `queueMicrotask` would do, which fake timers replace. */
const soon = Promise.resolve();

export interface Job {
  /** Runs some steps; answers true when it has more to do at once. Must not reject. */
  slice(): Promise<boolean>;
}

export class TurnLoop {
  private readonly queue = new Set<Job>();
  private steps = 0;
  private since = 0;
  private running = false;

  /** `prepare` is called before the first slice after every rest. */
  constructor(
    private readonly clock: Clock,
    private readonly prepare: () => void,
  ) {}

  /** Puts a job in line, unless it is there already. */
  ready(job: Job): void {
    this.queue.add(job);
    if (this.running) return;
    this.running = true;
    void soon.then(() => this.run());
  }

  /** Counts a step; answers true when it is time to yield. */
  stepped(): boolean {
    this.steps += 1;
    return this.tired;
  }

  get tired(): boolean {
    return (
      this.steps >= LOOP_SLICE_STEPS ||
      ((this.steps & 7) === 0 && this.clock.monotonicMs() - this.since >= LOOP_SLICE_MS)
    );
  }

  /** Nothing is in line or running. */
  get idle(): boolean {
    return !this.running;
  }

  private async run(): Promise<void> {
    this.rest();
    for (const job of this.queue) {
      this.queue.delete(job);
      if (await job.slice()) this.queue.add(job);
      if (!this.tired) continue;
      await this.clock.breathe();
      this.rest();
    }
    this.running = false;
  }

  private rest(): void {
    this.prepare();
    this.steps = 0;
    this.since = this.clock.monotonicMs();
  }
}

/**
 * Manual clock: the Clock port with a time that moves only when it is told to.
 *
 * Owns: virtual wall and monotonic time, and the timers set on them.
 * Does not own: when a test is quiet. `advanceTo` lets microtasks run between two moments; whoever has real I/O behind
 * the clock hands in a `settle` that waits for it.
 *
 * Invariants:
 * 1. Timers fire in the order of their due times, ties in the order they were set; a timer set by a firing one within
 *    the reach of the advance fires in the same advance.
 *    Both times are whole milliseconds, as those of a system's wall clock are: a delay is rounded up.
 * 2. Wall jumps (`jump`) fire nothing and move no timer: timers live on monotonic time.
 * 3. `breathe` and `drain` are the system clock's, so fake timers cannot stop them (S4).
 */

import { assert } from '../../framework/assert';
import { DueQueue } from '../activation/due-queue';
import type { Cancel, Clock } from '../ports/clock';
import { systemClock } from '../system/clock';

export interface ManualClockOptions {
  /** First wall-clock time, milliseconds since the epoch; 0 when absent. */
  readonly now?: number;
}

export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  readonly #timers = new DueQueue<() => void>();

  constructor(options: ManualClockOptions = {}) {
    this.#wall = options.now ?? 0;
  }

  now(): number {
    return this.#wall;
  }

  monotonicMs(): number {
    return this.#monotonic;
  }

  after(delayMs: number, fire: () => void): Cancel {
    assert(delayMs >= 0 && Number.isFinite(delayMs), () => `a delay is finite and at least 0, not ${delayMs}`);
    const timer = this.#timers.add(this.#monotonic + Math.ceil(delayMs), fire);
    return () => void this.#timers.remove(timer);
  }

  breathe(): Promise<void> {
    return systemClock.breathe();
  }

  drain(done: () => void): void {
    systemClock.drain(done);
  }

  /** Timers that are neither fired nor cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Wall-clock time at which the earliest timer is due, null without one. */
  nextDue(): number | null {
    const { size, nextAt } = this.#timers;
    return size === 0 ? null : this.#wall + Math.max(0, nextAt - this.#monotonic);
  }

  /**
   * Moves to the wall-clock time `target` and fires what is due by then. After each moment that fired something, and
   * once before the first, it awaits `settle`, by default until microtasks have drained. The past is refused.
   */
  async advanceTo(target: number, settle: () => Promise<void> = () => this.#drained()): Promise<void> {
    assert(target >= this.#wall, () => `time goes forward only: ${target} is before ${this.#wall}`);
    const end = this.#monotonic + (target - this.#wall);
    await settle();
    while (this.#timers.nextAt <= end) {
      this.#moveTo(Math.max(this.#timers.nextAt, this.#monotonic));
      this.#fireMoment();
      await settle();
    }
    if (end > this.#monotonic) this.#moveTo(end);
  }

  /** As `advanceTo`, by a length. */
  advance(byMs: number, settle?: () => Promise<void>): Promise<void> {
    return this.advanceTo(this.#wall + byMs, settle);
  }

  /** Moves the wall clock alone, either way. */
  jump(byMs: number): void {
    this.#wall += byMs;
  }

  #moveTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  #fireMoment(): void {
    for (let due = this.#timers.take(this.#monotonic); due !== null; due = this.#timers.take(this.#monotonic))
      due.value();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => this.drain(resolve));
  }
}

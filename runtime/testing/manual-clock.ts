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
import type { Cancel, Clock } from '../ports/clock';
import { systemClock } from '../system/clock';

export interface ManualClockOptions {
  /** First wall-clock time, milliseconds since the epoch; 0 when absent. */
  readonly now?: number;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  /** Null once fired or cancelled. */
  fire: (() => void) | null;
}

export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  #order = 0;
  #pending = 0;
  readonly #heap: Timer[] = [];

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
    assert(delayMs >= 0 && Number.isFinite(delayMs), `a delay is finite and at least 0, not ${delayMs}`);
    const timer: Timer = { due: this.#monotonic + Math.ceil(delayMs), order: (this.#order += 1), fire };
    push(this.#heap, timer);
    this.#pending += 1;
    return () => {
      if (timer.fire === null) return;
      timer.fire = null;
      this.#pending -= 1;
    };
  }

  breathe(): Promise<void> {
    return systemClock.breathe();
  }

  drain(done: () => void): void {
    systemClock.drain(done);
  }

  /** Timers that are neither fired nor cancelled. */
  get pending(): number {
    return this.#pending;
  }

  /** Wall-clock time at which the earliest timer is due, null without one. */
  nextDue(): number | null {
    const first = this.#first();
    return first === undefined ? null : this.#wall + Math.max(0, first.due - this.#monotonic);
  }

  /**
   * Moves to the wall-clock time `target` and fires what is due by then. After each moment that fired something, and
   * once before the first, it awaits `settle`, by default until microtasks have drained. The past is refused.
   */
  async advanceTo(target: number, settle: () => Promise<void> = () => this.#drained()): Promise<void> {
    assert(target >= this.#wall, `time goes forward only: ${target} is before ${this.#wall}`);
    const end = this.#monotonic + (target - this.#wall);
    await settle();
    for (let first = this.#first(); first !== undefined && first.due <= end; first = this.#first()) {
      this.#moveTo(Math.max(first.due, this.#monotonic));
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
    for (let first = this.#first(); first !== undefined && first.due <= this.#monotonic; first = this.#first()) {
      pop(this.#heap);
      const fire = first.fire;
      first.fire = null;
      this.#pending -= 1;
      fire?.();
    }
  }

  /** The earliest timer that still fires; cancelled ones are dropped on the way. */
  #first(): Timer | undefined {
    while (this.#heap.length > 0 && this.#heap[0]?.fire === null) pop(this.#heap);
    return this.#heap[0];
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => this.drain(resolve));
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}

function push(heap: Timer[], timer: Timer): void {
  let at = heap.push(timer) - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above] as Timer;
    if (!before(timer, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    if (left >= heap.length) break;
    const right = left + 1;
    const least = right < heap.length && before(heap[right] as Timer, heap[left] as Timer) ? right : left;
    const child = heap[least] as Timer;
    if (!before(child, last)) break;
    heap[at] = child;
    at = least;
  }
  heap[at] = last;
}

/**
 * Simulated clock: the Clock port of one process on virtual time.
 *
 * Owns: wall time with an offset, a rate and jumps; monotonic time that stands while the process is paused; timers.
 * Does not own: when clocks jump and processes pause (`disturbance`).
 *
 * Invariants:
 * 1. A timer never fires early by the process's own monotonic clock; it fires up to `TIMER_LATE_MS` late, and after a
 *    pause by what the pause left of its delay. Timers of a dead process never fire.
 * 2. `breathe` lets a little virtual time pass, or code that breathes until something happens would never see it.
 */

import { assert } from '../../../framework/assert';
import type { Cancel, Clock } from '../../ports/clock';
import type { SimEvent } from './event-queue';
import type { SimStream } from './random';
import type { SimProcess } from './sim-process';
import { never } from './sim-process';
import { label } from './trace';
import type { World } from './world';

export interface SimClockOptions {
  /** Wall time at virtual time 0, milliseconds since the epoch. */
  readonly startMs?: number;
  /** Both clocks run faster by so many millionths; negative for slower. */
  readonly driftPpm?: number;
}

export const START_MS = Date.UTC(2026, 0, 1);
const TIMER_LATE_MS = 1;
const BREATH_MS = [0.05, 0.5] as const;
/** After so many breaths one upon the other they are twice as long, and so on up to so many times. */
const BREATHS = 16;
const BREATH_LONGEST = 32;
const TIMER = label('clock.timer');
const BREATH = label('clock.breath');

export class SimClock implements Clock {
  readonly #world: World;
  readonly #late: SimStream;
  readonly #bornMs: number;
  readonly #rate: number;
  #wallMs: number;
  #breaths = 0;
  #breathedMs = -1;

  constructor(
    private readonly process: SimProcess,
    { startMs = START_MS, driftPpm = 0 }: SimClockOptions = {},
  ) {
    assert(Math.abs(driftPpm) < 100_000, () => `a clock drifts by less than a tenth, not by ${driftPpm} millionths`);
    this.#world = process.world;
    this.#late = this.#world.random.stream('clock.late');
    this.#bornMs = this.#world.nowMs - process.frozenMs;
    this.#rate = 1 + driftPpm / 1_000_000;
    this.#wallMs = startMs;
  }

  now(): number {
    const nowMs = Math.floor(this.#wallMs + this.#world.nowMs * this.#rate);
    if (nowMs > this.#world.latestWallMs) this.#world.latestWallMs = nowMs;
    return nowMs;
  }

  monotonicMs(): number {
    return (this.#world.nowMs - this.process.frozenMs - this.#bornMs) * this.#rate;
  }

  /** With the jumps so far: what the clock of the machine's next process starts with. */
  get startMs(): number {
    return this.#wallMs;
  }

  after(delayMs: number, fire: () => void): Cancel {
    assert(delayMs >= 0 && Number.isFinite(delayMs), () => `a delay is finite and at least 0, not ${delayMs}`);
    if (!this.process.alive) return () => undefined;
    const due = this.monotonicMs() + delayMs;
    let armed = true;
    const ring = (): void => {
      if (!armed) return;
      const leftMs = due - this.monotonicMs();
      if (leftMs > 0 && !this.process.paused) event = this.#set(leftMs, ring);
      else this.process.enter(fireOnce);
    };
    const fireOnce = (): void => {
      if (armed && due <= this.monotonicMs()) {
        armed = false;
        fire();
      } else ring();
    };
    let event = this.#set(delayMs, ring);
    return () => {
      armed = false;
      this.#world.cancel(event);
    };
  }

  breathe(): Promise<void> {
    if (!this.process.alive) return never();
    const { nowMs } = this.#world;
    this.#breaths = nowMs === this.#breathedMs ? this.#breaths + 1 : 0;
    const longer = Math.min(2 ** Math.floor(this.#breaths / BREATHS), BREATH_LONGEST);
    const atMs = nowMs + this.#late.between(BREATH_MS) * longer;
    this.#breathedMs = atMs;
    return new Promise((resolve) => {
      this.#world.inside(atMs, BREATH, () => this.process.enter(resolve));
    });
  }

  drain(done: () => void): void {
    this.#world.drain(() => this.process.enter(done));
  }

  /** Moves the wall clock alone, either way. */
  jump(byMs: number): void {
    this.#world.count(byMs < 0 ? 'clock.jump-back' : 'clock.jump-ahead');
    this.#wallMs += byMs;
  }

  /** Sets the wall clock to the latest that any has shown: what was to happen by then is due (`heal`). */
  catchUp(): void {
    this.#wallMs += Math.max(0, this.#world.latestWallMs - this.now());
  }

  /** A paused process is looked at again when its pause is over: `enter` holds the ringing. */
  #set(delayMs: number, ring: () => void): SimEvent {
    const lateMs = this.#late.float() * TIMER_LATE_MS;
    return this.#world.inside(this.#world.nowMs + delayMs / this.#rate + lateMs, TIMER, ring);
  }
}

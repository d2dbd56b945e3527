/**
 * World: virtual time and the order of everything that happens in it.
 *
 * Owns: the event queue, the settling of the product's code between events, the trace, counters of what was reached.
 * Does not own: processes, networks, stores: they are built on `at`, `inside` and `drain`.
 *
 * How code settles: nothing of the product waits for real I/O here, so after an event its promise chains run on
 * microtasks, and end. The next event begins in a `nextTick` queued by a microtask, that is after the last of them. A
 * `drain` asked for meanwhile (S4) is answered first, one at a time, each with a settling of its own.
 *
 * Invariants:
 * 1. Two events never overlap; equal times go by a drawn tie. The same seed and the same code give the same trace hash.
 * 2. Time only moves to the next event: idle time costs nothing.
 * 3. An event scheduled with `inside` runs no code of the product, and is not followed by a settling.
 */

import { assert } from '../../../framework/assert';
import { systemClock } from '../../system/clock';
import type { SimEvent } from './event-queue';
import { EventQueue } from './event-queue';
import type { RandomOptions } from './random';
import { SimRandom } from './random';
import type { Label, TraceListener } from './trace';
import { Trace } from './trace';

export interface WorldOptions extends RandomOptions {
  readonly seed: number;
  readonly listener?: TraceListener;
}

export interface RunOptions {
  /** Virtual time at which the run ends at the latest; time stands there afterwards. For ever when absent. */
  readonly untilMs?: number;
  /** Asked after each settling; true ends the run. */
  readonly stop?: () => boolean;
  /** Events after which the run is given up as a livelock. */
  readonly eventsMax?: number;
}

export const EVENTS_MAX = 50_000_000;
/** Settlings after which the real event loop may turn, so that a long run can be interrupted. */
const SETTLINGS_PER_TURN = 20_000;

export class World {
  readonly random: SimRandom;
  readonly trace: Trace;
  /** The latest wall time that any clock of this world has shown, milliseconds since the epoch. */
  latestWallMs = -Infinity;
  readonly #queue = new EventQueue();
  readonly #tieSeed: number;
  readonly #counts = new Map<string, number>();
  #drains: (() => void)[] = [];
  #nowMs = 0;
  #order = 0;
  #events = 0;
  #awake = false;
  #running = false;

  constructor(options: WorldOptions) {
    this.random = new SimRandom(options.seed, options);
    this.trace = new Trace(options.listener ?? null);
    this.#tieSeed = this.random.stream('world.tie').word();
  }

  /** Virtual milliseconds since the beginning, fractions included. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events begun so far. */
  get events(): number {
    return this.#events;
  }

  /** Calls `fire` at the virtual time, or now if that has passed, and lets all code it wakes come to rest. */
  at(timeMs: number, what: Label, fire: () => void, detail = 0): SimEvent {
    return this.#push(timeMs, what, fire, detail, false);
  }

  /** As `at`, for what touches the simulated world alone; a process that it enters is settled all the same. */
  inside(timeMs: number, what: Label, fire: () => void, detail = 0): SimEvent {
    return this.#push(timeMs, what, fire, detail, true);
  }

  cancel(event: SimEvent): void {
    this.#queue.cancel(event);
  }

  /** Code of the product is about to run: it is settled before the next event. */
  wake(): void {
    this.#awake = true;
  }

  /** Calls back when all microtasks have run (S4). */
  drain(done: () => void): void {
    this.#awake = true;
    this.#drains.push(done);
  }

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** How often each fault and branch was reached, by name. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Runs events until none is left, or as `options` say. Rejects with what an event threw. */
  run(options: RunOptions = {}): Promise<void> {
    assert(!this.#running, 'a world is run by one caller at a time');
    this.#running = true;
    const { untilMs = Infinity, stop = () => false } = options;
    const eventsMax = this.#events + (options.eventsMax ?? EVENTS_MAX);
    return new Promise((resolve, reject) => {
      let settlings = 0;
      const end = (settle: () => void): void => {
        this.#running = false;
        settle();
      };
      const turn = (): void => {
        try {
          assert(
            this.#events < eventsMax,
            () => `a run ends within ${eventsMax} events: at ${this.#nowMs} ms it has not`,
          );
          if (!this.#drainOne() && (stop() || !this.#step(untilMs, eventsMax))) return end(resolve);
        } catch (error) {
          return end(() => reject(error instanceof Error ? error : new Error(String(error))));
        }
        settlings += 1;
        if (settlings % SETTLINGS_PER_TURN === 0) void systemClock.breathe().then(turn);
        else systemClock.drain(turn);
      };
      systemClock.drain(turn);
    });
  }

  /** Runs until the promise has settled, and gives its result; rejects if it has not by `untilMs`. */
  async complete<T>(promise: Promise<T>, untilMs = Infinity): Promise<T> {
    let settled = false;
    const note = (): void => void (settled = true);
    promise.then(note, note);
    await this.run({ untilMs, stop: () => settled });
    assert(settled, () => `what the run waits for settles by ${untilMs} ms: it has not`);
    return promise;
  }

  #drainOne(): boolean {
    const done = this.#drains.shift();
    done?.();
    return done !== undefined;
  }

  /** Runs events until one has woken code; false at the end. */
  #step(untilMs: number, eventsMax: number): boolean {
    this.#awake = false;
    while (!this.#awake && this.#events < eventsMax) {
      const event = this.#queue.first();
      if (event === null || event.timeMs > untilMs) {
        if (untilMs !== Infinity) this.#nowMs = Math.max(this.#nowMs, untilMs);
        return false;
      }
      this.#queue.shift();
      this.#begin(event);
    }
    return true;
  }

  #begin(event: SimEvent): void {
    const { fire } = event;
    if (fire === null) return;
    event.fire = null;
    this.#nowMs = event.timeMs;
    this.#events += 1;
    this.trace.tell(event.timeMs, event.label, event.detail);
    if (!event.inside) this.#awake = true;
    fire();
  }

  #push(timeMs: number, what: Label, fire: () => void, detail: number, inside: boolean): SimEvent {
    this.#order += 1;
    const event: SimEvent = {
      timeMs: Math.max(timeMs, this.#nowMs),
      tie: scatter(this.#order ^ this.#tieSeed),
      order: this.#order,
      label: what,
      detail,
      inside,
      fire,
    };
    this.#queue.push(event);
    return event;
  }
}

/** One-to-one on 32-bit words (the finish of MurmurHash3). */
function scatter(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

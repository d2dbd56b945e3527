/**
 * Deadlines: ends thousands of waits in time with one timer.
 *
 * Owns: the slots of waits that expire together, and the one timer that is set for the earliest of them.
 * Does not own: what expiring means.
 *
 * Invariants:
 * 1. A wait expires no earlier than its deadline and at most one slot after it; adding and removing take constant time.
 * 2. Without waits that can expire no timer is set, so an idle client keeps no process alive.
 */

import type { Cancel, Clock } from '../ports/clock';
import { DEADLINE_SLOT_MS } from '../config';

/** A member of a slot; the links belong to `Deadlines`. */
export interface Wait {
  slot: Slot | null;
  earlier: Wait | null;
  later: Wait | null;
  /** Called once, after the wait was removed. */
  expire(): void;
}

interface Slot {
  readonly number: number;
  newest: Wait | null;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #slots = new Map<number, Slot>();
  #size = 0;
  /** Number of the slot the timer is set for; Infinity without a timer. */
  #armed = Infinity;
  #disarm: Cancel | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits that were neither removed nor expired. */
  get size(): number {
    return this.#size;
  }

  /** `timeoutMs` from 0; Infinity waits until it is removed. */
  add(wait: Wait, timeoutMs: number): void {
    const number = Math.ceil((this.#clock.monotonicMs() + timeoutMs) / DEADLINE_SLOT_MS);
    let slot = this.#slots.get(number);
    if (slot === undefined) this.#slots.set(number, (slot = { number, newest: null }));
    wait.slot = slot;
    wait.earlier = slot.newest;
    if (slot.newest !== null) slot.newest.later = wait;
    slot.newest = wait;
    this.#size += 1;
    if (number < this.#armed) this.#arm(number);
  }

  /** Ignores a wait that is not here. */
  remove(wait: Wait): void {
    const slot = wait.slot;
    if (slot === null) return;
    if (wait.later === null) slot.newest = wait.earlier;
    else wait.later.earlier = wait.earlier;
    if (wait.earlier !== null) wait.earlier.later = wait.later;
    wait.slot = wait.earlier = wait.later = null;
    this.#size -= 1;
    if (slot.newest !== null) return;
    this.#slots.delete(slot.number);
    if (this.#slots.size === 0) this.#stop();
  }

  /** Expires every wait at once. */
  expireAll(): void {
    for (const slot of [...this.#slots.values()]) this.#expire(slot);
  }

  #arm(number: number): void {
    this.#disarm?.();
    this.#armed = number;
    const delayMs = number * DEADLINE_SLOT_MS - this.#clock.monotonicMs();
    this.#disarm = this.#clock.after(Math.max(0, delayMs), () => this.#fire());
  }

  #stop(): void {
    this.#disarm?.();
    this.#disarm = null;
    this.#armed = Infinity;
  }

  #fire(): void {
    this.#disarm = null;
    this.#armed = Infinity;
    const now = this.#clock.monotonicMs();
    const due = [...this.#slots.values()].filter((slot) => slot.number * DEADLINE_SLOT_MS <= now);
    for (const slot of due.sort((a, b) => a.number - b.number)) this.#expire(slot);
    let next = Infinity;
    for (const number of this.#slots.keys()) next = Math.min(next, number);
    if (next < this.#armed) this.#arm(next);
  }

  /** Oldest first: the order in which the waits were added. */
  #expire(slot: Slot): void {
    const waits: Wait[] = [];
    for (let wait = slot.newest; wait !== null; wait = wait.earlier) waits.push(wait);
    for (const wait of waits.reverse()) {
      if (wait.slot !== slot) continue;
      this.remove(wait);
      wait.expire();
    }
  }
}

/**
 * Event queue: what is to happen in virtual time, earliest first.
 *
 * Owns: the order (time, then a tie that the caller draws, then the order of insertion), and room for events that were
 * cancelled. Does not own: time, or what an event does.
 */

import type { Label } from './trace';

export interface SimEvent {
  readonly timeMs: number;
  readonly tie: number;
  readonly order: number;
  readonly label: Label;
  readonly detail: number;
  /** True if it touches the simulated world alone: no code of the product can be waiting after it. */
  readonly inside: boolean;
  /** Null once cancelled or begun. */
  fire: (() => void) | null;
}

/** Below this many cancelled events the queue is not cleaned. */
const TOLERATED_CANCELLED = 64;

export class EventQueue {
  #heap: SimEvent[] = [];
  #cancelled = 0;

  /** Cancelled events included. */
  get size(): number {
    return this.#heap.length;
  }

  push(event: SimEvent): void {
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
  }

  cancel(event: SimEvent): void {
    if (event.fire === null) return;
    event.fire = null;
    this.#cancelled += 1;
    if (this.#cancelled > TOLERATED_CANCELLED && this.#cancelled * 2 > this.#heap.length) this.#clean();
  }

  first(): SimEvent | null {
    while (this.#heap.length > 0 && this.#heap[0]?.fire === null) {
      this.#cancelled -= 1;
      this.#removeFirst();
    }
    return this.#heap[0] ?? null;
  }

  /** Takes out what `first` gave. */
  shift(): SimEvent | null {
    const first = this.first();
    if (first !== null) this.#removeFirst();
    return first;
  }

  #clean(): void {
    this.#heap = this.#heap.filter((event) => event.fire !== null).sort((a, b) => (before(a, b) ? -1 : 1));
    this.#cancelled = 0;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const event = heap[from] as SimEvent;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as SimEvent;
      if (!before(event, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const least = right < heap.length && before(heap[right] as SimEvent, heap[left] as SimEvent) ? right : left;
      const child = heap[least] as SimEvent;
      if (!before(child, last)) break;
      heap[at] = child;
      at = least;
    }
    heap[at] = last;
  }
}

function before(a: SimEvent, b: SimEvent): boolean {
  if (a.timeMs !== b.timeMs) return a.timeMs < b.timeMs;
  return a.tie !== b.tie ? a.tie < b.tie : a.order < b.order;
}

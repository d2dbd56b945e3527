/**
 * Clock: all that the runtime knows of time.
 *
 * Owns: the interface. Invariant: no module outside `system/` (real) and `testing/` (manual) reads a clock or a timer.
 */

export interface Clock {
  /** Wall clock, milliseconds since the epoch; may jump either way. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonicMs(): number;
  /** Calls `fire` once after at least `delayMs` (any finite length from 0) unless cancelled first. */
  after(delayMs: number, fire: () => void): Cancel;
  /** Lets pending I/O proceed before it resolves (S4). */
  breathe(): Promise<void>;
  /** Calls back once the microtask queue has drained, from the moment of the call (S4). */
  drain(done: () => void): void;
}

export type Cancel = () => void;

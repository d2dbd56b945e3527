/**
 * Running: which step's code runs right now, for framework functions and for the traps of `runtime/system`.
 *
 * Owns: one AsyncLocalStorage whose store says whose asynchronous code it is, and the synchronous step (S3). The slot
 * lives under a global symbol, so that two copies of the package in one process agree.
 * Does not own: what a step may do (`context`).
 *
 * Invariant: outside entity code every function here says null, at the cost of one look-up.
 */

import { AsyncLocalStorage } from 'node:async_hooks';

/** What a trap may ask of the code that runs. Every method is cheap. */
export interface RunningStep {
  /** Step time, milliseconds since the epoch. */
  now(): number;
  /** Next float in [0, 1) of the step's seeded generator. */
  random(): number;
  /** Records a determinism fault against the entity and returns it to be thrown: `what` happened, the `cure`. */
  fault(what: string, cure: string): Error;
  /** True on replay: `console` and logs stay silent. */
  readonly muted: boolean;
}

interface Slot {
  readonly storage: AsyncLocalStorage<RunningStep>;
  /** Set while a synchronous part of a step is on the stack without a store of its own. */
  sync: RunningStep | null;
  /** Depth of `sideEffect` functions on the stack: traps are off (S10). */
  untrapped: number;
}

const SLOT = Symbol.for('perdure.running');
const holder = globalThis as { [SLOT]?: Slot };
const slot: Slot = (holder[SLOT] ??= { storage: new AsyncLocalStorage(), sync: null, untrapped: 0 });

/** The step whose code is running, null outside entity code and inside `sideEffect`. */
export function runningStep(): RunningStep | null {
  if (slot.untrapped > 0) return null;
  return slot.sync ?? slot.storage.getStore() ?? null;
}

/** Runs the synchronous `body` as the code of `step`. */
export function runSync<T>(step: RunningStep, body: () => T): T {
  const before = slot.sync;
  slot.sync = step;
  try {
    return body();
  } finally {
    slot.sync = before;
  }
}

/** Runs `body` so that all its asynchronous continuations belong to `step`. */
export function runAsync<T>(step: RunningStep, body: () => T): T {
  return slot.storage.run(step, body);
}

/** Runs the synchronous `body` with the traps off. */
export function runUntrapped<T>(body: () => T): T {
  slot.untrapped += 1;
  try {
    return body();
  } finally {
    slot.untrapped -= 1;
  }
}

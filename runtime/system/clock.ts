/**
 * Clock of the operating system.
 *
 * Owns: the adapter of the Clock port; everything it calls is captured here, at import, before traps (S3, S4).
 * Does not own: virtual time (`testing/manual-clock`), the traps.
 *
 * Invariants:
 * 1. A timer never fires early by the monotonic clock, and its delay may exceed what `setTimeout` takes (24.8 days).
 * 2. `drain` calls back after the microtasks that ran from the call on, and before timers and I/O (S4).
 * 3. Fake timers, installed before or after the import, do not reach it; where `nextTick` hides its original, `drain`
 *    falls back on `setImmediate`, which is later but never too early.
 */

import perfHooks from 'node:perf_hooks';
import timers from 'node:timers';
import { assert } from '../../framework/assert';
import type { Cancel, Clock } from '../ports/clock';
import { genuine, isOpaqueMock, untrapped } from './genuine';

/** The longest delay `setTimeout` takes; a longer one would fire at once. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

const wallMs = untrapped(genuine(globalThis.Date, 'Date').now);
const sinceStart = untrapped(perfHooks.performance.now);
const performance = perfHooks.performance;
const setTimer = genuine(timers.setTimeout, 'setTimeout');
const clearTimer = genuine(timers.clearTimeout, 'clearTimeout');
const setTurn = genuine(timers.setImmediate, 'setImmediate');
const settled = Promise.resolve();
/** Costs less than queueMicrotask, which makes a resource of each. */
const microtask: (run: () => void) => unknown = settled.then.bind(settled);
const tick = genuine(process.nextTick, 'nextTick');
const nextTick: (done: () => void) => void = isOpaqueMock(tick)
  ? (done) => void setTurn(done)
  : (done) => Reflect.apply(tick, process, [done]);

const monotonicMs = (): number => sinceStart.call(performance);

export const systemClock: Clock = {
  now: () => wallMs(),
  monotonicMs,
  after,
  breathe: () => new Promise((resolve) => void setTurn(resolve)),
  drain: (done) => void microtask(() => nextTick(done)),
};

function after(delayMs: number, fire: () => void): Cancel {
  assert(delayMs >= 0 && Number.isFinite(delayMs), () => `a delay is finite and at least 0, not ${delayMs}`);
  const due = monotonicMs() + delayMs;
  let handle = wait(delayMs);
  return () => clearTimer(handle);

  function wait(leftMs: number): NodeJS.Timeout {
    return setTimer(ring, Math.min(Math.ceil(leftMs), LONGEST_TIMEOUT_MS));
  }
  function ring(): void {
    const leftMs = due - monotonicMs();
    if (leftMs > 0) handle = wait(leftMs);
    else fire();
  }
}

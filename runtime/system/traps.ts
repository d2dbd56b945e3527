/**
 * Traps: make the platform deterministic for the code of a step, and for nothing else (architecture §3, S3, S10).
 *
 * Owns: when the traps are put in place, and back in place after somebody replaced what they cover.
 * Does not own: what is trapped (`trap-time`, `trap-random`, `trap-effects`), which step runs (`framework/core/running`).
 *
 * Invariants: installing again changes nothing; `ensureTraps` before a step costs some property reads; outside steps
 * every trapped function does what it did before. Traps are never taken out: they are silent without steps.
 * A function that was captured before the first installation (`const { now } = Date` at the top of a module that was
 * loaded earlier) escapes them.
 */

import nodeModule from 'node:module';
import { trapEffects } from './trap-effects';
import { trapRandom } from './trap-random';
import { trapTime } from './trap-time';

/** What test frameworks and tools replace; each read once per `ensureTraps`. */
let seen: readonly unknown[] | null = null;

/** Puts every trap in place that is not. */
export function installTraps(): void {
  const changed = [trapTime(), trapRandom(), trapEffects()].includes(true);
  if (changed) nodeModule.syncBuiltinESMExports();
  seen = look();
}

/** As `installTraps`, when something that is trapped was replaced since: fake timers, a spied console. */
export function ensureTraps(): void {
  if (seen === null || isReplaced(seen)) installTraps();
}

function look(): readonly unknown[] {
  const g = globalThis;
  const { Date: date, Intl: intl, performance, crypto, console: out } = g;
  return [
    ...[date, date.now, g.setTimeout, g.setInterval, g.setImmediate, g.fetch, Math.random, intl],
    ...[performance, performance.now, crypto, crypto.randomUUID, process.hrtime],
    ...[out, out.log, out.info, out.warn, out.error, out.debug],
  ];
}

/** `look`, without its array: this runs before every step. */
function isReplaced(was: readonly unknown[]): boolean {
  const g = globalThis;
  const { Date: date, performance, crypto, console: out } = g;
  return (
    date !== was[0] ||
    date.now !== was[1] ||
    g.setTimeout !== was[2] ||
    g.setInterval !== was[3] ||
    g.setImmediate !== was[4] ||
    g.fetch !== was[5] ||
    Math.random !== was[6] ||
    g.Intl !== was[7] ||
    performance !== was[8] ||
    performance.now !== was[9] ||
    crypto !== was[10] ||
    crypto.randomUUID !== was[11] ||
    process.hrtime !== was[12] ||
    out !== was[13] ||
    out.log !== was[14] ||
    out.info !== was[15] ||
    out.warn !== was[16] ||
    out.error !== was[17] ||
    out.debug !== was[18]
  );
}

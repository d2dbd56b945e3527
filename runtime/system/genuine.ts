/**
 * Genuine: the functions of the platform as they are beneath our traps and beneath a test framework's fakes.
 *
 * Owns: how a trap names what it covers, and how a fake gives up what it covers.
 * Does not own: which functions are trapped (`traps`).
 *
 * Invariant: what cannot be looked beneath is answered as it is.
 */

/** Own property of every trap: the function beneath it, and the realm whose running step it asks. */
export const TRAP = Symbol.for('perdure.trap');

export interface TrapMark {
  readonly original: object;
  readonly realm: object;
}

/** The mark of a trap, null for anything else; a mark that is only inherited does not count. */
export function trapMark(value: unknown): TrapMark | null {
  if ((typeof value !== 'function' && typeof value !== 'object') || value === null) return null;
  return Object.hasOwn(value, TRAP) ? (value as { [TRAP]: TrapMark })[TRAP] : null;
}

/** What stands beneath traps of ours, of this or an earlier realm. */
export function untrapped<T>(value: T): T {
  let found: unknown = value;
  for (let mark = trapMark(found); mark !== null; mark = trapMark(found)) found = mark.original;
  return found as T;
}

/** What stands beneath traps, and beneath fake timers that keep the original (`@sinonjs/fake-timers`, so Jest's). */
export function genuine<T>(value: T, name: string): T {
  let found: unknown = untrapped(value);
  for (;;) {
    const clock: unknown = typeof found === 'function' ? (found as { clock?: unknown }).clock : undefined;
    if (typeof clock !== 'object' || clock === null) return found as T;
    const beneath: unknown = (clock as Record<string, unknown>)[`_${name}`];
    if (beneath === undefined || beneath === found) return found as T;
    found = untrapped(beneath);
  }
}

/** True for a mock that hides its original, such as the ones of Jest's legacy fake timers. */
export function isOpaqueMock(value: unknown): boolean {
  return typeof value === 'function' && '_isMockFunction' in value;
}

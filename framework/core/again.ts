/** Again: what `run()` returns to begin anew later (S22). */

const AGAIN = Symbol.for('perdure.again');

export interface Again {
  readonly [AGAIN]: true;
  readonly afterMs: number;
}

export function makeAgain(afterMs: number): Again {
  return { [AGAIN]: true, afterMs };
}

export function isAgain(value: unknown): value is Again {
  return typeof value === 'object' && value !== null && AGAIN in value;
}

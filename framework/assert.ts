/**
 * Assertions of our own mistakes: they stay on in production. The world's failures are handled, never asserted.
 */

export class AssertionError extends Error {
  override readonly name = 'PerdureAssertion';
}

/** A fact that is made from values is a function: it is asked for only when the condition fails. */
export function assert(condition: unknown, fact: string | (() => string)): asserts condition {
  if (!condition) throw new AssertionError(`Perdure assertion failed: ${typeof fact === 'string' ? fact : fact()}`);
}

export function unreachable(value: never, where: string): never {
  throw new AssertionError(`Perdure assertion failed: ${where} met ${String(value)}`);
}

/**
 * Assertions of our own mistakes: they stay on in production. The world's failures are handled, never asserted.
 */

export class AssertionError extends Error {
  override readonly name = 'PerdureAssertion';
}

export function assert(condition: unknown, fact: string): asserts condition {
  if (!condition) throw new AssertionError(`Perdure assertion failed: ${fact}`);
}

export function unreachable(value: never, where: string): never {
  throw new AssertionError(`Perdure assertion failed: ${where} met ${String(value)}`);
}

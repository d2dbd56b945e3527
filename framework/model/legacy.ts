/**
 * Legacy: recognises a call by the standard (TC39) decorator protocol, which carries no parameter types.
 */

import { PerdureError } from '../errors';

/** `second` is the decorator's second argument: the context object of a standard call, else a name or nothing. */
export function refuseStandard(word: string, second: unknown): void {
  if (typeof second !== 'object' || second === null) return;
  const cure = 'set experimentalDecorators and emitDecoratorMetadata in tsconfig.json (extend perdure/tsconfig.json)';
  throw new PerdureError('invalid_argument', `${word} was called as a standard decorator: ${cure}`);
}

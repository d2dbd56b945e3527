/**
 * Query: a read-only step (S8, S9).
 *
 * Owns: running a query and encoding its answer. Does not own: when its answer may leave.
 */

import { encodeValue } from '../codec/value';
import { DeterminismFault, PerdureError } from '../errors';
import { keyText } from '../model/identity';
import type { Instance } from './instance';
import { readOnly } from './read-only';

/** The encoded answer. Throws `internal` with what the query threw as its cause. */
export function answerQuery(instance: Instance, method: string, args: readonly unknown[]): Uint8Array {
  const name = `${keyText(instance.key)} ${method}()`;
  const query = (instance.object as Record<string, (...given: unknown[]) => unknown>)[method];
  try {
    const answer = readOnly(instance, `the query ${method}()`, () => query?.apply(instance.object, [...args]));
    if (answer instanceof Promise)
      throw new DeterminismFault(`${name}: a query answered a promise; it must be synchronous`);
    return encodeValue(answer, { classes: 'plain', path: `answer of ${method}()` });
  } catch (error) {
    throw new PerdureError('internal', `${name} failed: ${(error as Error).message}`, { cause: error });
  }
}

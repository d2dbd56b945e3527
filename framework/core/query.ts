/**
 * Query: a read-only step (S8, S9).
 *
 * Owns: running a query, and finding one that changed a field. Does not own: when its answer may leave.
 */

import { encodeValue } from '../codec/value';
import { DeterminismFault, PerdureError } from '../errors';
import { keyText } from '../model/identity';
import { assertUnchanged } from './execute';
import type { Instance } from './instance';
import { ReadOnlyScope } from './invocation';
import { runSync } from './running';

/** The encoded answer. Throws `internal` with what the query threw as its cause. */
export function answerQuery(instance: Instance, method: string, args: readonly unknown[]): Uint8Array {
  const name = `${keyText(instance.key)} ${method}()`;
  const before = instance.environment.checked() ? instance.encode() : null;
  const query = (instance.object as Record<string, (...given: unknown[]) => unknown>)[method];
  try {
    const scope = new ReadOnlyScope(name, 'a query', null);
    const answer = runSync(scope, () => query?.apply(instance.object, [...args]));
    if (answer instanceof Promise)
      throw new DeterminismFault(`${name}: a query answered a promise; it must be synchronous`);
    return encodeValue(answer, { classes: 'plain', path: `answer of ${method}()` });
  } catch (error) {
    throw new PerdureError('internal', `${name} failed: ${(error as Error).message}`, { cause: error });
  } finally {
    assertUnchanged(instance, before, `the query ${method}()`);
  }
}

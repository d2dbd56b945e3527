/**
 * Activity end: what the execution of a method comes to, as data; the same on a host and on a worker.
 *
 * Owns: encoding results, which errors are final. Does not own: what follows from it (`activity-runner`).
 */

import { toFailure } from '../../framework/codec/failure';
import { encodeValue } from '../../framework/codec/value';
import type { Failure } from '../../framework/core/history';
import { EntityFailure, PerdureError } from '../../framework/errors';
import type { TaskEnd } from '../ports/task-queues';

/** Never rejects. `where` is `group.method`. */
export async function endOf(run: () => Promise<unknown>, where: string, maxResultBytes: number): Promise<TaskEnd> {
  let value: unknown;
  try {
    value = await run();
  } catch (error) {
    const final = isNonRetryable(error);
    return { kind: 'failed', failure: final ? lastFailure(error) : toFailure(error), final };
  }
  let bytes: Uint8Array;
  try {
    bytes = encodeValue(value, { path: `result of ${where}` });
  } catch (error) {
    return { kind: 'unusable', code: 'invalid_result', failure: toFailure(error) };
  }
  if (bytes.length <= maxResultBytes) return { kind: 'value', value: bytes };
  const fact = `result of ${where} has ${bytes.length} bytes; at most ${maxResultBytes} are allowed: return a reference`;
  return { kind: 'unusable', code: 'too_large', failure: toFailure(new PerdureError('too_large', fact)) };
}

function isNonRetryable(error: unknown): error is { readonly nonRetryable: true } {
  return typeof error === 'object' && error !== null && 'nonRetryable' in error && error.nonRetryable === true;
}

/** A `NonRetryable` reaches the entity as a business failure with the author's code and details. */
function lastFailure(error: { readonly nonRetryable: true }): Failure {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return toFailure(error);
  const details = 'details' in error ? error.details : undefined;
  return toFailure(new EntityFailure(error.code, error.message, details, error.cause));
}

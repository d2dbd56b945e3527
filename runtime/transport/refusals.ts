/**
 * Refusals: what every transport says when it cannot carry a request, or nobody would take it.
 *
 * Owns: finding live values in what is to be carried (S10), and the errors. Does not own: who serves what.
 */

import { PerdureError } from '../../framework/errors';
import { isPlanted } from '../../framework/planted-bugs';
import { SILENCE_MS } from '../config';
import { addressOf } from '../wire/address';
import type { Reply, Request } from '../wire/envelope';

/** True if everything in it that must be encoded is. */
export function carriesBytes(request: Request): boolean {
  if (request.op === 'message') return isBytes(request.args);
  return request.op !== 'promise' || !request.outcome.ok || isBytes(request.outcome.value);
}

export function repliesBytes(reply: Reply): boolean {
  return !reply.ok || isBytes(reply.value);
}

/** Of any realm: a test framework runs its files in one of their own. */
function isBytes(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Uint8Array]';
}

export function notBytes(what: 'request' | 'reply', request: Request): PerdureError {
  const { type } = addressOf(request);
  return new PerdureError(
    'internal',
    `a ${what} of op ${request.op} for ${type} carries a live value: encode it first`,
  );
}

/** Nobody has received the request, and nobody will: sending it again is the same first attempt (S13, C14). */
export function notServed({ namespace, type }: { readonly namespace: string; readonly type: string }): PerdureError {
  return new PerdureError(
    'unavailable',
    `no host serves ${type} in namespace ${namespace}: start one that registers the class`,
    { reason: 'not_served' },
  );
}

/** The caller has stopped waiting. */
export function aborted(signal: AbortSignal): PerdureError {
  return new PerdureError('cancelled', 'the request was aborted before it was answered', { cause: signal.reason });
}

/** The request may have been acted on. */
export function silent(session: string, request: Request): PerdureError {
  if (isPlanted('silence-as-not-served')) return notServed(addressOf(request));
  const fact = `host ${session} has said nothing for ${SILENCE_MS} ms`;
  return new PerdureError('unavailable', `${fact}; the outcome is unknown: send again with the same id`);
}

export function closedError(): PerdureError {
  return new PerdureError('unavailable', 'the connection to the cluster was closed: connect again', {
    reason: 'final',
  });
}

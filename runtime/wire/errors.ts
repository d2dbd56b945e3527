/**
 * Errors on the wire: what a caller is told, as data and back.
 *
 * Owns: the mapping between errors thrown in a host, failures kept in a history, and what a caller sees.
 * Does not own: the table of codes (`framework/errors`), how a cause is kept (`codec/failure`).
 *
 * A caller always sees a PerdureError. A business failure is its code `failed`: `reason` is the author's code, with the
 * author's message and details, and `cause` is the chain below it, rebuilt. A bug is `internal` with the bug as cause.
 */

import { fromFailure, toFailure } from '../../framework/codec/failure';
import { decodeValue, encodeValue } from '../../framework/codec/value';
import type { Failure } from '../../framework/core/history';
import { ERROR_TABLE, PerdureError, isPerdureError } from '../../framework/errors';
import type { ErrorCode } from '../../framework/errors';
import type { WireError } from './envelope';

/** What a caller is told of any throwable: refusals keep their code, business failures are `failed`, bugs `internal`. */
export function toWireError(error: unknown): WireError {
  if (!isPerdureError(error)) return failureToWireError(toFailure(error));
  return {
    code: error.code,
    message: error.message,
    reason: error.reason ?? null,
    details: error.details === undefined ? null : encodeDetails(error.details),
    operation: error.operation ?? null,
    cause: error.cause === undefined ? null : toFailure(error.cause),
  };
}

/** What a caller is told of a recorded failure: the outcome of an update, of an operation, of `run()`. */
export function failureToWireError(failure: Failure): WireError {
  const { kind, message, details, cause } = failure;
  const told = { message, details, cause, operation: null };
  switch (kind) {
    case 'refusal':
      return toWireError(fromFailure(failure));
    case 'bug':
    case 'fault':
      return { ...told, code: 'internal', reason: null, cause: failure };
    case 'entity':
    case 'activity':
    case 'call':
    case 'timeout':
    case 'cancelled':
      return { ...told, code: 'failed', reason: failure.code };
  }
}

/** The PerdureError a caller sees. A code this version does not know is `internal`, and said so. */
export function fromWireError(error: WireError): PerdureError {
  return new PerdureError(tableCode(error.code), error.message, {
    ...(error.reason === null ? {} : { reason: error.reason }),
    ...(error.details === null ? {} : { details: decodeValue(error.details, 'details') }),
    ...(error.operation === null ? {} : { operation: error.operation }),
    ...(error.cause === null ? {} : { cause: fromFailure(error.cause) }),
  });
}

function tableCode(code: string): ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code) ? (code as ErrorCode) : 'internal';
}

/** Details that cannot be encoded are told as text: an error must not be lost over its details. */
function encodeDetails(details: unknown): Uint8Array {
  try {
    return encodeValue(details, { classes: 'plain' });
  } catch {
    return encodeValue(String(details).toWellFormed());
  }
}

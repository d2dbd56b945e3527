/**
 * Failure: errors as data, and back.
 *
 * Owns: which throwable is which kind of failure (S18), and the bounds of what is kept of one. Does not own: the
 * error classes (`errors`), what a failure does to an entity (`core`).
 *
 * Invariants: `toFailure` never throws, whatever it is given, and runs no accessor it can avoid; a failure has at most
 * 8 causes in a row counting itself, 4 KiB of message and 8 lines of stack.
 */

import type { Failure } from '../core/history';
import {
  ActivityFailure,
  CallFailure,
  CancelledFailure,
  DeterminismFault,
  EntityFailure,
  ERROR_TABLE,
  isBusinessFailure,
  isPerdureError,
  PerdureError,
  TimeoutFailure,
} from '../errors';
import type { ErrorCode, ErrorDetails } from '../errors';
import { decodeValue, encodeValue } from './value';

/** Failures in one cause chain, the outermost included. */
export const MAX_CAUSES = 8;
export const MAX_MESSAGE_BYTES = 4096;
export const MAX_CODE_BYTES = 256;
export const MAX_STACK_LINES = 8;
/** Longer details are replaced by a note. */
export const MAX_DETAILS_BYTES = 64 * 1024;

const FAULT_CODE = 'determinism_fault';

/** The encoded details of a refusal are this, or null where there is nothing of it. */
type Refusal = Pick<ErrorDetails, 'reason' | 'details' | 'operation'>;

const BUSINESS = {
  entity: EntityFailure,
  activity: ActivityFailure,
  call: CallFailure,
  timeout: TimeoutFailure,
  cancelled: CancelledFailure,
} as const;

/**
 * Anything that was thrown, as data: business failures keep class, code and details, refusals of the framework theirs
 * with reason and operation, bugs their name as the code. `as` makes it a bug or a fault whatever was thrown.
 */
export function toFailure(thrown: unknown, as: 'bug' | 'fault' | null = null): Failure {
  try {
    return failureOf(thrown, as, 1);
  } catch {
    const message = 'What was thrown cannot be read';
    return { kind: as ?? 'bug', code: 'Error', message, details: null, cause: null, stack: '' };
  }
}

/** The error again, of the right class and with its causes. A bug is an `Error` with the name and stack it had. */
export function fromFailure(failure: Failure): Error {
  const { kind, code, message } = failure;
  const cause = failure.cause === null ? undefined : fromFailure(failure.cause);
  switch (kind) {
    case 'bug':
    case 'fault':
      return bugFrom(failure, cause);
    case 'refusal': {
      const known = Object.hasOwn(ERROR_TABLE, code) ? (code as ErrorCode) : 'internal';
      return new PerdureError(known, message, { ...refusalOf(failure), cause });
    }
    default:
      return new BUSINESS[kind](code, message, detailsOf(failure), cause);
  }
}

function failureOf(thrown: unknown, as: 'bug' | 'fault' | null, depth: number): Failure {
  const { message, cause, stack, name } = errorParts(thrown);
  const next = cause === undefined || cause === null || depth === MAX_CAUSES ? null : failureOf(cause, null, depth + 1);
  if (as === null && isBusinessFailure(thrown)) {
    const kind = Object.hasOwn(BUSINESS, thrown.failure) ? thrown.failure : 'entity';
    const code = cut(String(thrown.code), MAX_CODE_BYTES);
    return { kind, code, message, details: encodeDetails(thrown.details), cause: next, stack: '' };
  }
  if (as === null && isPerdureError(thrown)) {
    return { kind: 'refusal', code: thrown.code, message, details: encodeRefusal(thrown), cause: next, stack: '' };
  }
  const kind = as ?? (isFault(thrown) ? 'fault' : 'bug');
  return { kind, code: kind === 'fault' ? FAULT_CODE : name, message, details: null, cause: next, stack };
}

function isFault(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === FAULT_CODE;
}

/** What an error of any realm has; for anything else thrown, its text. */
function errorParts(thrown: unknown): { name: string; message: string; cause: unknown; stack: string } {
  if (typeof thrown !== 'object' || thrown === null || !('message' in thrown)) {
    const text = Object(thrown) === thrown ? Object.prototype.toString.call(thrown) : String(thrown);
    return {
      name: 'Thrown',
      message: cut(`Something that is no error was thrown, ${typeof thrown}: ${text}`, MAX_MESSAGE_BYTES),
      cause: null,
      stack: '',
    };
  }
  const { name, message, cause, stack } = thrown as { [K in 'name' | 'message' | 'cause' | 'stack']?: unknown };
  const lines = typeof stack === 'string' ? stack.split('\n', MAX_STACK_LINES).join('\n') : '';
  return {
    name: typeof name === 'string' ? cut(name, MAX_CODE_BYTES) : 'Error',
    message: cut(String(message), MAX_MESSAGE_BYTES),
    cause,
    stack: cut(lines, MAX_MESSAGE_BYTES),
  };
}

function bugFrom(failure: Failure, cause: Error | undefined): Error {
  const { kind, code, message, stack } = failure;
  const error = kind === 'fault' ? new DeterminismFault(message) : new Error(message);
  if (cause !== undefined) hide(error, 'cause', cause);
  if (kind === 'bug') hide(error, 'name', code);
  hide(error, 'stack', stack === '' ? `${code}: ${message}` : stack);
  return error;
}

function encodeRefusal({ reason, details, operation }: PerdureError): Uint8Array | null {
  if (reason === undefined && details === undefined && operation === undefined) return null;
  const kept: Record<string, unknown> = {};
  if (reason !== undefined) kept['reason'] = cut(reason, MAX_CODE_BYTES);
  if (operation !== undefined) kept['operation'] = operation.toWellFormed();
  if (details !== undefined) kept['details'] = encodable(details);
  return encodeValue(kept, { classes: 'plain' });
}

function refusalOf(failure: Failure): Refusal {
  const kept = detailsOf(failure);
  return typeof kept === 'object' && kept !== null ? kept : { details: kept };
}

function encodeDetails(details: unknown): Uint8Array | null {
  return details === undefined ? null : encodeValue(encodable(details), { classes: 'plain' });
}

/** The details, or a note why they are not kept. */
function encodable(details: unknown): unknown {
  try {
    const { length } = encodeValue(details, { classes: 'plain', path: 'details' });
    return length <= MAX_DETAILS_BYTES ? details : `(left out: details of ${length} bytes)`;
  } catch (error) {
    return `(left out: ${cut((error as Error).message, MAX_CODE_BYTES)})`;
  }
}

function detailsOf(failure: Failure): unknown {
  if (failure.details === null) return undefined;
  try {
    return decodeValue(failure.details, 'details');
  } catch (error) {
    return `(cannot be read: ${cut((error as Error).message, MAX_CODE_BYTES)})`;
  }
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

/** Well-formed, and at most `maxBytes` of UTF-8; what is cut ends in an ellipsis. */
function cut(text: string, maxBytes: number): string {
  const whole = text.toWellFormed();
  if (whole.length * 3 <= maxBytes || Buffer.byteLength(whole) <= maxBytes) return whole;
  const { read } = new TextEncoder().encodeInto(whole, new Uint8Array(maxBytes - 3));
  return `${whole.slice(0, read)}…`;
}

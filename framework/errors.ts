/**
 * Errors: the one table from which classes, statuses, exit codes and the reference page come.
 *
 * Owns: the codes callers see, whether a retry makes sense, and the error classes authors and callers meet.
 * Does not own: how a failure travels (`codec/failure`).
 *
 * Errors are recognised by `code`, never by `instanceof`: two copies of the package may meet in one process.
 */

/** What a caller may do: `no`; `same-id`: send again with the same message id; `later`: after a pause. */
export type Retry = 'no' | 'same-id' | 'later';

export const ERROR_TABLE = {
  invalid_argument: { retry: 'no', when: 'arguments do not parse or validate; unknown method; bad id' },
  rejected: { retry: 'no', when: 'the @Validate method refused' },
  failed: { retry: 'no', when: 'a business failure ended the update; code, message, details, cause chain' },
  internal: { retry: 'no', when: "a bug in the update's first step" },
  held: { retry: 'same-id', when: 'recorded behind a held input; runs once that is cured; carries the operation' },
  not_found: { retry: 'no', when: 'query, describe or history of an entity that never existed' },
  completed: { retry: 'no', when: 'the entity has completed and its type refuses more' },
  conflict: {
    retry: 'no',
    when: 'the same message id with another payload, or (`too_old`) one whose outcome is no longer kept',
  },
  deadlock: { retry: 'no', when: 'the call chain already holds this entity; names the chain' },
  too_large: { retry: 'no', when: 'payload or state over its limit (1 MiB by default, configurable)' },
  deadline_exceeded: { retry: 'same-id', when: 'no answer in time; the outcome is unknown' },
  unavailable: { retry: 'same-id', when: 'no host serves the type, or the store cannot be reached' },
  resource_exhausted: { retry: 'later', when: 'mailbox, dedupe or rate limit reached' },
  cancelled: { retry: 'no', when: 'the operation was cancelled' },
  terminated: { retry: 'no', when: 'the entity was terminated' },
  unauthenticated: { retry: 'no', when: 'credentials are missing or wrong' },
  permission_denied: { retry: 'no', when: 'the credentials lack the right' },
} as const satisfies Record<string, { retry: Retry; when: string }>;

export type ErrorCode = keyof typeof ERROR_TABLE;

export interface ErrorDetails {
  /** Finer reason within a code, such as `too_old` or the code of an EntityFailure. */
  readonly reason?: string;
  /** Details an EntityFailure was given. */
  readonly details?: unknown;
  /** Operation id to follow, with `held` and `deadline_exceeded` of a submitted update (S16). */
  readonly operation?: string;
  readonly cause?: unknown;
}

/** What the framework tells a caller, an operator or an author. The message names entity, fact and remedy. */
export class PerdureError extends Error {
  override readonly name: string = 'PerdureError';
  readonly code: ErrorCode;
  readonly reason: string | undefined;
  readonly details: unknown;
  readonly operation: string | undefined;

  constructor(code: ErrorCode, message: string, more: ErrorDetails = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.reason = more.reason;
    this.details = more.details;
    this.operation = more.operation;
  }

  get retry(): Retry {
    return ERROR_TABLE[this.code].retry;
  }
}

/** A business failure an author throws (S18). `code` is the author's own word; `details` any encodable value. */
export class EntityFailure extends Error {
  override readonly name: string = 'EntityFailure';
  /** How a failure is recognised across copies of the package. */
  readonly failure: 'entity' | 'activity' | 'call' | 'timeout' | 'cancelled' = 'entity';
  readonly code: string;
  readonly details: unknown;

  constructor(code: string, message: string = code, details?: unknown, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}

/** An activity ended without a result: non-retryable, out of attempts, or skipped. `cause` is its last failure. */
export class ActivityFailure extends EntityFailure {
  override readonly name: string = 'ActivityFailure';
  override readonly failure = 'activity';
}

/** A call to another entity failed; `cause` is the remote chain (S30). */
export class CallFailure extends EntityFailure {
  override readonly name: string = 'CallFailure';
  override readonly failure = 'call';
}

/** A durable wait ran out of time: an activity's startToClose, scheduleToClose, scheduleToStart or heartbeat. */
export class TimeoutFailure extends EntityFailure {
  override readonly name: string = 'TimeoutFailure';
  override readonly failure = 'timeout';
}

/** A durable wait was cancelled. */
export class CancelledFailure extends EntityFailure {
  override readonly name: string = 'CancelledFailure';
  override readonly failure = 'cancelled';
}

/** Code of an entity did what replay could not repeat. A bug of the author's: it holds the entity (S18, S19). */
export class DeterminismFault extends Error {
  override readonly name: string = 'DeterminismFault';
  readonly code = 'determinism_fault';
}

/** True for business failures (S18), of whichever copy of the package. */
export function isBusinessFailure(error: unknown): error is EntityFailure {
  return error instanceof Error && 'failure' in error && 'code' in error && typeof error.failure === 'string';
}

export function isPerdureError(error: unknown): error is PerdureError {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code in ERROR_TABLE &&
    !('failure' in error)
  );
}

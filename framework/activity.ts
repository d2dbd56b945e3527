/**
 * `perdure/activity`: what the code of an activity may ask of the attempt that runs it.
 *
 * Activities are executed at least once. `activityInfo().idempotencyKey` is the same for every attempt of one activity:
 * hand it to the service that is called, so that a second attempt changes nothing.
 */

import { activityScope } from './core/activity-scope';
import type { ActivityInfo, ActivityScope } from './core/activity-scope';
import { PerdureError } from './errors';

export type { ActivityInfo } from './core/activity-scope';

/** Facts of the running attempt. Throws `invalid_argument` outside an activity. */
export function activityInfo(): ActivityInfo {
  return here('activityInfo()').info;
}

/**
 * Says that the activity is alive and how far it got. `details` is any value that an entity could keep; the latest
 * reaches the next attempt as `activityInfo().lastHeartbeat`. With the option `heartbeat` a silence longer than it ends
 * the attempt. Throws `invalid_argument` outside an activity and for details that cannot be encoded.
 */
export function heartbeat(details?: unknown): void {
  here('heartbeat()').heartbeat(details);
}

export interface NonRetryableOptions {
  /** The author's own word for what happened, default `non_retryable`. */
  readonly code?: string;
  /** Any value that an entity could keep. */
  readonly details?: unknown;
  readonly cause?: unknown;
}

/** Thrown by an activity when another attempt would be of no use; the entity gets an ActivityFailure at once. */
export class NonRetryable extends Error {
  override readonly name: string = 'NonRetryable';
  /** How it is recognised: any error with this property set to true is not retried. */
  readonly nonRetryable = true;
  readonly code: string;
  readonly details: unknown;

  constructor(message: string, options: NonRetryableOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code ?? 'non_retryable';
    this.details = options.details;
  }
}

function here(what: string): ActivityScope {
  const scope = activityScope();
  if (scope === null) {
    throw new PerdureError(
      'invalid_argument',
      `${what} was called outside an activity: call it in a method of an activity group that a host serves, ` +
        `and before the method's promise settles`,
    );
  }
  return scope;
}

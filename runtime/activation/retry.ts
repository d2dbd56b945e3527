/**
 * Retry: when an activity is tried again, and what its time limits say, as pure arithmetic.
 *
 * Owns: the pause between attempts, the failures that are made of limits.
 * Does not own: the clock, the attempts (`activity-runner`).
 */

import type { ActivityOptions, Failure } from '../../framework/core/history';
import { RETRY_JITTER } from '../config';

/** Pause in milliseconds after `failures` failed attempts, at most the policy's; `float` in [0, 1) takes a little off. */
export function retryDelayMs(options: ActivityOptions, failures: number, float: number): number {
  const grown = options.retryInitialMs * options.retryFactor ** (failures - 1);
  const pause = options.retryMaximumMs > 0 ? Math.min(grown, options.retryMaximumMs) : grown;
  return Math.min(pause, Number.MAX_SAFE_INTEGER) * (1 - RETRY_JITTER * float);
}

export function isOutOfAttempts(options: ActivityOptions, failures: number): boolean {
  return options.attempts > 0 && failures >= options.attempts;
}

export type ActivityLimit = 'startToClose' | 'scheduleToClose' | 'scheduleToStart' | 'heartbeat';

const LIMITS: Readonly<Record<ActivityLimit, { code: string; option: keyof ActivityOptions; what: string }>> = {
  startToClose: { code: 'start_to_close', option: 'startToCloseMs', what: 'an attempt ran longer than' },
  scheduleToClose: { code: 'schedule_to_close', option: 'scheduleToCloseMs', what: 'it did not succeed within' },
  scheduleToStart: { code: 'schedule_to_start', option: 'scheduleToStartMs', what: 'no attempt could start within' },
  heartbeat: { code: 'heartbeat', option: 'heartbeatMs', what: 'an attempt sent no heartbeat for' },
};

/** `where` is `group.method`. */
export function limitFailure(
  limit: ActivityLimit,
  options: ActivityOptions,
  where: string,
  cause: Failure | null,
): Failure {
  const { code, option, what } = LIMITS[limit];
  const message = `activity ${where}: ${what} ${limit} (${String(options[option])} ms)`;
  return { kind: 'timeout', code, message, details: null, cause, stack: '' };
}

export type ActivityEnd = 'non_retryable' | 'out_of_attempts' | 'invalid_result' | 'too_large';

/** What the entity gets when an activity ends without a result; its cause is the last failure. */
export function activityFailure(code: ActivityEnd, where: string, attempts: number, cause: Failure): Failure {
  const times = attempts === 1 ? 'attempt 1' : `${attempts} attempts`;
  const message = `activity ${where} failed after ${times}: ${cause.message}`;
  return { kind: 'activity', code, message, details: null, cause, stack: '' };
}

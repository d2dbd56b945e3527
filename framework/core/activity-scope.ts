/**
 * Activity scope: which activity's code runs right now.
 *
 * Owns: one AsyncLocalStorage under a global symbol, so that two copies of the package in one process agree.
 * Does not own: attempts and their limits (`runtime/activation/activity-runner`), what authors call (`activity`).
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import type { EntityKey } from '../model/identity';

/** What an activity may know about the attempt that runs it. */
export interface ActivityInfo {
  /** The same for every attempt of this activity, never that of another: `namespace/type/id/effect`, each part URI-encoded. */
  readonly idempotencyKey: string;
  /** The entity that asked for it. */
  readonly entity: EntityKey;
  readonly group: string;
  readonly method: string;
  /** Counted from 1. */
  readonly attempt: number;
  /** When the entity asked, milliseconds since the epoch. */
  readonly scheduledAt: number;
  /** When this attempt times out, milliseconds since the epoch; null without a limit. */
  readonly deadline: number | null;
  /** Aborted when the attempt has timed out or nobody wants its result any more; `signal.reason` says why. */
  readonly signal: AbortSignal;
  /** What the last `heartbeat(details)` of an earlier attempt said, decoded; undefined without one. */
  readonly lastHeartbeat: unknown;
}

export interface ActivityScope {
  readonly info: ActivityInfo;
  /** Encodes `details` before it returns. Ignored once the attempt has ended. */
  heartbeat(details: unknown): void;
}

const SLOT = Symbol.for('perdure.activity');
const holder = globalThis as { [SLOT]?: AsyncLocalStorage<ActivityScope> };
const storage = (holder[SLOT] ??= new AsyncLocalStorage());

/** The scope of the running activity, null elsewhere. */
export function activityScope(): ActivityScope | null {
  return storage.getStore() ?? null;
}

/** Runs `body` and all its continuations as the code of an activity. */
export function runActivity<T>(scope: ActivityScope, body: () => T): T {
  return storage.run(scope, body);
}

/**
 * Activity attempt: one execution of an activity's method.
 *
 * Owns: what the running code sees (`ActivityScope`), its abort signal, its last heartbeat.
 * Does not own: when it starts or ends, and what comes after (`activity-runner`).
 *
 * Invariants: arguments are decoded for each attempt, so that none sees what another did to them (S10); the signal and
 * the facts are made when they are first asked for; after `end` a heartbeat is ignored.
 */

import type { ActivityInfo, ActivityScope } from '../../framework/core/activity-scope';
import { runActivity } from '../../framework/core/activity-scope';
import { decodeValue, encodeValue } from '../../framework/codec/value';
import type { EntityKey } from '../../framework/model/identity';
import { isPlanted } from '../../framework/planted-bugs';
import type { Task } from '../ports/task-queues';

export type ActivityMethod = (...args: unknown[]) => unknown;

export interface AttemptFacts extends Omit<Task, 'queue' | 'limitMs'> {
  /** Milliseconds since the epoch, null without a limit. */
  readonly deadline: number | null;
}

export class Attempt implements ActivityScope {
  private made: ActivityInfo | null = null;
  private readonly aborter = new AbortController();
  private ended = false;

  constructor(
    private readonly facts: AttemptFacts,
    private readonly beat: (details: Uint8Array) => void,
  ) {}

  get info(): ActivityInfo {
    return (this.made ??= this.describe());
  }

  heartbeat(details: unknown): void {
    if (this.ended) return;
    this.beat(encodeValue(details, { path: 'heartbeat details' }));
  }

  /** Runs the method. Rejects with what it throws, or with the codec's error where its arguments cannot be decoded. */
  async run(target: object, method: ActivityMethod): Promise<unknown> {
    const args = decodeValue(this.facts.args, 'arguments') as unknown[];
    return await runActivity(this, () => Reflect.apply(method, target, args));
  }

  /** Nobody listens to this attempt any more; with a reason its code is told through the signal. */
  end(reason: Error | null): void {
    this.ended = true;
    if (reason !== null) this.abort(reason);
  }

  /** Tells the code to stop; its result still counts. */
  abort(reason: Error): void {
    this.aborter.abort(reason);
  }

  private describe(): ActivityInfo {
    const { key, effect, group, method, attempt, scheduledAt, deadline, heartbeat } = this.facts;
    return {
      idempotencyKey: idempotencyKey(key, effect) + (isPlanted('key-per-attempt') ? `.${attempt}` : ''),
      entity: key,
      group,
      method,
      attempt,
      scheduledAt,
      deadline,
      signal: this.aborter.signal,
      lastHeartbeat: heartbeat === null ? undefined : decodeValue(heartbeat, 'heartbeat details'),
    };
  }
}

/** Never equal for two activities: each part is URI-encoded, so that no id can contain a bare `/`. */
export function idempotencyKey(key: EntityKey, effect: number): string {
  return [key.namespace, key.type, key.id].map(encodeURIComponent).join('/') + `/${effect}`;
}

/** The method of a group's object, or null. What every object inherits is no activity. */
export function activityMethod(target: object | undefined, name: string): ActivityMethod | null {
  if (target === undefined || name === 'constructor' || name in Object.prototype) return null;
  const found: unknown = (target as Record<string, unknown>)[name];
  return typeof found === 'function' ? (found as ActivityMethod) : null;
}

/**
 * Activity runner: runs released activities until each has an outcome, at least once (S15, S18).
 *
 * Owns: starting, limits, retries, their notes and descriptions. Does not own: what an outcome does to the entity, the
 * code of activities, where notes are kept.
 *
 * Invariants:
 * 1. An activity that waits costs no timer: one alarm serves them all.
 * 2. `done` is called at most once, never after `cancel` or `stop`; a late result of an ended attempt is ignored.
 * 3. Only a failed attempt counts against `attempts`; one cut short by a crash or a drain, or that found no such method,
 *    does not: the next build may have it.
 * 4. The note of an activity is deleted only after `done` has settled, so that a crash goes on counting.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { assert } from '../../framework/assert';
import { toFailure } from '../../framework/codec/failure';
import { encodeValue } from '../../framework/codec/value';
import type { Failure, Outcome } from '../../framework/core/history';
import { CancelledFailure, EntityFailure, PerdureError, TimeoutFailure } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { ACTIVITY_DRAIN_MS, MAX_RESULT_BYTES, MAX_RUNNING_ACTIVITIES } from '../config';
import type { Clock } from '../ports/clock';
import type { Entropy } from '../ports/entropy';
import type { Log } from '../ports/telemetry';
import type { ActivityDescription } from '../wire/description';
import { activityMethod, Attempt } from './activity-attempt';
import type { ActivityMethod } from './activity-attempt';
import { Job } from './activity-job';
import type { Done, OpenActivity } from './activity-job';
import { ActivitySlots } from './activity-slots';
import { Alarm } from './alarm';
import { DueQueue } from './due-queue';
import { activityFailure, isOutOfAttempts, limitFailure, retryDelayMs } from './retry';
import type { ActivityEnd, ActivityLimit } from './retry';

export type { OpenActivity } from './activity-job';

export interface ActivityRunnerOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** The served groups by name: an object of functions each. */
  readonly groups: ReadonlyMap<string, object>;
  /** Keeps or, with null, deletes the note of an activity. Must not throw. */
  readonly notes: (key: EntityKey, effect: number, bytes: Uint8Array | null) => void;
  /** Shared by all runners of a host; MAX_RUNNING_ACTIVITIES of its own when absent. */
  readonly slots?: ActivitySlots;
  readonly maxResultBytes?: number;
  /** How long `drain` waits for attempts that run. */
  readonly drainMs?: number;
}

export type CancelReason = 'terminate' | 'skip' | 'passivate';

/** What `queueMicrotask` would do, which fake timers replace. */
const soon = Promise.resolve();

export class ActivityRunner {
  private readonly jobs = new Map<string, Map<number, Job>>();
  private readonly due = new DueQueue<Job>();
  private readonly ready = new DueQueue<Job>();
  private readonly attempts = new Set<Attempt>();
  private readonly alarm: Alarm;
  /** Runs code outside the async context of whoever calls: an activity is no part of a step. */
  private readonly outside = AsyncLocalStorage.snapshot();
  /** Attempts begun so far. */
  starts = 0;
  private state: 'open' | 'draining' | 'stopped' = 'open';
  private pumping = false;
  private quiet: (() => void) | null = null;
  private readonly slots: ActivitySlots;
  private readonly pumpAgain = (): void => {
    if (this.ready.size === 0 || this.state !== 'open') this.slots.pass();
    else this.pumpSoon();
  };

  constructor(private readonly options: ActivityRunnerOptions) {
    this.slots = options.slots ?? new ActivitySlots(MAX_RUNNING_ACTIVITIES);
    this.alarm = new Alarm(options.clock, () => this.outside(() => this.ring()));
  }

  /** Attempts that run now. */
  get running(): number {
    return this.attempts.size;
  }

  /** Activities that would start at once if there were room. */
  get queued(): number {
    return this.ready.size;
  }

  /** Takes an activity whose scheduling is committed; it starts after this call, never in it. */
  schedule(activity: OpenActivity, done: Done): void {
    if (this.state !== 'open') return;
    const { clock } = this.options;
    const now = clock.monotonicMs();
    const text = mapKey(activity.key);
    const ofEntity = this.jobs.get(text) ?? new Map<number, Job>();
    assert(!ofEntity.has(activity.effect), () => `${keyText(activity.key)}: effect ${activity.effect} is new`);
    const job = new Job(activity, done, clock.now(), now);
    this.jobs.set(text, ofEntity.set(activity.effect, job));
    if (job.state === 'ready') this.enqueue(job, now);
    else this.watch(job);
  }

  /** Forgets an open activity; its running attempt is told through its signal. Unknown ones are ignored. */
  cancel(key: EntityKey, effect: number, reason: CancelReason): void {
    const job = this.jobs.get(mapKey(key))?.get(effect);
    if (job !== undefined) this.drop(job, reason);
  }

  /** As `cancel`, for every open activity of an entity. With `passivate` their notes stay. */
  cancelAll(key: EntityKey, reason: CancelReason): void {
    for (const job of [...(this.jobs.get(mapKey(key))?.values() ?? [])]) this.drop(job, reason);
  }

  describe(key: EntityKey): ActivityDescription[] {
    const jobs = [...(this.jobs.get(mapKey(key))?.values() ?? [])];
    return jobs.map((job) => job.describe()).sort((a, b) => a.effect - b.effect);
  }

  /** Starts nothing more, tells running attempts to stop, and waits for them, at most so long; then stops. */
  async drain(atMostMs = this.options.drainMs ?? ACTIVITY_DRAIN_MS): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'draining';
    this.alarm.set(Infinity);
    for (const attempt of this.attempts) attempt.abort(cancelled('the host drains'));
    if (this.attempts.size > 0) {
      await new Promise<void>((resolve) => {
        const giveUp = this.options.clock.after(atMostMs, resolve);
        this.quiet = () => {
          giveUp();
          resolve();
        };
      });
    }
    this.stop();
  }

  /** Forgets everything; attempts still running are told and their results ignored. Notes stay. */
  stop(): void {
    this.state = 'stopped';
    this.alarm.set(Infinity);
    for (const ofEntity of this.jobs.values()) for (const job of ofEntity.values()) job.state = 'gone';
    for (const attempt of this.attempts) {
      attempt.end(cancelled('the host stops'));
      this.slots.give();
    }
    this.attempts.clear();
    this.jobs.clear();
    this.due.clear();
    this.ready.clear();
    this.slots.leave(this.pumpAgain);
  }

  private enqueue(job: Job, now: number): void {
    job.state = 'ready';
    job.readyAt = now;
    job.queued = this.ready.add(now, job);
    this.watch(job);
    this.pumpSoon();
  }

  private pumpSoon(): void {
    if (this.pumping || this.ready.size === 0) return;
    this.pumping = true;
    void soon.then(() => {
      this.pumping = false;
      while (this.state === 'open' && this.ready.size > 0 && this.slots.take(this.pumpAgain)) {
        const next = this.ready.take(Infinity);
        assert(next !== null, 'a queue of activities with a size has a first one');
        next.value.queued = null;
        if (!this.start(next.value)) this.slots.give();
      }
      if (this.ready.size === 0) this.slots.pass();
    });
  }

  /** False when it has no code here. */
  private start(job: Job): boolean {
    const { clock, groups } = this.options;
    const { key, effect, group, method, args, scheduledAt, options } = job.activity;
    const target = groups.get(group);
    const code = activityMethod(target, method);
    if (target === undefined || code === null) return this.missed(job);
    job.misses = 0;
    job.state = 'running';
    job.startedAt = job.beatAt = clock.monotonicMs();
    const limit = Math.min(
      options.startToCloseMs > 0 ? job.startedAt + options.startToCloseMs : Infinity,
      job.closesAt,
    );
    const deadline = limit === Infinity ? null : clock.now() + (limit - job.startedAt);
    const facts = {
      key,
      effect,
      group,
      method,
      args,
      attempt: job.failures + 1,
      scheduledAt,
      deadline,
      heartbeat: job.beat,
    };
    const attempt = new Attempt(facts, (details) => this.heard(job, details));
    job.attempt = attempt;
    this.attempts.add(attempt);
    this.starts += 1;
    this.watch(job);
    this.outside(() => void this.execute(job, attempt, target, code));
    return true;
  }

  private async execute(job: Job, attempt: Attempt, target: object, code: ActivityMethod): Promise<void> {
    let value: unknown;
    try {
      value = await attempt.run(target, code);
    } catch (error) {
      if (job.attempt !== attempt) return;
      this.leave(job, null);
      const final = isNonRetryable(error);
      return this.failed(job, final ? lastFailure(error) : toFailure(error), final);
    }
    if (job.attempt !== attempt) return;
    this.leave(job, null);
    this.succeeded(job, value);
  }

  private succeeded(job: Job, value: unknown): void {
    const most = this.options.maxResultBytes ?? MAX_RESULT_BYTES;
    let bytes: Uint8Array;
    try {
      bytes = encodeValue(value, { path: `result of ${job.where}` });
    } catch (error) {
      return this.giveUp(job, 'invalid_result', toFailure(error));
    }
    if (bytes.length > most) {
      const fact = `result of ${job.where} has ${bytes.length} bytes; at most ${most} are allowed: return a reference`;
      return this.giveUp(job, 'too_large', toFailure(new PerdureError('too_large', fact)));
    }
    this.finish(job, { ok: true, value: bytes });
  }

  /** An attempt has failed: again, or never again. */
  private failed(job: Job, failure: Failure, final: boolean): void {
    const { options } = job.activity;
    if (this.state !== 'open' && !final) return this.sayIdle();
    job.failures += 1;
    job.lastFailure = failure;
    const { group, method } = job.activity;
    const fields = { entity: keyText(job.activity.key), group, method, attempt: job.failures, code: failure.code };
    this.options.log.warn(fields, `attempt of an activity failed: ${failure.message}`);
    if (final) return this.giveUp(job, 'non_retryable', failure);
    if (isOutOfAttempts(options, job.failures)) return this.giveUp(job, 'out_of_attempts', failure);
    this.retry(job, job.failures);
  }

  private missed(job: Job): false {
    const { group, method, key } = job.activity;
    const known = this.options.groups.has(group);
    const fact = known ? `group '${group}' has no method '${method}'` : `no group '${group}' is served here`;
    const message = `${fact}: deploy a build that serves ${job.where}, or skip the invocation that waits for it`;
    job.misses += 1;
    job.lastFailure = { kind: 'bug', code: 'unknown_activity', message, details: null, cause: null, stack: '' };
    this.options.log.warn({ entity: keyText(key), group, method }, message);
    this.retry(job, job.failures + job.misses);
    return false;
  }

  private retry(job: Job, failures: number): void {
    const { clock, entropy } = this.options;
    const now = clock.monotonicMs();
    job.wait(retryDelayMs(job.activity.options, failures, entropy.float()), clock.now(), now);
    this.writeNote(job, now);
    this.watch(job);
    this.pumpSoon();
  }

  private heard(job: Job, details: Uint8Array): void {
    if (job.state !== 'running') return;
    const now = this.options.clock.monotonicMs();
    if (job.heard(details, now)) this.writeNote(job, now);
    else if (job.due === null || job.noteAt < job.due.at) this.watch(job);
  }

  private ring(): void {
    const now = this.options.clock.monotonicMs();
    for (let next = this.due.take(now); next !== null; next = this.due.take(now)) {
      next.value.due = null;
      this.happen(next.value, now);
    }
    this.alarm.set(this.due.nextAt);
  }

  private happen(job: Job, now: number): void {
    if (job.closesAt <= now) return this.timeOut(job, 'scheduleToClose');
    if (job.startLimitAt <= now) return this.timeOut(job, 'scheduleToStart');
    if (job.runLimitAt <= now) return this.cutShort(job, 'startToClose');
    if (job.silenceLimitAt <= now) return this.cutShort(job, 'heartbeat');
    if (job.noteAt <= now) this.writeNote(job, now);
    if (job.state === 'waiting' && job.nextAttemptAt <= now) this.enqueue(job, now);
    else this.watch(job);
  }

  /** A limit that surfaces at once. */
  private timeOut(job: Job, limit: ActivityLimit): void {
    const failure = limitFailure(limit, job.activity.options, job.where, job.lastFailure);
    this.leave(job, new TimeoutFailure(failure.code, failure.message));
    this.finish(job, { ok: false, failure });
  }

  /** A limit that ends the attempt and counts as its failure. */
  private cutShort(job: Job, limit: ActivityLimit): void {
    const failure = limitFailure(limit, job.activity.options, job.where, null);
    this.leave(job, new TimeoutFailure(failure.code, failure.message));
    this.failed(job, failure, false);
  }

  private giveUp(job: Job, code: ActivityEnd, cause: Failure): void {
    this.finish(job, { ok: false, failure: activityFailure(code, job.where, job.failures || 1, cause) });
  }

  private finish(job: Job, outcome: Outcome): void {
    this.remove(job);
    const { key, effect } = job.activity;
    void (async () => {
      try {
        await job.done(outcome);
        if (job.noted) this.options.notes(key, effect, null);
      } catch (error) {
        this.options.log.error({ entity: keyText(key), effect, error }, 'the outcome of an activity was not taken');
      }
    })();
    this.sayIdle();
  }

  private drop(job: Job, reason: CancelReason): void {
    this.leave(job, cancelled(`the activity was dropped (${reason})`));
    this.remove(job);
    if (job.noted && reason !== 'passivate') this.options.notes(job.activity.key, job.activity.effect, null);
    this.sayIdle();
  }

  /** Ends the job's attempt, if one runs. */
  private leave(job: Job, reason: Error | null): void {
    if (job.attempt === null) return;
    job.attempt.end(reason);
    if (this.attempts.delete(job.attempt)) this.slots.give();
    job.attempt = null;
  }

  private remove(job: Job): void {
    job.state = 'gone';
    if (job.due !== null) this.due.remove(job.due);
    if (job.queued !== null) this.ready.remove(job.queued);
    const text = mapKey(job.activity.key);
    const ofEntity = this.jobs.get(text);
    ofEntity?.delete(job.activity.effect);
    if (ofEntity?.size === 0) this.jobs.delete(text);
    if (this.jobs.size === 0) this.alarm.set(Infinity);
    this.pumpSoon();
  }

  private watch(job: Job): void {
    if (job.due !== null) this.due.remove(job.due);
    const at = job.nextEventAt;
    job.due = at === Infinity ? null : this.due.add(at, job);
    if (this.state === 'open') this.alarm.set(this.due.nextAt);
  }

  private writeNote(job: Job, now: number): void {
    this.options.notes(job.activity.key, job.activity.effect, job.note(now));
  }

  private sayIdle(): void {
    if (this.attempts.size === 0) this.quiet?.();
  }
}

/** Types and namespaces contain no NUL, so that no two keys share a text. */
function mapKey(key: EntityKey): string {
  return `${key.namespace}\0${key.type}\0${key.id}`;
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

function cancelled(fact: string): CancelledFailure {
  return new CancelledFailure('cancelled', fact);
}

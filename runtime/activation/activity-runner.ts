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
 * 4. The note of an activity is deleted only once its outcome is taken: else failed attempts go on counting.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { assert } from '../../framework/assert';
import type { Failure, Outcome } from '../../framework/core/history';
import { CancelledFailure, TimeoutFailure } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { ACTIVITY_DRAIN_MS, MAX_RESULT_BYTES, MAX_RUNNING_ACTIVITIES } from '../config';
import type { Clock } from '../ports/clock';
import type { Entropy } from '../ports/entropy';
import type { TaskEnd, TaskQueues } from '../ports/task-queues';
import type { Log } from '../ports/telemetry';
import type { ActivityDescription } from '../wire/description';
import { activityMethod, Attempt } from './activity-attempt';
import type { ActivityMethod } from './activity-attempt';
import { endOf } from './activity-end';
import { Job } from './activity-job';
import type { Done, OpenActivity } from './activity-job';
import { ActivitySlots } from './activity-slots';
import { Alarm } from './alarm';
import { DueQueue } from './due-queue';
import { RemoteAttempt } from './remote-attempt';
import { activityFailure, isOutOfAttempts, limitFailure, retryDelayMs } from './retry';
import type { ActivityEnd, ActivityLimit } from './retry';

export type { OpenActivity } from './activity-job';

export interface ActivityRunnerOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** The served groups by name: an object of functions each. */
  readonly groups: ReadonlyMap<string, object>;
  /** Where activities with a queue run, and those of groups that are not served here; without it there are no others. */
  readonly tasks?: TaskQueues;
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
  /** Those that run. */
  private readonly attempts = new Set<Attempt | RemoteAttempt>();
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
    for (const ofEntity of this.jobs.values()) {
      for (const job of ofEntity.values()) {
        job.state = 'gone';
        this.leave(job, cancelled('the host stops'));
      }
    }
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

  /** False when it does not run here. */
  private start(job: Job): boolean {
    const { clock, groups, tasks } = this.options;
    const { group, method, options } = job.activity;
    const target = groups.get(group);
    if (tasks !== undefined && (options.queue !== '' || target === undefined)) return this.offer(job, tasks);
    const code = activityMethod(target, method);
    if (target === undefined || code === null) return this.missed(job, this.unknown(job));
    this.began(job);
    const { limitMs, ...asked } = job.attemptAt(job.startedAt);
    const facts = { ...asked, deadline: limitMs === null ? null : clock.now() + limitMs };
    const attempt = new Attempt(facts, (details) => this.heard(job, details));
    job.attempt = attempt;
    this.attempts.add(attempt);
    this.watch(job);
    this.outside(() => void this.execute(job, attempt, target, code));
    return true;
  }

  private async execute(job: Job, attempt: Attempt, target: object, code: ActivityMethod): Promise<void> {
    const most = this.options.maxResultBytes ?? MAX_RESULT_BYTES;
    const end = await endOf(() => attempt.run(target, code), job.where, most);
    if (job.attempt === attempt) this.ended(job, end);
  }

  /** It stays ready until a worker has begun it. */
  private offer(job: Job, tasks: TaskQueues): false {
    const isCurrent = (): boolean => job.attempt === attempt;
    const attempt: RemoteAttempt = new RemoteAttempt(tasks, job.attemptAt(this.options.clock.monotonicMs()), {
      began: () => {
        if (!isCurrent() || this.attempts.has(attempt)) return;
        if (this.state !== 'open') return this.leave(job, cancelled('the host drains'));
        this.began(job);
        this.attempts.add(attempt);
        this.watch(job);
      },
      beat: (details) => isCurrent() && this.heard(job, details),
      ended: (end) => isCurrent() && this.ended(job, end),
    });
    job.attempt = attempt;
    return false;
  }

  private began(job: Job): void {
    job.misses = 0;
    job.state = 'running';
    job.startedAt = job.beatAt = this.options.clock.monotonicMs();
    this.starts += 1;
  }

  private ended(job: Job, end: TaskEnd): void {
    this.leave(job, null);
    switch (end.kind) {
      case 'value':
        return this.finish(job, { ok: true, value: end.value });
      case 'failed':
        return this.failed(job, end.failure, end.final);
      case 'unusable':
        return this.giveUp(job, end.code, end.failure);
      case 'unknown':
        return void this.missed(job, { code: 'unknown_activity', message: `a worker has no ${job.where}: deploy one` });
      case 'lost':
        return void this.missed(job, { code: 'worker_lost', message: `${job.where}: ${end.why}` });
    }
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

  /** Nobody has run it to an end: again, and it does not count against `attempts`. */
  private missed(job: Job, { code, message }: Pick<Failure, 'code' | 'message'>): false {
    const { group, method, key } = job.activity;
    job.misses += 1;
    job.lastFailure = { kind: 'bug', code, message, details: null, cause: null, stack: '' };
    this.options.log.warn({ entity: keyText(key), group, method }, message);
    if (this.state === 'open') this.retry(job, job.failures + job.misses);
    this.sayIdle();
    return false;
  }

  private unknown({ activity: { group, method }, where }: Job): Pick<Failure, 'code' | 'message'> {
    const known = this.options.groups.has(group);
    const fact = known ? `group '${group}' has no method '${method}'` : `no group '${group}' is served here`;
    const message = `${fact}: deploy a build that serves ${where}, or skip the invocation that waits for it`;
    return { code: 'unknown_activity', message };
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
        const taken = await job.done(outcome);
        if (taken && job.noted) this.options.notes(key, effect, null);
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
    if (this.attempts.delete(job.attempt) && job.attempt instanceof Attempt) this.slots.give();
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

function cancelled(fact: string): CancelledFailure {
  return new CancelledFailure('cancelled', fact);
}

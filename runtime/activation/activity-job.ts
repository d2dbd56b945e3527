/**
 * Activity job: one open activity and where it stands.
 *
 * Owns: the state between attempts, when something next happens to it, its description and its note.
 * Does not own: what happens then (`activity-runner`).
 *
 * Times named `At` are monotonic milliseconds unless they say `wall`.
 */

import type { ActivityOptions, Failure, Outcome } from '../../framework/core/history';
import type { EntityKey } from '../../framework/model/identity';
import { isPlanted } from '../../framework/planted-bugs';
import { HEARTBEAT_NOTE_MS } from '../config';
import type { Task } from '../ports/task-queues';
import type { ActivityDescription } from '../wire/description';
import type { Attempt } from './activity-attempt';
import { decodeNote, encodeNote } from './activity-note';
import type { DueEntry } from './due-queue';
import type { RemoteAttempt } from './remote-attempt';

/** An activity whose scheduling is durable and fenced. */
export interface OpenActivity {
  readonly key: EntityKey;
  readonly effect: number;
  readonly group: string;
  readonly method: string;
  readonly args: Uint8Array;
  readonly options: ActivityOptions;
  /** Step time at which the entity asked, milliseconds since the epoch. */
  readonly scheduledAt: number;
  /** What an earlier run noted of it, null without. */
  readonly note: Uint8Array | null;
}

/** Whether the entity has taken it; else it is asked for again, and failed attempts go on counting. */
export type Done = (outcome: Outcome) => Promise<boolean>;

export class Job {
  state: 'waiting' | 'ready' | 'running' | 'gone' = 'ready';
  failures = 0;
  /** Consecutive starts that found no such method; they count for the pause, not against `attempts`. */
  misses = 0;
  lastFailure: Failure | null = null;
  /** Encoded details of the last heartbeat. */
  beat: Uint8Array | null = null;
  /** A note of it stands in the store. */
  noted: boolean;
  /** The one that runs, or one that a worker is sought for. */
  attempt: Attempt | RemoteAttempt | null = null;
  /** When it became ready, or its attempt started or last beat. */
  readyAt = 0;
  startedAt = 0;
  beatAt = 0;
  nextAttemptAt = 0;
  wallNextAttemptAt: number;
  /** When scheduleToClose is over. */
  closesAt: number;
  /** When a heartbeat that was not noted must be; Infinity without one. */
  noteAt = Infinity;
  private notedAt = -Infinity;
  /** Its places in the runner's queues. */
  due: DueEntry<Job> | null = null;
  queued: DueEntry<Job> | null = null;

  constructor(
    readonly activity: OpenActivity,
    readonly done: Done,
    wallNow: number,
    now: number,
  ) {
    const { options, scheduledAt, note } = activity;
    const limit = options.scheduleToCloseMs;
    this.closesAt = limit > 0 ? now + Math.max(0, scheduledAt + limit - wallNow) : Infinity;
    this.noted = note !== null;
    this.wallNextAttemptAt = wallNow;
    const known = note === null ? null : decodeNote(note);
    if (known === null) return;
    this.failures = isPlanted('attempts-begin-anew') ? 0 : known.failures;
    this.lastFailure = known.lastFailure;
    this.beat = known.heartbeat;
    if (known.nextAttemptAt === null) return;
    const left = Math.min(known.nextAttemptAt - wallNow, options.retryMaximumMs || Infinity);
    if (left > 0) this.wait(left, wallNow, now);
  }

  get where(): string {
    return `${this.activity.group}.${this.activity.method}`;
  }

  /** One more attempt of it, should that begin now. */
  attemptAt(now: number): Task {
    const { key, effect, group, method, args, scheduledAt, options } = this.activity;
    const limitMs = Math.min(options.startToCloseMs || Infinity, this.closesAt - now);
    const asked = { key, effect, group, method, args, scheduledAt, queue: options.queue };
    return {
      ...asked,
      attempt: this.failures + 1,
      limitMs: limitMs === Infinity ? null : limitMs,
      heartbeat: this.beat,
    };
  }

  wait(delayMs: number, wallNow: number, now: number): void {
    this.state = 'waiting';
    this.nextAttemptAt = now + delayMs;
    this.wallNextAttemptAt = wallNow + delayMs;
  }

  get startLimitAt(): number {
    const { scheduleToStartMs } = this.activity.options;
    return this.state === 'ready' && scheduleToStartMs > 0 ? this.readyAt + scheduleToStartMs : Infinity;
  }

  get runLimitAt(): number {
    const { startToCloseMs } = this.activity.options;
    return this.state === 'running' && startToCloseMs > 0 ? this.startedAt + startToCloseMs : Infinity;
  }

  get silenceLimitAt(): number {
    const { heartbeatMs } = this.activity.options;
    return this.state === 'running' && heartbeatMs > 0 ? this.beatAt + heartbeatMs : Infinity;
  }

  /** When something happens to it by itself; Infinity when nothing does. */
  get nextEventAt(): number {
    const retryAt = this.state === 'waiting' ? this.nextAttemptAt : Infinity;
    return Math.min(retryAt, this.closesAt, this.startLimitAt, this.runLimitAt, this.silenceLimitAt, this.noteAt);
  }

  /** Takes a heartbeat; true when it is to be noted at once. Otherwise `noteAt` says when. */
  heard(details: Uint8Array, now: number): boolean {
    this.beat = details;
    this.beatAt = now;
    if (now - this.notedAt >= HEARTBEAT_NOTE_MS) return true;
    this.noteAt = Math.min(this.noteAt, this.notedAt + HEARTBEAT_NOTE_MS);
    return false;
  }

  note(now: number): Uint8Array {
    this.noted = true;
    this.notedAt = now;
    this.noteAt = Infinity;
    const nextAttemptAt = this.state === 'running' ? null : this.wallNextAttemptAt;
    return encodeNote({ failures: this.failures, lastFailure: this.lastFailure, nextAttemptAt, heartbeat: this.beat });
  }

  describe(): ActivityDescription {
    const { effect, group, method, scheduledAt } = this.activity;
    const running = this.state === 'running';
    return {
      effect,
      group,
      method,
      scheduledAt,
      attempt: this.failures + 1,
      running,
      lastFailure: this.lastFailure,
      nextAttemptAt: running ? null : this.wallNextAttemptAt,
    };
  }
}

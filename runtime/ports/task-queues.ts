/**
 * Task queues: attempts of activities that run in worker processes (C17).
 *
 * Invariants of an adapter:
 * 1. What was offered is told `began` at most once before `ended`, and `ended` once, unless it is dropped before.
 * 2. `lost` says that a worker may have begun and nobody will hear how it ended: the attempt is made again (S15).
 * 3. Nothing is told within `offer`.
 */

import type { Failure } from '../../framework/core/history';
import type { EntityKey } from '../../framework/model/identity';

/** One attempt of an activity, as plain data. */
export interface Task {
  /** Empty: any worker that serves the group and is bound to no other queue. */
  readonly queue: string;
  readonly key: EntityKey;
  readonly effect: number;
  readonly group: string;
  readonly method: string;
  readonly args: Uint8Array;
  readonly attempt: number;
  readonly scheduledAt: number;
  /** How long it may take from its begin; null without a limit. */
  readonly limitMs: number | null;
  /** Encoded details of the last heartbeat of an earlier attempt. */
  readonly heartbeat: Uint8Array | null;
}

export type TaskEnd =
  | { readonly kind: 'value'; readonly value: Uint8Array }
  /** `final`: no other attempt is to be made. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly final: boolean }
  /** The method returned what cannot be a result. */
  | { readonly kind: 'unusable'; readonly code: 'invalid_result' | 'too_large'; readonly failure: Failure }
  /** It has no such group or method. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'lost'; readonly why: string };

/** Who hears of a task. */
export interface TaskEars {
  began(): void;
  beat(details: Uint8Array): void;
  ended(end: TaskEnd): void;
}

export interface Offered {
  /** Tells the code to stop; how it ends is told all the same. */
  stop(reason: string): void;
  /** As `stop`, and nothing more is told. */
  drop(reason: string): void;
}

/** A host's end. */
export interface TaskQueues {
  /** Offers it to workers until one takes it. */
  offer(task: Task, ears: TaskEars): Offered;
}

/** What a worker does with a task. */
export interface Execution {
  /** Never rejects. */
  readonly ended: Promise<TaskEnd>;
  stop(reason: string): void;
}

export type Execute = (task: Task, beat: (details: Uint8Array) => void) => Execution;

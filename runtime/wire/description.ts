/**
 * Description: what `describe` and `history` show of an entity, as plain data for people and tools.
 */

import type { Failure } from '../../framework/core/history';
import type { EntityStatus, IndexedValue } from '../ports/history-store';

export interface ActivityDescription {
  readonly effect: number;
  readonly group: string;
  readonly method: string;
  readonly scheduledAt: number;
  /** The attempt that runs now or comes next, from 1. */
  readonly attempt: number;
  readonly running: boolean;
  readonly lastFailure: Failure | null;
  /** When the next attempt starts, milliseconds since the epoch; null while one runs. */
  readonly nextAttemptAt: number | null;
}

export interface InvocationDescription {
  readonly number: number;
  readonly method: string;
  readonly since: number;
  /** What it waits for: `sleep`, `condition`, `promise NAME`, `activity GROUP.METHOD`. */
  readonly parkedOn: readonly string[];
}

/** Why messages wait (S7). */
export interface BlockedDescription {
  /** The exclusive invocation that holds the others. */
  readonly by: string;
  readonly on: readonly string[];
  readonly since: number;
  readonly attempt: number;
  readonly lastFailure: Failure | null;
  /** Messages admitted behind it. */
  readonly waiting: number;
}

export interface HeldDescription {
  readonly failure: Failure;
  readonly build: string;
  readonly since: number;
  readonly input: string;
  /** Tries under the present build since activation. */
  readonly retries: number;
  readonly nextRetryAt: number | null;
}

export interface EntityDescription {
  readonly namespace: string;
  readonly type: string;
  readonly id: string;
  readonly status: EntityStatus;
  readonly seq: number;
  readonly epoch: number;
  readonly build: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly fields: Readonly<Record<string, IndexedValue>>;
  readonly run: 'none' | 'running' | 'waiting' | 'completed' | 'failed';
  readonly invocations: readonly InvocationDescription[];
  readonly blocked: BlockedDescription | null;
  readonly held: HeldDescription | null;
  readonly activities: readonly ActivityDescription[];
  readonly timers: readonly {
    readonly effect: number;
    readonly purpose: string;
    readonly method: string;
    readonly due: number;
  }[];
  /** Messages admitted and not applied yet. */
  readonly admitted: number;
  /** Business failures of signals, newest last, at most 10. */
  readonly failures: readonly { readonly method: string; readonly at: number; readonly failure: Failure }[];
  /** Unhandled rejections of its code since activation (S4). */
  readonly floating: number;
  readonly turnsSinceSnapshot: number;
  /** More turns than `maxTurnsSinceSnapshot` have to be replayed to load it (S24). */
  readonly unbounded: boolean;
  /** Message ids remembered, and caller-given ids that went early (S11). */
  readonly remembered: number;
  readonly forgottenEarly: number;
  /** Settings of the store under which acknowledged work can be lost (C11). */
  readonly unsafe: readonly string[];
}

/** One entry of a history as `history` shows it: values decoded where they can be. */
export interface HistoryEntry {
  readonly seq: number;
  readonly index: number;
  readonly kind: 'admit' | 'apply' | 'hold' | 'snapshot' | 'digest' | 'fence' | 'seal';
  readonly time: number | null;
  readonly build: string;
  /** For instance `update redeem`, `activity mail.voucher`, `timer sleep`, `run`. */
  readonly input: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Answer of op `history`, encoded as a value: entries in order, and the seq to go on from, null at the end. */
export interface HistoryPage {
  readonly entries: readonly HistoryEntry[];
  readonly next: number | null;
}

/**
 * History: the durable contract of an entity, as plain data.
 *
 * Owns: the shapes of inputs, entries, consequences and records (S1, S2, S26a). A history is an ordered chain of
 * records; a record of kind `turn` holds entries; an entry admits or applies one input.
 * Does not own: their bytes (`codec/`), their execution (`turn`, `replay`), where they are kept (`runtime/store`).
 *
 * Invariants: a record is immutable once appended; state depends on the order of `apply` entries only (S2); an undone
 * entry runs no code on replay (S17); seq, invocation and effect numbers are never reused (S15).
 */

import type { MessageId, Position } from '../model/identity';

/** Kinds of rows, reserved from the first version (S26a). The numbers are on disk: never renumber. */
export const ROW_KIND = { turn: 1, snapshot: 2, digest: 3, fence: 4, seal: 5, marker: 6, reset: 7 } as const;
export type RowKind = keyof typeof ROW_KIND;

/** Version of the set of consequences that replay compares (S26); recorded with each turn. */
export const COMPARED_SET = 1;

/**
 * A failure as data. `kind` says which error class shows it: `entity`, `activity`, `call`, `timeout`, `cancelled` are
 * business failures (S18); `bug` is any other throwable, `fault` a determinism fault, and `refusal` the framework's own
 * answer, whose `code` is of the error table.
 */
export interface Failure {
  readonly kind: 'entity' | 'activity' | 'call' | 'timeout' | 'cancelled' | 'bug' | 'fault' | 'refusal';
  readonly code: string;
  readonly message: string;
  /** An encoded value (codec/value), null when there is none. */
  readonly details: Uint8Array | null;
  readonly cause: Failure | null;
  /** First lines of the stack of a bug, for people; empty otherwise. */
  readonly stack: string;
}

/** What an invocation, an activity or a promise came to. `value` is an encoded value. */
export type Outcome =
  { readonly ok: true; readonly value: Uint8Array } | { readonly ok: false; readonly failure: Failure };

/** One fact from outside (S1); `condition` is the framework's own finding that a waiting predicate is true (S6). */
export type Input =
  | {
      readonly kind: 'message';
      readonly message: 'signal' | 'update';
      readonly method: string;
      /** The encoded array of arguments, after they were built and validated (S10). */
      readonly args: Uint8Array;
      readonly id: MessageId;
      /** Counted from 1 by the sender (S13). */
      readonly attempt: number;
      /** True when the caller asked for acceptance only and follows the operation (S16). */
      readonly submitted: boolean;
    }
  | { readonly kind: 'activity'; readonly effect: number; readonly outcome: Outcome }
  | { readonly kind: 'timer'; readonly effect: number }
  | { readonly kind: 'condition'; readonly effect: number }
  | { readonly kind: 'promise'; readonly name: string; readonly outcome: Outcome }
  /** `run()` starts its first round (S21). */
  | { readonly kind: 'run' }
  /** `run()` has returned: parked invocations end as `completed`, and with nothing admitted left so does the entity (S23). */
  | { readonly kind: 'complete' }
  | { readonly kind: 'operator'; readonly action: 'hold' | 'resume' | 'skip' | 'terminate'; readonly reason: string };

/** Why an input is held (S2, S19). */
export interface HeldMark {
  readonly failure: Failure;
  readonly build: string;
  /** Results of `sideEffect` that the failed step had drawn: they are kept across the undo (S10). */
  readonly kept: readonly { readonly ordinal: number; readonly value: Uint8Array }[];
}

/** What a timer does when it is due. */
export type TimerPurpose = 'sleep' | 'timeout' | 'again' | 'reminder' | 'every';

/** What a step asked of the world or decided, in order. `owner` is the invocation number that asked. */
export type Consequence =
  | {
      readonly kind: 'activity';
      readonly effect: number;
      readonly owner: number;
      readonly group: string;
      readonly method: string;
      /** The encoded array of arguments. */
      readonly args: Uint8Array;
      readonly options: ActivityOptions;
      /** False for `enqueue`. */
      readonly awaited: boolean;
    }
  | {
      readonly kind: 'timer';
      readonly effect: number;
      readonly owner: number;
      readonly purpose: TimerPurpose;
      /** Milliseconds since the epoch. */
      readonly due: number;
      /** The `@Reminder`, `@Signal` or `@Every` method to call; empty for other purposes. */
      readonly method: string;
      /** The encoded array of arguments of a reminder; null for other purposes. */
      readonly args: Uint8Array | null;
    }
  /** A reminder was forgotten; with owner 0, an `@Every` method that the class has no longer. */
  | { readonly kind: 'forget'; readonly owner: number; readonly method: string }
  /** `timeout` is the effect number of the timer that ends the wait, 0 without one. */
  | { readonly kind: 'condition'; readonly effect: number; readonly owner: number; readonly timeout: number }
  | { readonly kind: 'promise'; readonly effect: number; readonly owner: number; readonly name: string }
  | { readonly kind: 'patch'; readonly owner: number; readonly id: string; readonly value: boolean }
  | { readonly kind: 'sideEffect'; readonly owner: number; readonly ordinal: number; readonly value: Uint8Array }
  /** The invocation has ended. For `run()` this completes the entity, unless a timer `again` was set in the step. */
  | { readonly kind: 'outcome'; readonly owner: number; readonly outcome: Outcome };

/** Options of an activity, resolved when it is scheduled. Durations in milliseconds; 0 means no limit. */
export interface ActivityOptions {
  readonly startToCloseMs: number;
  readonly scheduleToCloseMs: number;
  readonly scheduleToStartMs: number;
  readonly heartbeatMs: number;
  /** Attempts in all; 0 means unlimited. */
  readonly attempts: number;
  readonly retryInitialMs: number;
  readonly retryMaximumMs: number;
  readonly retryFactor: number;
  /** Task queue; empty for the default one. */
  readonly queue: string;
}

/** ADMIT makes an input durable without running user code (S2). */
export interface AdmitEntry {
  readonly kind: 'admit';
  readonly time: number;
  readonly input: Input;
  readonly held: HeldMark | null;
}

/** APPLY ran the input's step (S2): the input inline, or the position of its ADMIT. */
export interface ApplyEntry {
  readonly kind: 'apply';
  /** Step time, milliseconds since the epoch; never less than the previous entry's (S6). */
  readonly time: number;
  readonly source: { readonly input: Input } | { readonly admitted: Position };
  /** The step failed and was undone (S17): the failure is the message's outcome; no consequences are kept. */
  readonly undone: Failure | null;
  readonly consequences: readonly Consequence[];
}

/** An input admitted before has failed and now holds the entity (S2). */
export interface HoldEntry {
  readonly kind: 'hold';
  readonly time: number;
  readonly admitted: Position;
  readonly held: HeldMark;
}

export type Entry = AdmitEntry | ApplyEntry | HoldEntry;

/** Reference to the record before, null for the first of a key. `hash`: SHA-256 of its bytes, first 16. */
export interface Link {
  readonly seq: number;
  readonly epoch: number;
  readonly hash: Uint8Array;
}

/** The stored fields of the entity class and of the `@Value` classes, each list sorted (S25). */
export interface Schema {
  readonly fields: readonly string[];
  readonly values: Readonly<Record<string, readonly string[]>>;
}

/** 32-bit hash of each encoded field, in the order of `schema.fields` (S25). */
export type FieldHashes = Uint32Array;

interface Header {
  readonly seq: number;
  readonly epoch: number;
  readonly prev: Link | null;
  readonly build: string;
}

export interface TurnRecord extends Header {
  readonly kind: 'turn';
  readonly compared: number;
  /** Present in the first record of a key: when it was created, and the seed of its randomness (two 32-bit words). */
  readonly birth: { readonly time: number; readonly seed: readonly [number, number] } | null;
  readonly entries: readonly Entry[];
  /** Null when the record is not digested (S25); `schema` is present when it differs from the last one in the chain. */
  readonly digest: FieldHashes | null;
  readonly schema: Schema | null;
}

/** Defines the state at its seq (S24): legal only while no invocation is parked. */
export interface SnapshotRecord extends Header {
  readonly kind: 'snapshot';
  readonly schema: Schema;
  /** All fields, as `codec/fields` wrote them. */
  readonly fields: Uint8Array;
  /** The ledger's image (`ledger.ts`), as an encoded value. */
  readonly ledger: Uint8Array;
}

/** Digest of the state at passivation where a snapshot is not legal (S25). */
export interface DigestRecord extends Header {
  readonly kind: 'digest';
  readonly schema: Schema;
  readonly digest: FieldHashes;
}

/** A new owner's first row above what it adopted (C6). Says nothing of the state. */
export interface FenceRecord extends Header {
  readonly kind: 'fence';
}

/** The last row of its bucket (C8). Says nothing of the state. */
export interface SealRecord extends Header {
  readonly kind: 'seal';
}

export type HistoryRecord = TurnRecord | SnapshotRecord | DigestRecord | FenceRecord | SealRecord;

/**
 * Wait: a pending durable promise, and who waits for it.
 *
 * Owns: the shapes that steps, invocations and the instance share. Does not own: their behaviour.
 */

import type { MessageId } from '../model/identity';
import type { DurablePromise } from './durable-promise';

export type WaitKind = 'sleep' | 'condition' | 'activity' | 'promise';

/** A pending durable promise and what settles it. */
export interface Wait {
  readonly effect: number;
  readonly kind: WaitKind;
  readonly owner: Waiter;
  /** For people: `sleep`, `condition`, `promise approval`, `activity mail.voucher`. */
  readonly label: string;
  readonly promise: DurablePromise<unknown>;
  /** Of a condition; null otherwise. */
  readonly predicate: (() => boolean) | null;
  /** Effect number of the timer that ends a condition's wait; 0 without one. */
  readonly timeout: number;
}

export type InvocationKind = 'signal' | 'update' | 'reminder' | 'every' | 'run';

/** What an invocation was begun as. */
export interface Origin {
  readonly number: number;
  readonly kind: InvocationKind;
  readonly method: string;
  readonly exclusive: boolean;
  readonly since: number;
  /** The message that began it; null for those the framework began. */
  readonly message: MessageId | null;
}

export type Finish = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/** An invocation as the rest of the core sees it (`invocation`). */
export interface Waiter {
  readonly origin: Origin;
  readonly number: number;
  readonly name: string;
  waits: Wait[];
  readonly finished: Finish | null;
  abandoned: boolean;
  /** A pending durable promise can still advance it (S3). */
  readonly parked: boolean;
  /** Parked as in a monitor: on conditions and promises only, which give up exclusivity (S7). */
  readonly released: boolean;
}

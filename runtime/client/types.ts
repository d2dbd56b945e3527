/**
 * Types: what callers see of a client (api.md, "Callers").
 */

import type { Duration } from '../../framework/model/duration';
import type { EntityReference, Handle } from '../../framework/model/handle';
import type { EntityDescription, HistoryEntry } from '../wire/description';
import type { DeadLetter, DeadLetterOptions } from './dead-letters';
import type { CountOptions, HistoryOptions, ListOptions, ListedEntity } from './directory';
import type { ReplyInfo } from './exchange';
import type { Operation, WaitOptions } from './operation';

/** Any handle that `entity`, `call` or `submit` gave. */
export type AnyHandle = object;

export interface CallOptions {
  /**
   * Names the message for 30 days, 1 to 512 bytes: the same id with the same arguments is applied once and answered
   * with the first outcome (S12); with others it is a `conflict`. Queries ignore it.
   */
  readonly messageId?: string;
  /** Longest wait for the answer, 30 s by default; then `deadline_exceeded`, and the outcome is not known. */
  readonly timeout?: Duration;
  /** Ends the wait with `cancelled`, never the message. */
  readonly signal?: AbortSignal;
  /** Called once with the answer, before the call settles. */
  readonly onReply?: (info: ReplyInfo) => void;
}

/** The same methods, each resolving with an operation as soon as its message is durable (S16). */
export type Submitting<H> = {
  readonly [K in keyof H]: H[K] extends (...args: infer A) => Promise<infer R>
    ? (...args: A) => Promise<Operation<R>>
    : never;
};

/** Every method rejects with a PerdureError. None but the messages of a handle changes an entity's fields. */
export interface PerdureClient {
  readonly namespace: string;

  /** A handle on one entity, by class or contract. Nothing is sent; the entity need not exist. */
  entity<T>(reference: EntityReference<T>, id: string): Handle<T>;
  /** The same handle on other terms. */
  call<H extends AnyHandle>(handle: H, options: CallOptions): H;
  /** The same methods, accepted instead of awaited: for updates that take days. Queries are refused. */
  submit<H extends AnyHandle>(handle: H, options?: CallOptions): Submitting<H>;
  /** An operation by its id, in any process. Throws `invalid_argument` for what is no operation id. */
  operation<T = unknown>(id: string): Operation<T>;

  /** `not_found` for an entity that never existed. */
  describe(handle: AnyHandle): Promise<EntityDescription>;
  list<T>(options: ListOptions<T>): AsyncIterableIterator<ListedEntity>;
  count<T>(options: CountOptions<T>): Promise<number>;
  /** Every entry of its history, oldest first. */
  history(handle: AnyHandle, options?: HistoryOptions): AsyncIterableIterator<HistoryEntry>;

  /** Stops applying messages; they are admitted and wait. */
  hold(handle: AnyHandle, reason?: string): Promise<void>;
  /** Tries a held input again, or ends a `hold`. */
  resume(handle: AnyHandle, reason?: string): Promise<void>;
  /** Ends the held invocation (S19). Not repeated by the client once a host may have received it. */
  skip(handle: AnyHandle, reason?: string): Promise<void>;
  terminate(handle: AnyHandle, reason?: string): Promise<void>;
  /** What `run()` returned, once it has; rejects with `failed` when it failed. Waits without limit by default. */
  result<R = unknown>(handle: AnyHandle, options?: WaitOptions): Promise<R>;
  /** Completes `promise(name)` of the entity with a value, or fails it with an EntityFailure. */
  completePromise(handle: AnyHandle, name: string, outcome: unknown): Promise<void>;

  /** Signals that the inbox took and a host then refused, the oldest first; of a transport with an inbox (C16). */
  deadLetters<T>(options?: DeadLetterOptions<T>): AsyncIterableIterator<DeadLetter>;
  /** Takes it off the list; ignores one that is not there. */
  discardDeadLetter(letter: Pick<DeadLetter, 'seq'>): Promise<void>;

  /** Ends every wait with `unavailable`, reason `closed`. */
  close(): Promise<void>;
}

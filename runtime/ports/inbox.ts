/**
 * Inbox: keeps signals for types that no host serves at the moment, and shows what was refused from it (C16).
 *
 * Invariants of an adapter:
 * 1. What `put` has resolved for is kept until `remove` or `bury`, whatever ends or begins in between; nothing is dropped
 *    to make room. A message that is put twice may be there twice: whoever applies it knows its id (S12).
 * 2. `next` gives the messages of one key in the order in which they were put (C15).
 * 3. Several hosts may read the same messages; nothing is reserved.
 * 4. Every call rejects with a PerdureError; `unavailable` when its outcome is not known.
 */

import type { EntityKey } from '../../framework/model/identity';
import type { MessageRequest, WireError } from '../wire/envelope';

export interface Address {
  readonly namespace: string;
  readonly type: string;
}

/** A caller's end. */
export interface CallerInbox {
  /** When what was put is on disk: `always` before it is acknowledged, a time in ms after that, or `unknown`. */
  readonly sync: InboxSync;
  /** True if a host serves the type at the moment: then the inbox is not for it. */
  served(address: Address): Promise<boolean>;
  /** Resolves once it is kept. `resource_exhausted` when the inbox is full, `too_large` for a message that it cannot hold. */
  put(message: MessageRequest): Promise<void>;
  /** True while any message for the key is here. */
  holds(key: EntityKey): Promise<boolean>;
}

export type InboxSync = 'always' | 'unknown' | { readonly afterMs: number };

export interface Kept {
  /** Counts up; greater than that of any message put before. */
  readonly seq: number;
  /** Null when its bytes cannot be read. */
  readonly message: MessageRequest | null;
}

/** A host's end. */
export interface HostInbox {
  /** The first message for the type whose seq is greater than `after`; null if there is none. */
  next(address: Address, after: number): Promise<Kept | null>;
  /** The message is applied and committed. Ignores one that is not here. */
  remove(seq: number): Promise<void>;
  /** The message was refused for good: it goes to the dead letters. */
  bury(address: Address, kept: Kept, error: WireError): Promise<void>;
}

export interface DeadMessage {
  readonly seq: number;
  readonly address: Address;
  readonly message: MessageRequest | null;
  readonly error: WireError;
  /** Wall clock of whoever keeps it. */
  readonly diedAt: number;
}

/** An operator's end. */
export interface DeadLetters {
  /** As `HostInbox.next`; of all types of the namespace if none is given. */
  nextDead(address: { readonly namespace: string; readonly type?: string }, after: number): Promise<DeadMessage | null>;
  /** Ignores one that is not here. */
  discardDead(seq: number): Promise<void>;
}

export interface Inbox extends CallerInbox, HostInbox, DeadLetters {}

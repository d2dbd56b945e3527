/**
 * Mailbox: what has arrived for one entity and has not been looked at (S6).
 *
 * Owns: two FIFO queues, continuations and messages, and their bound. Does not own: which is next (`core/choose`).
 */

import type { Input } from '../../framework/core/history';
import type { MessageRequest } from '../wire/envelope';
import type { Answer } from './replies';

type MessageInput = Extract<Input, { kind: 'message' }>;

/** A message on its way in; `args` as they were built, null where `error` says why they were refused. */
export interface Delivery {
  readonly request: MessageRequest;
  /** Null for a query. */
  readonly input: MessageInput | null;
  readonly args: readonly unknown[] | null;
  readonly error: unknown;
  readonly answer: Answer;
}

/** An input from inside the host, or of an operator; `settled` is called once it is durable or refused. */
export interface Continuation {
  readonly input: Input;
  readonly settled: Answer | null;
}

export class Mailbox {
  /** Null when empty: nearly all mailboxes are (P11). */
  private messages: Delivery[] | null = null;
  private continuations: Continuation[] | null = null;
  private messageAt = 0;

  get size(): number {
    return (this.messages?.length ?? 0) - this.messageAt + (this.continuations?.length ?? 0);
  }

  get message(): Delivery | null {
    return this.messages?.[this.messageAt] ?? null;
  }

  get continuation(): Continuation | null {
    return this.continuations?.[0] ?? null;
  }

  addMessage(delivery: Delivery): void {
    (this.messages ??= []).push(delivery);
  }

  addContinuation(continuation: Continuation): void {
    (this.continuations ??= []).push(continuation);
  }

  /** Once its step has ended, not before: until then its sender is among those told that the entity failed. */
  shiftMessage(): void {
    this.messageAt += 1;
    if (this.messageAt < (this.messages?.length ?? 0)) return;
    this.messages = null;
    this.messageAt = 0;
  }

  shiftContinuation(): void {
    this.continuations?.shift();
    if (this.continuations?.length === 0) this.continuations = null;
  }

  hasTimer(effect: number): boolean {
    return this.continuations?.some(({ input }) => input.kind === 'timer' && input.effect === effect) ?? false;
  }

  /** Empties both queues; answers what was in them. */
  take(): { readonly messages: readonly Delivery[]; readonly continuations: readonly Continuation[] } {
    const taken = { messages: this.messages?.slice(this.messageAt) ?? [], continuations: this.continuations ?? [] };
    this.messages = null;
    this.messageAt = 0;
    this.continuations = null;
    return taken;
  }
}

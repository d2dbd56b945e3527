/**
 * Envelope: what travels between a client and a host, as plain data.
 *
 * Owns: the shapes of requests and replies, on every transport. Values inside are already encoded (S10).
 * Does not own: their bytes on a wire, routing, retries.
 */

import type { ErrorCode } from '../../framework/errors';
import type { EntityKey, MessageId } from '../../framework/model/identity';
import type { Failure, Outcome } from '../../framework/core/history';
import type { EntityFilter, ListQuery } from '../ports/history-store';

/** A signal, an update or a query. A query has no id: it is answered again, never repeated. */
export interface MessageRequest {
  readonly op: 'message';
  readonly key: EntityKey;
  readonly message: 'signal' | 'update' | 'query';
  readonly method: string;
  /** The encoded array of arguments. */
  readonly args: Uint8Array;
  readonly id: MessageId | null;
  /** 1 for the first send, raised by each resend of the same message (S13). */
  readonly attempt: number;
  /** True when the reply is wanted as soon as the message is durable (S16). */
  readonly submit: boolean;
}

/** Requests of operators and followers, all addressed to one entity. */
export type EntityRequest =
  | { readonly op: 'describe'; readonly key: EntityKey }
  | { readonly op: 'history'; readonly key: EntityKey; readonly fromSeq: number; readonly limit: number }
  /** Answers when the entity has completed, with the result of `run()`. */
  | { readonly op: 'result'; readonly key: EntityKey }
  /** The outcome of a submitted message; `wait` asks to answer only when there is one. */
  | { readonly op: 'operation'; readonly key: EntityKey; readonly id: MessageId; readonly wait: boolean }
  | {
      readonly op: 'operator';
      readonly key: EntityKey;
      readonly action: 'hold' | 'resume' | 'skip' | 'terminate';
      readonly reason: string;
    }
  | { readonly op: 'promise'; readonly key: EntityKey; readonly name: string; readonly outcome: Outcome };

export type DirectoryRequest =
  { readonly op: 'list'; readonly query: ListQuery } | { readonly op: 'count'; readonly filter: EntityFilter };

export type Request = MessageRequest | EntityRequest | DirectoryRequest;

export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reason: string | null;
  /** Encoded details of a business failure; null without. */
  readonly details: Uint8Array | null;
  /** Operation id, with `held` and pending submitted messages. */
  readonly operation: string | null;
  readonly cause: Failure | null;
}

export type Reply =
  | {
      readonly ok: true;
      /** The encoded result. */
      readonly value: Uint8Array;
      /** True when this message id had been applied before (S12). */
      readonly duplicate: boolean;
      /** Seq of the record that holds the outcome; for a query the newest it could have seen; 0 where it has none. */
      readonly seq: number;
    }
  | { readonly ok: false; readonly error: WireError; readonly duplicate: boolean };

/** Answer of op `operation`, encoded as a value. */
export type OperationStatus = 'unknown' | 'pending' | 'held' | 'succeeded' | 'failed';

/**
 * Exchange: one request that waits for its answer.
 *
 * Owns: the state of one wait, and how its answer becomes a value. Does not own: when it is sent or given up (`sender`).
 *
 * One object per call carries everything, the links of `Session` and `Deadlines` included: calls are made by the
 * hundred thousand a second.
 */

import { encodeValue } from '../../framework/codec/value';
import type { PerdureError } from '../../framework/errors';
import type { Cancel } from '../ports/clock';
import type { Reply, Request, WireError } from '../wire/envelope';
import { fromWireError } from '../wire/errors';
import type { Wait } from './deadlines';
import type { Numbered } from './session';

/** Makes what the caller gets of the encoded result; empty for a submitted message. */
export type Read<T> = (value: Uint8Array, request: Request) => T;

/** What a reply says beside its value (S11): `seq` of the record that holds the outcome, 0 where there is none. */
export interface ReplyInfo {
  /** True when this message id had been applied before. */
  readonly duplicate: boolean;
  readonly seq: number;
  /**
   * `committed`: a host has answered, and what it did stands in the history. `accepted`: no host serves the type at the
   * moment, and the signal is kept in the inbox until one does (C16).
   */
  readonly level: 'committed' | 'accepted';
}

export interface ExchangeOptions {
  /** From the first send to the last moment an answer is taken; Infinity for none. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | null;
  readonly onReply: ((info: ReplyInfo) => void) | null;
  /** False for a request that must not be carried out twice and has no id: it is resent only if nobody received it. */
  readonly repeatable: boolean;
}

const NOTHING = new Uint8Array();
/** What a signal answers. */
const UNDEFINED = encodeValue(undefined);

/** Who is told when an exchange ends without a reply. */
export interface Giver {
  expired<T>(exchange: Exchange<T>): void;
  aborted<T>(exchange: Exchange<T>): void;
}

export class Exchange<T> implements Numbered, Wait {
  n = 0;
  lower: Numbered | null = null;
  higher: Numbered | null = null;
  slot: Wait['slot'] = null;
  earlier: Wait | null = null;
  later: Wait | null = null;

  request!: Request;
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;
  attempt = 1;
  /** Sends after the first, those nobody received included. */
  resends = 0;
  /** True once a send may have reached a host. */
  received = false;
  ended = false;
  lastFailure: PerdureError | null = null;
  /** Set while it pauses before the next send. */
  cancelResend: Cancel | null = null;

  constructor(
    private readonly giver: Giver,
    private readonly read: Read<T>,
    readonly options: ExchangeOptions,
  ) {}

  expire(): void {
    this.giver.expired(this);
  }

  /** An AbortSignal's listener. */
  handleEvent(): void {
    this.giver.aborted(this);
  }

  /** A submitted message that failed is recorded under its id: there is an operation to ask (S16). */
  #accepted(error: WireError): boolean {
    return error.code === 'failed' && this.request.op === 'message' && this.request.submit;
  }

  /** Ends the wait with the reply. What `onReply` or `read` throws rejects the call. */
  settle(reply: Reply): void {
    try {
      this.options.onReply?.({ duplicate: reply.duplicate, seq: reply.ok ? reply.seq : 0, level: 'committed' });
      if (reply.ok) this.resolve(this.read(reply.value, this.request));
      else if (this.#accepted(reply.error)) this.resolve(this.read(NOTHING, this.request));
      else this.reject(fromWireError(reply.error));
    } catch (error) {
      this.reject(error);
    }
  }

  /** Ends the wait of a signal that the inbox has taken; what it carried is not needed any more. */
  accept(): void {
    try {
      this.options.onReply?.({ duplicate: false, seq: 0, level: 'accepted' });
      this.resolve(this.read(UNDEFINED, this.request));
    } catch (error) {
      this.reject(error);
    }
    if (this.request.op === 'message') this.request = { ...this.request, args: NOTHING };
  }
}

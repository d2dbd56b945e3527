/**
 * Sender: gets one request answered, however often it has to be sent.
 *
 * Owns: attempts, resends, deadlines and aborted waits; which outcomes are known. Does not own: values, handles, what goes
 * by way of the inbox (`inbox-route`).
 *
 * Invariants:
 * 1. A message keeps its id over all its sends. The attempt number rises with each send that may have been received;
 *    one that nobody could act on (`not_served`, or answered `moved` before it reached an entity) does not (S13, C14).
 * 2. A request is handed to the transport within the call that made it, so calls reach a host in their order (C15).
 * 3. Whoever stops waiting (deadline, abort, close) closes the message's number: the client will never send it again.
 */

import { PerdureError, isPerdureError } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { isPlanted } from '../../framework/planted-bugs';
import type { Clock } from '../ports/clock';
import type { Entropy } from '../ports/entropy';
import type { CallerTransport } from '../ports/transport';
import { addressOf } from '../wire/address';
import type { MessageRequest, Reply, Request } from '../wire/envelope';
import { fromWireError } from '../wire/errors';
import { encodeOperationId } from '../wire/operation-id';
import { resendDelayMs } from './backoff';
import { Deadlines } from './deadlines';
import { Exchange } from './exchange';
import type { ExchangeOptions, Read } from './exchange';
import type { Course } from './inbox-route';
import { InboxRoute } from './inbox-route';
import { Session } from './session';

export interface SenderOptions {
  readonly transport: CallerTransport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Requests that wait for an answer at a time; one more is `resource_exhausted`. */
  readonly maxInFlight: number;
}

/** A message without what the sender gives it. */
export interface Message {
  readonly key: EntityKey;
  readonly message: MessageRequest['message'];
  readonly method: string;
  readonly args: Uint8Array;
  readonly submit: boolean;
  /** The caller's own id; null for one of the session. */
  readonly given: string | null;
}

export class Sender {
  readonly session: Session;
  readonly #transport: CallerTransport;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #maxInFlight: number;
  readonly #deadlines: Deadlines;
  readonly #inbox: InboxRoute | null;
  #closed = false;

  constructor({ transport, clock, entropy, maxInFlight }: SenderOptions) {
    this.#transport = transport;
    this.#clock = clock;
    this.#entropy = entropy;
    this.#maxInFlight = maxInFlight;
    this.session = new Session(entropy);
    this.#deadlines = new Deadlines(clock);
    this.#inbox = transport.inbox === undefined ? null : new InboxRoute(transport.inbox, clock, this.#course());
  }

  /** Sends a message and reads its answer with `read`; rejects with a PerdureError. */
  message<T>(message: Message, read: Read<T>, options: ExchangeOptions): Promise<T> {
    const refusal = this.#refusal(message.key.type, options.signal);
    if (refusal !== null) return Promise.reject(refusal);
    const exchange = new Exchange<T>(this, read, options);
    const { key, method, args, submit, given } = message;
    const id =
      message.message === 'query' ? null : given === null ? this.session.begin(exchange) : ({ given } as const);
    exchange.request = { op: 'message', key, message: message.message, method, args, id, attempt: 1, submit };
    return this.#begin(exchange);
  }

  /** Sends a request of an operator or follower; rejects with a PerdureError. */
  request<T>(request: Request, read: Read<T>, options: ExchangeOptions): Promise<T> {
    const refusal = this.#refusal(addressOf(request).type, options.signal);
    if (refusal !== null) return Promise.reject(refusal);
    const exchange = new Exchange<T>(this, read, options);
    exchange.request = request;
    return this.#begin(exchange);
  }

  /** Ends every wait with `unavailable`, reason `closed`, and refuses further calls the same way. */
  close(): void {
    this.#closed = true;
    this.#inbox?.close();
    this.#deadlines.expireAll();
  }

  /** The exchange's time is up, or the client was closed. */
  expired<T>(exchange: Exchange<T>): void {
    this.#fail(exchange, this.#closed ? closedError(addressOf(exchange.request).type) : expiredError(exchange));
  }

  /** The caller's signal fired. */
  aborted<T>(exchange: Exchange<T>): void {
    this.#fail(exchange, abortedError(exchange.request, exchange.options.signal));
  }

  #refusal(type: string, signal: AbortSignal | null): PerdureError | null {
    if (this.#closed) return closedError(type);
    if (signal?.aborted === true)
      return new PerdureError('cancelled', `nothing was sent to ${type}: the signal had fired`, {
        reason: 'aborted',
        cause: signal.reason,
      });
    if (this.#deadlines.size < this.#maxInFlight) return null;
    return new PerdureError(
      'resource_exhausted',
      `${this.#maxInFlight} requests of this client wait for an answer: await some before the next call to ${type}`,
    );
  }

  #begin<T>(exchange: Exchange<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      exchange.resolve = resolve;
      exchange.reject = reject;
      this.#deadlines.add(exchange, exchange.options.timeoutMs);
      exchange.options.signal?.addEventListener('abort', exchange, { once: true });
      this.#transmit(exchange);
    });
  }

  #transmit<T>(exchange: Exchange<T>): void {
    if (this.#inbox?.claims(exchange.request) === true) void this.#inbox.route(exchange);
    else this.#direct(exchange);
  }

  #direct<T>(exchange: Exchange<T>): void {
    this.#transport.request(exchange.request, exchange.options.signal, exchange).then(
      (reply) => this.#replied(exchange, reply),
      (error: unknown) => this.#undelivered(exchange, error),
    );
  }

  #replied<T>(exchange: Exchange<T>, reply: Reply): void {
    if (exchange.ended) return;
    if (!reply.ok && reply.error.code === 'unavailable' && !LASTING.has(reply.error.reason)) {
      const received = reply.error.reason !== 'moved';
      if (!received || exchange.options.repeatable) return this.#again(exchange, fromWireError(reply.error), received);
    }
    exchange.received = true;
    this.#end(exchange);
    exchange.settle(reply);
  }

  #undelivered<T>(exchange: Exchange<T>, error: unknown): void {
    if (exchange.ended) return;
    if (!isPerdureError(error) || error.code !== 'unavailable' || LASTING.has(error.reason)) {
      exchange.received = true;
      return this.#fail(exchange, error);
    }
    const received = error.reason !== 'not_served';
    if (received && !exchange.options.repeatable) return this.#fail(exchange, error);
    const { request } = exchange;
    if (!received && this.#inbox?.takes(request) === true) return void this.#inbox.fallBack(exchange, request, error);
    this.#again(exchange, error, received);
  }

  #again<T>(exchange: Exchange<T>, failure: PerdureError, received: boolean): void {
    exchange.lastFailure = failure;
    exchange.resends += 1;
    if (received) {
      exchange.received = true;
      if (!isPlanted('attempt-not-raised')) exchange.attempt += 1;
    }
    const delayMs = resendDelayMs(exchange.resends, this.#entropy.float());
    exchange.cancelResend = this.#clock.after(delayMs, () => {
      exchange.cancelResend = null;
      exchange.request = this.#resent(exchange);
      this.#transmit(exchange);
    });
  }

  #resent<T>({ request, attempt, resends }: Exchange<T>): Request {
    if (request.op !== 'message') return request;
    const { id } = request;
    if (id === null || 'given' in id) return { ...request, attempt };
    const session = isPlanted('id-renewed-on-resend') ? `${id.session}.${resends}` : id.session;
    return { ...request, attempt, id: { session, n: id.n, doneBelow: this.session.doneBelow } };
  }

  #fail<T>(exchange: Exchange<T>, error: unknown): void {
    this.#end(exchange);
    exchange.reject(error);
  }

  #end<T>(exchange: Exchange<T>): void {
    this.#leave(exchange);
    this.session.end(exchange);
  }

  /** Nobody waits for it any more; its number stays open. */
  #leave<T>(exchange: Exchange<T>): void {
    exchange.ended = true;
    exchange.cancelResend?.();
    exchange.options.signal?.removeEventListener('abort', exchange);
    this.#deadlines.remove(exchange);
  }

  #course(): Course {
    return {
      direct: (exchange) => {
        if (!exchange.ended) this.#direct(exchange);
      },
      again: (exchange, failure, received) => {
        if (!exchange.ended) this.#again(exchange, failure, received);
      },
      accepted: (exchange) => {
        if (exchange.ended) return;
        this.#leave(exchange);
        exchange.accept();
      },
      committed: (exchange) => this.session.end(exchange),
      fail: (exchange, error) => {
        if (!exchange.ended) this.#fail(exchange, error);
      },
    };
  }
}

/** Reasons of `unavailable` that no resend cures: the connection was closed, or an entity's history cannot be used. */
const LASTING: ReadonlySet<string | null | undefined> = new Set(['final', 'corrupt', 'divergence', 'newer_version']);

function subject(request: Request): string {
  if (request.op === 'message') return `${request.message} ${request.method} of ${keyText(request.key)}`;
  return 'key' in request ? `${request.op} of ${keyText(request.key)}` : `${request.op} of ${addressOf(request).type}`;
}

/** What the caller can do about an outcome that is not known. */
function remedy(request: Request): string {
  if (request.op !== 'message' || request.id === null) return 'it can be asked again';
  if ('given' in request.id)
    return `send it again with messageId ${JSON.stringify(request.id.given)}: it is applied once`;
  if (request.submit) return 'ask for its outcome with perdure.operation(error.operation)';
  return 'a call that must be safe to send again needs a messageId: perdure.call(handle, { messageId })';
}

function operationOf(request: Request): { operation?: string } {
  if (request.op !== 'message' || !request.submit || request.id === null) return {};
  return { operation: encodeOperationId({ key: request.key, id: request.id }) };
}

function expiredError<T>({ request, options, received, lastFailure, cancelResend }: Exchange<T>): PerdureError {
  const cause = lastFailure === null ? {} : { cause: lastFailure };
  const waited = `${subject(request)} had no answer within ${options.timeoutMs} ms`;
  if (!received && cancelResend !== null && lastFailure !== null) {
    return new PerdureError('unavailable', `${waited}, and nothing was applied: ${lastFailure.message}`, {
      reason: 'not_served',
      ...cause,
    });
  }
  return new PerdureError('deadline_exceeded', `${waited}; the outcome is unknown: ${remedy(request)}`, {
    ...operationOf(request),
    ...cause,
  });
}

function abortedError(request: Request, signal: AbortSignal | null): PerdureError {
  const text = `nobody waits for ${subject(request)} any more: the signal fired; it may still be applied: ${remedy(request)}`;
  return new PerdureError('cancelled', text, { reason: 'aborted', cause: signal?.reason, ...operationOf(request) });
}

function closedError(type: string): PerdureError {
  return new PerdureError('unavailable', `the client for ${type} is closed: connect again`, { reason: 'closed' });
}

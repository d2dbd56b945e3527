/**
 * Client: how code outside an entity reaches it.
 *
 * Owns: the public surface for callers; encoding at the call (S10). Does not own: resending (`sender`), proxies (`proxy`).
 *
 * Delivery: a message is applied at most once, however often it is sent (S11, S12). A call resolves when the message is
 * durable and rejects with a PerdureError: `failed` for a business failure, `deadline_exceeded` when the outcome is not
 * known. Awaited calls of one client to one entity are applied in their order (C15).
 */

import { assert } from '../../framework/assert';
import { toFailure } from '../../framework/codec/failure';
import { decodeValue, encodeValue } from '../../framework/codec/value';
import type { Outcome } from '../../framework/core/history';
import { PerdureError, isBusinessFailure } from '../../framework/errors';
import type { EntityReference, Handle } from '../../framework/model/handle';
import { contractOf } from '../../framework/model/handle';
import type { EntityKey } from '../../framework/model/identity';
import { checkId, keyText } from '../../framework/model/identity';
import { MAX_IN_FLIGHT, MAX_PAYLOAD_BYTES } from '../config';
import type { Clock } from '../ports/clock';
import type { Entropy } from '../ports/entropy';
import type { CallerTransport } from '../ports/transport';
import type { EntityDescription } from '../wire/description';
import type { EntityRequest, Request } from '../wire/envelope';
import { encodeOperationId } from '../wire/operation-id';
import { deadLetters, discardDeadLetter } from './dead-letters';
import { countEntities, historyEntries, listEntities } from './directory';
import type { ExchangeOptions, Read } from './exchange';
import { operationOf } from './operation';
import { CALL_TERMS, callOptions, waitOptions } from './options';
import type { CallableMethod, Target } from './proxy';
import { handleOf, targetOf } from './proxy';
import { Sender } from './sender';
import type { AnyHandle, CallOptions, PerdureClient, Submitting } from './types';

export interface ClientOptions {
  readonly transport: CallerTransport;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly namespace?: string;
  /** Largest encoded arguments of one call, in bytes; 1 MiB by default. */
  readonly maxPayloadBytes?: number;
  /** Requests that wait for an answer at a time; 100,000 by default. */
  readonly maxInFlight?: number;
  /** Gives up what this client alone uses, when it is closed. */
  readonly release?: () => Promise<void>;
}

/** A client over `transport`, which closing leaves open, unless `release` closes it. */
export function createClient(options: ClientOptions): PerdureClient {
  return new Client(options);
}

interface Terms extends ExchangeOptions {
  readonly messageId: string | null;
}

const TERMS: Terms = { ...CALL_TERMS, messageId: null };
const nothing = (): void => undefined;

class Client implements PerdureClient {
  readonly namespace: string;
  readonly #sender: Sender;
  readonly #transport: CallerTransport;
  readonly #maxPayloadBytes: number;
  readonly #release: () => Promise<void>;

  constructor(options: ClientOptions) {
    const { transport, clock, entropy, namespace = 'default', maxPayloadBytes, maxInFlight } = options;
    checkId(namespace, 'namespace');
    this.namespace = namespace;
    this.#transport = transport;
    this.#maxPayloadBytes = maxPayloadBytes ?? MAX_PAYLOAD_BYTES;
    this.#release = options.release ?? (async () => undefined);
    this.#sender = new Sender({ transport, clock, entropy, maxInFlight: maxInFlight ?? MAX_IN_FLIGHT });
  }

  entity<T>(reference: EntityReference<T>, id: string): Handle<T> {
    const contract = contractOf(reference);
    checkId(id, `id of ${contract.type}`);
    const key = { namespace: this.namespace, type: contract.type, id };
    return handleOf({ key, contract }, this.#call) as Handle<T>;
  }

  call<H extends AnyHandle>(handle: H, options: CallOptions): H {
    const target = targetOf(handle, 'call()');
    const { messageId } = options;
    if (messageId !== undefined) checkId(messageId, `messageId for ${keyText(target.key)}`);
    const terms = { ...callOptions(options, `a call to ${target.key.type}`), messageId: messageId ?? null };
    return handleOf(target, (_, method, args) => this.#send(target, method, args, false, terms, readValue)) as H;
  }

  submit<H extends AnyHandle>(handle: H, options: CallOptions = {}): Submitting<H> {
    const target = targetOf(handle, 'submit()');
    const { messageId } = options;
    if (messageId !== undefined) checkId(messageId, `messageId for ${keyText(target.key)}`);
    const terms = { ...callOptions(options, `a submit to ${target.key.type}`), messageId: messageId ?? null };
    return handleOf(target, (_, method, args) => this.#submit(target, method, args, terms)) as Submitting<H>;
  }

  operation<T = unknown>(id: string) {
    return operationOf<T>(this.#sender, id);
  }

  describe(handle: AnyHandle): Promise<EntityDescription> {
    return this.#ask(handle, 'describe', ({ key }) => ({ op: 'describe', key }), readValue as Read<EntityDescription>);
  }

  list: PerdureClient['list'] = (options) => listEntities(this.#sender, this.namespace, options);

  count: PerdureClient['count'] = async (options) => countEntities(this.#sender, this.namespace, options);

  history: PerdureClient['history'] = (handle, options = {}) =>
    historyEntries(this.#sender, targetOf(handle, 'history()').key, options);

  hold(handle: AnyHandle, reason = ''): Promise<void> {
    return this.#operate(handle, 'hold', reason);
  }

  resume(handle: AnyHandle, reason = ''): Promise<void> {
    return this.#operate(handle, 'resume', reason);
  }

  skip(handle: AnyHandle, reason = ''): Promise<void> {
    return this.#operate(handle, 'skip', reason);
  }

  terminate(handle: AnyHandle, reason = ''): Promise<void> {
    return this.#operate(handle, 'terminate', reason);
  }

  result: PerdureClient['result'] = (handle, options = {}) =>
    this.#ask(
      handle,
      'result',
      ({ key }) => ({ op: 'result', key }),
      readValue as Read<never>,
      waitOptions(options, 'result()', false),
    );

  async completePromise(handle: AnyHandle, name: string, outcome: unknown): Promise<void> {
    const { key } = targetOf(handle, 'completePromise()');
    checkId(name, `name of a promise of ${keyText(key)}`);
    const request: Request = { op: 'promise', key, name, outcome: this.#outcome(key, name, outcome) };
    return this.#sender.request(request, nothing, CALL_TERMS);
  }

  deadLetters: PerdureClient['deadLetters'] = (options = {}) => deadLetters(this.#transport, this.namespace, options);

  discardDeadLetter: PerdureClient['discardDeadLetter'] = (letter) => discardDeadLetter(this.#transport, letter);

  async close(): Promise<void> {
    this.#sender.close();
    await this.#release();
  }

  readonly #call = (target: Target, method: CallableMethod, args: readonly unknown[]): Promise<unknown> =>
    this.#send(target, method, args, false, TERMS, readValue);

  #send<T>(
    { key }: Target,
    method: CallableMethod,
    args: readonly unknown[],
    submit: boolean,
    terms: Terms,
    read: Read<T>,
  ): Promise<T> {
    try {
      const bytes = this.#encode(key, method, args);
      const { kind, name } = method;
      const message = { key, message: kind, method: name, args: bytes, submit, given: terms.messageId };
      return this.#sender.message(message, read, terms);
    } catch (error) {
      return rejected(error);
    }
  }

  #submit(target: Target, method: CallableMethod, args: readonly unknown[], terms: Terms): Promise<unknown> {
    if (method.kind === 'query') {
      const text = `${method.name} of ${keyText(target.key)} is a query and has no operation: call it on the handle`;
      return Promise.reject(new PerdureError('invalid_argument', text));
    }
    return this.#send(target, method, args, true, terms, (_, request) => {
      assert(request.op === 'message' && request.id !== null, 'a submitted message has an id');
      return operationOf(this.#sender, encodeOperationId({ key: request.key, id: request.id }));
    });
  }

  #encode(key: EntityKey, method: CallableMethod, args: readonly unknown[]): Uint8Array {
    const bytes = encodeValue(args, method.encoding);
    this.#limit(bytes, key, `arguments of ${method.name}`);
    return bytes;
  }

  #outcome(key: EntityKey, name: string, outcome: unknown): Outcome {
    if (isBusinessFailure(outcome)) return { ok: false, failure: toFailure(outcome) };
    if (outcome instanceof Error) {
      const text = `promise ${name} of ${keyText(key)} cannot fail with a ${outcome.name}: pass an EntityFailure`;
      throw new PerdureError('invalid_argument', text);
    }
    const value = encodeValue(outcome, { classes: 'plain', path: `value of promise ${name}` });
    this.#limit(value, key, `value of promise ${name}`);
    return { ok: true, value };
  }

  #limit(bytes: Uint8Array, key: EntityKey, what: string): void {
    if (bytes.length <= this.#maxPayloadBytes) return;
    throw new PerdureError(
      'too_large',
      `${what} for ${keyText(key)} have ${bytes.length} bytes; the limit is ${this.#maxPayloadBytes}: send a reference instead`,
    );
  }

  async #ask<T>(
    handle: AnyHandle,
    what: string,
    request: (target: Target) => EntityRequest,
    read: Read<T>,
    terms: ExchangeOptions = CALL_TERMS,
  ): Promise<T> {
    return this.#sender.request(request(targetOf(handle, `${what}()`)), read, terms);
  }

  /** `skip` has no id and acts each time: it is sent again only if nobody received it. */
  #operate(handle: AnyHandle, action: 'hold' | 'resume' | 'skip' | 'terminate', reason: string): Promise<void> {
    const terms = action === 'skip' ? { ...CALL_TERMS, repeatable: false } : CALL_TERMS;
    return this.#ask(handle, action, ({ key }) => ({ op: 'operator', key, action, reason }), nothing, terms);
  }
}

/** What was thrown before anything was sent, on the way a caller expects it. */
async function rejected(error: unknown): Promise<never> {
  throw error;
}

const readValue: Read<unknown> = (value) => decodeValue(value, 'result');

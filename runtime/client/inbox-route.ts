/**
 * Inbox route: which of a client's requests go by way of the inbox (C15, C16).
 *
 * Owns: when a signal falls back to the inbox; for which keys a signal of this client may still be there, and that all
 * that it sends to those keys comes after. Does not own: resending, deadlines (`sender`), keeping messages (`ports/inbox`).
 *
 * Invariants:
 * 1. From before the first signal for a key is put until the inbox has been seen without any for it, nothing of this client
 *    goes to that key directly: signals go to the inbox, all else waits.
 * 2. Until then its signals count as not answered: an id that is told as done would be refused as too old if it came to
 *    the entity after one of a greater number (S11).
 */

import { PerdureError, isPerdureError } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { INBOX_OPEN, INBOX_SWEEP_KEYS, INBOX_SWEEP_MS } from '../config';
import type { Cancel, Clock } from '../ports/clock';
import type { CallerInbox } from '../ports/inbox';
import type { MessageRequest, Request } from '../wire/envelope';
import type { Exchange } from './exchange';

/** What becomes of an exchange. */
export interface Course {
  /** To the hosts, now. */
  direct<T>(exchange: Exchange<T>): void;
  /** Once more, after a pause; `received`: this send may have been. */
  again<T>(exchange: Exchange<T>, failure: PerdureError, received: boolean): void;
  /** It is kept in the inbox; its number stays open until `committed`. */
  accepted<T>(exchange: Exchange<T>): void;
  committed(exchange: Exchange<unknown>): void;
  fail<T>(exchange: Exchange<T>, error: unknown): void;
}

interface Open {
  readonly key: EntityKey;
  readonly accepted: Exchange<unknown>[];
  /** Being put now. */
  putting: number;
}

export class InboxRoute {
  readonly #open = new Map<string, Open>();
  #accepted = 0;
  #sweeping: Cancel | null = null;

  constructor(
    private readonly inbox: CallerInbox,
    private readonly clock: Clock,
    private readonly course: Course,
  ) {}

  /** True for a request that may not go to the hosts directly at the moment. */
  claims(request: Request): boolean {
    return (request.op === 'message' || request.op === 'promise') && this.#open.has(nameOf(request.key));
  }

  /** True for what the inbox may take if no host serves it. */
  takes(request: Request): request is MessageRequest {
    return request.op === 'message' && request.message === 'signal';
  }

  /** Of a request that it claims. */
  async route<T>(exchange: Exchange<T>): Promise<void> {
    const { request } = exchange;
    await this.#guarded(exchange, false, async () => {
      if (!('key' in request) || (await this.#hasLeft(request.key))) this.course.direct(exchange);
      else if (this.takes(request)) await this.#put(exchange, request);
      else this.course.again(exchange, waits(request.key), false);
    });
  }

  /** Of a signal that no host was found for. */
  async fallBack<T>(exchange: Exchange<T>, request: MessageRequest, failure: PerdureError): Promise<void> {
    await this.#guarded(exchange, false, async () => {
      if (await this.inbox.served(request.key)) this.course.again(exchange, failure, false);
      else await this.#put(exchange, request);
    });
  }

  close(): void {
    this.#sweeping?.();
    this.#open.clear();
  }

  async #put<T>(exchange: Exchange<T>, request: MessageRequest): Promise<void> {
    if (exchange.ended) return;
    if (this.#accepted >= INBOX_OPEN) return this.course.fail(exchange, tooMany(request.key));
    const open = this.#openFor(request.key);
    open.putting += 1;
    await this.#guarded(exchange, true, async () => {
      await this.inbox.put(request);
      open.accepted.push(exchange as Exchange<unknown>);
      this.#accepted += 1;
      this.course.accepted(exchange);
    });
    open.putting -= 1;
  }

  /** What cannot be reached may be later. */
  async #guarded<T>(exchange: Exchange<T>, received: boolean, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (exchange.ended) return;
      if (isPerdureError(error) && error.code === 'unavailable') this.course.again(exchange, error, received);
      else this.course.fail(exchange, error);
    }
  }

  #openFor(key: EntityKey): Open {
    const name = nameOf(key);
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const open = { key, accepted: [], putting: 0 };
    this.#open.set(name, open);
    this.#sweeping ??= this.clock.after(INBOX_SWEEP_MS, () => void this.#sweep());
    return open;
  }

  /** True if the inbox has nothing for the key, and from then on the key is like any other. */
  async #hasLeft(key: EntityKey): Promise<boolean> {
    const open = this.#open.get(nameOf(key));
    if (open === undefined) return true;
    if (open.putting > 0) return false;
    const { length } = open.accepted;
    if ((await this.inbox.holds(key)) || open.putting > 0 || open.accepted.length > length) return false;
    this.#open.delete(nameOf(key));
    this.#accepted -= length;
    for (const exchange of open.accepted) this.course.committed(exchange);
    return true;
  }

  async #sweep(): Promise<void> {
    const some = [...this.#open.values()].slice(0, INBOX_SWEEP_KEYS);
    for (const { key } of some) {
      const open = this.#open.get(nameOf(key));
      const left = await this.#hasLeft(key).catch(() => false);
      // To the end of the line.
      if (!left && open !== undefined && this.#open.delete(nameOf(key))) this.#open.set(nameOf(key), open);
    }
    this.#sweeping = this.#open.size === 0 ? null : this.clock.after(INBOX_SWEEP_MS, () => void this.#sweep());
  }
}

function nameOf({ namespace, type, id }: EntityKey): string {
  return `${namespace}\0${type}\0${id}`;
}

function waits(key: EntityKey): PerdureError {
  const fact = `signals of this client to ${keyText(key)} wait in the inbox, and what it sends later comes after them`;
  return new PerdureError('unavailable', `${fact}: start a host that serves ${key.type}`, { reason: 'not_served' });
}

function tooMany(key: EntityKey): PerdureError {
  const fact = `${INBOX_OPEN} signals of this client wait in the inbox`;
  return new PerdureError('resource_exhausted', `${fact}: start a host that serves ${key.type}`);
}

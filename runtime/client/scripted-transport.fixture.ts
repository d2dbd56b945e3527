/**
 * Scripted transport: remembers what was sent; the test answers it, when and as it likes.
 */

import { decodeValue, encodeValue } from '../../framework/codec/value';
import { PerdureError } from '../../framework/errors';
import { contract } from '../../framework/model/handle';
import type { Entropy } from '../ports/entropy';
import type { Transport, Wanted } from '../ports/transport';
import { ManualClock } from '../testing/manual-clock';
import type { MemoryInbox } from '../transport/inbox/memory-inbox';
import type { MessageRequest, Reply, Request } from '../wire/envelope';
import { createClient } from './client';
import type { ClientOptions } from './client';

export interface Sent {
  readonly request: Request;
  readonly signal: AbortSignal | null;
  /** Says whether anybody waits for it still. */
  readonly wanted: Wanted | undefined;
  answer(value: unknown, more?: { duplicate?: boolean; seq?: number }): void;
  refuse(code: string, reason?: string): void;
  /** The transport rejects. */
  lose(error: unknown): void;
}

export class ScriptedTransport implements Transport {
  readonly sent: Sent[] = [];
  readonly inbox?: MemoryInbox;

  constructor(inbox?: MemoryInbox) {
    if (inbox !== undefined) this.inbox = inbox;
  }

  request(request: Request, signal: AbortSignal | null, wanted?: Wanted): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.sent.push({
        request,
        signal,
        wanted,
        answer: (value, { duplicate = false, seq = 1 } = {}) =>
          resolve({ ok: true, value: encodeValue(value), duplicate, seq }),
        refuse: (code, reason) =>
          resolve({
            ok: false,
            duplicate: false,
            error: {
              code,
              message: code,
              reason: reason ?? null,
              details: null,
              operation: null,
              cause: null,
            } as never,
          }),
        lose: reject,
      });
    });
  }

  serve(): Promise<never> {
    throw new Error('a scripted transport serves nobody');
  }

  /** The message sent as number `index`, from 0; negative from the end. */
  message(index: number): MessageRequest {
    const request = this.sent.at(index)?.request;
    if (request?.op !== 'message') throw new Error(`no message was sent as number ${index}`);
    return request;
  }

  args(index: number): unknown {
    return decodeValue(this.message(index).args);
  }
}

/** Bytes count up; floats are `jitter`. */
export function fixedEntropy(jitter = 0): Entropy {
  return { bytes: (length) => Uint8Array.from({ length }, (_, i) => i), float: () => jitter };
}

export const notServed = () => new PerdureError('unavailable', 'no host serves account', { reason: 'not_served' });

export interface Account {
  deposit(cents: number, note?: unknown): void;
  redeem(points: number): Promise<string>;
  balance(): number;
}

export const account = contract<Account>('account', { deposit: 'signal', redeem: 'update', balance: 'query' });

export function scripted(options: Partial<ClientOptions> = {}, inbox?: MemoryInbox) {
  const transport = new ScriptedTransport(inbox);
  const clock = new ManualClock({ now: 1_000_000 });
  const client = createClient({ transport, clock, entropy: fixedEntropy(), ...options });
  return { transport, clock, client, handle: client.entity(account, 'A-1') };
}

/** What a promise has come to by now, without waiting for more than microtasks. */
export async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  const pending = Promise.resolve()
    .then(() => Promise.resolve())
    .then(() => 'pending');
  return Promise.race([promise.catch((error: unknown) => error), pending]);
}

/**
 * Memory transport: callers and a host in one process, with nothing between them but a microtask.
 *
 * Owns: handing requests over, and that what crosses is bytes and plain data (S10).
 * Does not own: who serves what (`handlers`), what a request means; resending, deadlines (`client/`).
 *
 * Invariants:
 * 1. Nothing is answered within `request`: the server first hears of a request after the caller's code has returned.
 * 2. Requests reach a server in the order they were made (C15); each is handed over once (C14).
 * 3. A closed server is handed nothing more: what was not handed over yet is `unavailable`, reason `not_served`.
 */

import type { Served, Transport } from '../ports/transport';
import { addressOf } from '../wire/address';
import type { Reply, Request } from '../wire/envelope';
import type { Handler } from './handlers';
import { Handlers } from './handlers';
import { aborted, carriesBytes, notBytes, notServed } from './refusals';

class MemoryTransport implements Transport {
  readonly #handlers = new Handlers();

  request(request: Request, signal: AbortSignal | null): Promise<Reply> {
    if (!carriesBytes(request)) return Promise.reject(notBytes('request', request));
    return signal === null ? this.#hand(request) : abortable(signal, () => this.#hand(request));
  }

  async serve(namespace: string, types: readonly string[], answer: Handler): Promise<Served> {
    const close = this.#handlers.add(namespace, types, answer);
    return { close: async () => close() };
  }

  async #hand(request: Request): Promise<Reply> {
    await microtask;
    const handler = this.#handlers.of(request);
    if (handler === null) throw notServed(addressOf(request));
    return handler(request);
  }
}

const microtask = Promise.resolve();

/** A hub of its own: whoever is handed the same object, host or caller, is connected. Nothing leaves the process. */
export function memory(): Transport {
  return new MemoryTransport();
}

/** Ends the wait when the signal fires; what was started is not stopped. */
export function abortable(signal: AbortSignal, start: () => Promise<Reply>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(aborted(signal));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    start()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * Memory transport: callers and a host in one process, with nothing between them but a microtask.
 *
 * Owns: which types are served, and that what crosses is bytes and plain data (S10).
 * Does not own: what a request means; resending, deadlines (`client/`).
 *
 * Invariants:
 * 1. Nothing is answered within `request`: the server first hears of a request after the caller's code has returned.
 * 2. Requests reach a server in the order they were made (C15); each is handed over once (C14).
 * 3. A server that fails to answer is answered for, as `toWireError` tells it: no live error crosses either.
 * 4. A closed server is handed nothing more: what was not handed over yet is `unavailable`, reason `not_served`.
 * 5. As over a wire, the caller's async context does not reach the server: a call out of a step or an activity must not
 *    make the host's code look like theirs (S3).
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { PerdureError } from '../../framework/errors';
import type { Served, Transport } from '../ports/transport';
import { addressOf } from '../wire/address';
import type { Reply, Request } from '../wire/envelope';
import { toWireError } from '../wire/errors';
import { aborted, carriesBytes, notBytes, notServed, repliesBytes } from './refusals';

type Answer = (request: Request) => Promise<Reply>;

class MemoryTransport implements Transport {
  readonly #namespaces = new Map<string, Map<string, Answer>>();

  request(request: Request, signal: AbortSignal | null): Promise<Reply> {
    if (!carriesBytes(request)) return Promise.reject(notBytes('request', request));
    return signal === null ? this.#hand(request) : abortable(signal, () => this.#hand(request));
  }

  async serve(namespace: string, types: readonly string[], answer: Answer): Promise<Served> {
    const served = this.#namespaces.get(namespace) ?? new Map<string, Answer>();
    for (const type of types) {
      if (!served.has(type)) continue;
      throw new PerdureError(
        'invalid_argument',
        `${type} in namespace ${namespace} is served already: stop the host that serves it, or use another namespace`,
      );
    }
    const inContextOfServer = AsyncLocalStorage.snapshot();
    const own: Answer = (request) => inContextOfServer(answer, request);
    for (const type of types) served.set(type, own);
    this.#namespaces.set(namespace, served);
    return {
      close: async () => {
        for (const type of types) if (served.get(type) === own) served.delete(type);
      },
    };
  }

  async #hand(request: Request): Promise<Reply> {
    await microtask;
    const { namespace, type } = addressOf(request);
    const answer = this.#namespaces.get(namespace)?.get(type);
    if (answer === undefined) throw notServed({ namespace, type });
    try {
      const reply = await answer(request);
      if (!repliesBytes(reply)) throw notBytes('reply', request);
      return reply;
    } catch (error) {
      return { ok: false, error: toWireError(error), duplicate: false };
    }
  }
}

const microtask = Promise.resolve();

/** A hub of its own: whoever is handed the same object, host or caller, is connected. Nothing leaves the process. */
export function memory(): Transport {
  return new MemoryTransport();
}

function abortable(signal: AbortSignal, start: () => Promise<Reply>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(aborted(signal));
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    start()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * Handlers: who answers for which type of which namespace, in one process.
 *
 * Owns: that a type has one handler, and what a handler may not let out. Does not own: how requests come here.
 *
 * Invariants:
 * 1. A second handler of a type is refused, and then none of its types is served by it.
 * 2. Requests run in the async context of whoever serves, not in that of a caller: a call out of a step or an activity
 *    must not make the host's code look like theirs (S3).
 * 3. A handler that fails is answered for, as `toWireError` tells it; no live value or error crosses (S10).
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { PerdureError } from '../../framework/errors';
import { addressOf } from '../wire/address';
import type { Reply, Request } from '../wire/envelope';
import { toWireError } from '../wire/errors';
import { carriesBytes, notBytes, repliesBytes } from './refusals';

export type Handler = (request: Request) => Promise<Reply>;

export class Handlers {
  readonly #handlers = new Map<string, Handler>();

  get none(): boolean {
    return this.#handlers.size === 0;
  }

  /** Returns how to take the handler away again. */
  add(namespace: string, types: readonly string[], handler: Handler): () => void {
    const taken = types.find((type) => this.#handlers.has(nameOf({ namespace, type })));
    if (taken !== undefined) {
      const fact = `${taken} in namespace ${namespace} is served already`;
      throw new PerdureError('invalid_argument', `${fact}: stop the host that serves it, or use another namespace`);
    }
    const inContextOfServer = AsyncLocalStorage.snapshot();
    const own: Handler = (request) => inContextOfServer(replyOf, handler, request);
    const names = types.map((type) => nameOf({ namespace, type }));
    for (const name of names) this.#handlers.set(name, own);
    return () => {
      for (const name of names) if (this.#handlers.get(name) === own) this.#handlers.delete(name);
    };
  }

  /** One that never rejects; null if nobody serves the request's type. */
  of(request: Request): Handler | null {
    return this.#handlers.get(nameOf(addressOf(request))) ?? null;
  }

  clear(): void {
    this.#handlers.clear();
  }
}

export function failed(error: unknown): Reply {
  return { ok: false, error: toWireError(error), duplicate: false };
}

async function replyOf(handler: Handler, request: Request): Promise<Reply> {
  try {
    if (!carriesBytes(request)) throw notBytes('request', request);
    const reply = await handler(request);
    if (!repliesBytes(reply)) throw notBytes('reply', request);
    return reply;
  } catch (error) {
    return failed(error);
  }
}

function nameOf({ namespace, type }: { readonly namespace: string; readonly type: string }): string {
  return `${namespace}\0${type}`;
}

/**
 * Simulated transport: the Transport port of one process over the simulated network.
 *
 * Owns: which requests this process serves, how a failing server is answered for, aborting.
 * Does not own: the way (`sim-network`); to whom a request goes: the routing function says, each time it is asked.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { PerdureError } from '../../framework/errors';
import type { Served, Transport } from '../ports/transport';
import { addressOf } from '../wire/address';
import type { Reply, Request } from '../wire/envelope';
import { toWireError } from '../wire/errors';
import { isBytes } from './plain-copy';
import type { SimNetwork } from './sim-network';
import { NOT_SERVED } from './sim-network';
import type { SimProcess } from './sim-process';

/** The name of the process that the request is sent to; null if none is known. */
export type Route = (request: Request) => string | null;

type Answer = (request: Request) => Promise<Reply>;

export class SimTransport implements Transport {
  readonly #served = new Map<string, Answer>();
  #stop: (() => void) | null = null;

  constructor(
    private readonly network: SimNetwork<Request, Reply>,
    private readonly process: SimProcess,
    private readonly route: Route,
  ) {}

  request(request: Request, signal: AbortSignal | null): Promise<Reply> {
    if (!carriesBytes(request)) return Promise.reject(notBytes(request));
    const to = this.route(request);
    if (to === null) return Promise.reject(notServed(request));
    if (signal === null) return this.network.send(this.process, to, request);
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        reject(
          new PerdureError('cancelled', 'the request was aborted before it was answered', { cause: signal.reason }),
        );
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      void this.network.send(this.process, to, request).then(resolve, reject);
    });
  }

  async serve(namespace: string, types: readonly string[], answer: Answer): Promise<Served> {
    const names = types.map((type) => `${namespace}\0${type}`);
    const taken = types.find((_, i) => this.#served.has(names[i] as string));
    if (taken !== undefined) {
      const fact = `${taken} in namespace ${namespace} is served already`;
      throw new PerdureError('invalid_argument', `${fact}: stop the host that serves it, or use another namespace`);
    }
    const inContextOfServer = AsyncLocalStorage.snapshot();
    const own: Answer = (request) => inContextOfServer(answer, request);
    for (const name of names) this.#served.set(name, own);
    this.#stop ??= this.network.listen(this.process, (request) => this.#answer(request));
    return {
      close: async () => {
        for (const name of names) if (this.#served.get(name) === own) this.#served.delete(name);
        if (this.#served.size > 0) return;
        this.#stop?.();
        this.#stop = null;
      },
    };
  }

  async #answer(request: Request): Promise<Reply> {
    const { namespace, type } = addressOf(request);
    const answer = this.#served.get(`${namespace}\0${type}`);
    if (answer === undefined) throw notServed(request);
    try {
      const reply = await answer(request);
      if (reply.ok && !isBytes(reply.value)) throw notBytes(request);
      return reply;
    } catch (error) {
      return { ok: false, error: toWireError(error), duplicate: false };
    }
  }
}

function carriesBytes(request: Request): boolean {
  if (request.op === 'message') return isBytes(request.args);
  return request.op !== 'promise' || !request.outcome.ok || isBytes(request.outcome.value);
}

function notBytes(request: Request): PerdureError {
  const fact = `what ${request.op} for ${addressOf(request).type} carries holds a live value`;
  return new PerdureError('internal', `${fact}: encode it first`);
}

function notServed(request: Request): PerdureError {
  const { namespace, type } = addressOf(request);
  return new PerdureError(
    'unavailable',
    `no host serves ${type} in namespace ${namespace}: start one that registers the class`,
    { reason: NOT_SERVED },
  );
}

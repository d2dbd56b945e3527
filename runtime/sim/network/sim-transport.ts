/**
 * Simulated transport: the Transport port of one process over the simulated network, where one host serves a type.
 *
 * Owns: listening while something is served. Does not own: the way (`sim-network`); who serves what (`handlers`); to whom
 * a request goes: the routing function says, each time it is asked.
 */

import type { Served, Transport } from '../../ports/transport';
import { Handlers } from '../../transport/handlers';
import type { Handler } from '../../transport/handlers';
import { abortable } from '../../transport/memory-transport';
import { carriesBytes, notBytes, notServed } from '../../transport/refusals';
import { addressOf } from '../../wire/address';
import type { Reply, Request } from '../../wire/envelope';
import type { SimNetwork } from './sim-network';
import type { SimProcess } from '../world/sim-process';

/** The name of the process that the request is sent to; null if none is known. */
export type Route = (request: Request) => string | null;

export class SimTransport implements Transport {
  readonly #handlers = new Handlers();
  #stop: (() => void) | null = null;

  constructor(
    private readonly network: SimNetwork<Request, Reply>,
    private readonly process: SimProcess,
    private readonly route: Route,
  ) {}

  request(request: Request, signal: AbortSignal | null): Promise<Reply> {
    if (!carriesBytes(request)) return Promise.reject(notBytes('request', request));
    const to = this.route(request);
    if (to === null) return Promise.reject(notServed(addressOf(request)));
    const send = (): Promise<Reply> => this.network.send(this.process, to, request);
    return signal === null ? send() : abortable(signal, send);
  }

  async serve(namespace: string, types: readonly string[], answer: Handler): Promise<Served> {
    const remove = this.#handlers.add(namespace, types, answer);
    this.#stop ??= this.network.listen(this.process, (request) => this.#answer(request));
    return {
      close: async () => {
        remove();
        if (!this.#handlers.none) return;
        this.#stop?.();
        this.#stop = null;
      },
    };
  }

  async #answer(request: Request): Promise<Reply> {
    const handler = this.#handlers.of(request);
    if (handler === null) throw notServed(addressOf(request));
    return handler(request);
  }
}

/**
 * Single transport: the Transport port of the one host there is, in frames, as the embedded store is served over NATS.
 *
 * Owns: being the owner of everything under a name of its own. Does not own: frames (`frame-server`), who asks
 * (`routed-transport`).
 */

import type { Clock } from '../../ports/clock';
import type { Messenger } from '../../ports/messenger';
import type { Served, Transport } from '../../ports/transport';
import { FrameServer } from '../../transport/frame-server';
import type { Handler } from '../../transport/handlers';
import type { Reached } from '../../transport/reached';
import { RoutedTransport } from '../../transport/routed-transport';
import type { Reply, Request } from '../../wire/envelope';

export interface SingleTransportOptions {
  readonly messenger: Messenger;
  readonly clock: Clock;
  /** No other host of the run has it. */
  readonly session: string;
  readonly reached: Reached;
}

export class SingleTransport implements Transport {
  readonly #caller: RoutedTransport;
  #server: FrameServer | null = null;

  constructor(private readonly options: SingleTransportOptions) {
    this.#caller = new RoutedTransport(options);
  }

  request(request: Request, signal: AbortSignal | null): Promise<Reply> {
    return this.#caller.request(request, signal);
  }

  serve(namespace: string, types: readonly string[], answer: Handler, epoch = 1): Promise<Served> {
    const { session } = this.options;
    const routes = { session, shards: 1, answered: true, owner: () => ({ session, epoch }) };
    this.#server ??= new FrameServer({ ...this.options, routes });
    return this.#server.serve(namespace, types, answer);
  }
}

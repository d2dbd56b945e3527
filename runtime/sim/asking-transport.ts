/**
 * Asking transport: a caller's transport that asks host after host who owns a key.
 *
 * Owns: whom to ask, and when silence is taken for one. Does not own: resending (`client/sender`).
 */

import { PerdureError } from '../../framework/errors';
import { keyText } from '../../framework/model/identity';
import type { Served, Transport } from '../ports/transport';
import { addressOf } from '../wire/address';
import type { Reply, Request } from '../wire/envelope';
import type { Life } from './machine';
import type { SimStream } from './random';
import type { SimNetwork } from './sim-network';
import { NOT_SERVED } from './sim-network';

const SILENCE_MS = 2_000;

export class AskingTransport implements Transport {
  private readonly hints = new Map<string, string>();
  private readonly draw: SimStream;

  constructor(
    private readonly network: SimNetwork<Request, Reply>,
    private readonly life: Pick<Life, 'process' | 'clock'>,
    private readonly hosts: readonly string[],
  ) {
    this.draw = network.world.random.stream(`route.${life.process.name}`);
  }

  request(request: Request, signal: AbortSignal | null): Promise<Reply> {
    const subject = 'key' in request ? keyText(request.key) : addressOf(request).type;
    const host = this.hints.get(subject) ?? this.draw.of(this.hosts);
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        silence();
        if (this.hints.get(subject) === host) this.hints.delete(subject);
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const silence = this.life.clock.after(SILENCE_MS, () => fail(unavailable(host, 'silence')));
      signal?.addEventListener('abort', () => fail(new PerdureError('cancelled', 'the request was aborted')));
      this.network.send(this.life.process, host, request).then((reply) => {
        if (!reply.ok && reply.error.reason === 'moved') return fail(unavailable(host, NOT_SERVED));
        silence();
        this.hints.set(subject, host);
        resolve(reply);
      }, fail);
    });
  }

  serve(): Promise<Served> {
    return Promise.reject(new PerdureError('internal', 'a caller serves nothing'));
  }
}

function unavailable(host: string, reason: string): PerdureError {
  return new PerdureError('unavailable', `${host} has not answered for it: ask another host`, { reason });
}

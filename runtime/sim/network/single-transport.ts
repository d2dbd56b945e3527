/**
 * Single transport: a caller's transport to the one host there is.
 *
 * Owns: when silence is taken for an unknown outcome. Does not own: resending (`client/sender`).
 */

import { PerdureError } from '../../../framework/errors';
import { SILENCE_MS } from '../../config';
import type { CallerTransport } from '../../ports/transport';
import type { Reply, Request } from '../../wire/envelope';
import type { Life } from '../world/machine';
import type { SimNetwork } from './sim-network';

export class SingleTransport implements CallerTransport {
  constructor(
    private readonly network: SimNetwork<Request, Reply>,
    private readonly life: Pick<Life, 'process' | 'clock'>,
    private readonly host: string,
  ) {}

  request(request: Request, signal: AbortSignal | null): Promise<Reply> {
    const { network, life, host } = this;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        silence();
        signal?.removeEventListener('abort', abort);
      };
      const fail = (error: PerdureError): void => {
        end();
        reject(error);
      };
      const abort = (): void => fail(new PerdureError('cancelled', 'the request was aborted before it was answered'));
      const silence = life.clock.after(SILENCE_MS, () =>
        fail(new PerdureError('unavailable', `${host} has not answered`, { reason: 'silence' })),
      );
      signal?.addEventListener('abort', abort);
      network.send(life.process, host, request).then((reply) => {
        end();
        resolve(reply);
      }, fail);
    });
  }
}

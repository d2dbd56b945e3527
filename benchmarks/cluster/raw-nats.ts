/**
 * Raw NATS: requests and replies of bare connections in two processes, what everything over NATS is measured against.
 */

import { connect } from 'nats';
import type { NatsConnection } from 'nats';
import { measure } from '../measure';
import type { Rate } from '../measure';
import { Peer } from './peers';

/** About what an update's request and its reply take, in both directions. */
const PAYLOAD = new Uint8Array(160).fill(7);

export class RawNats {
  private constructor(
    private readonly connection: NatsConnection,
    readonly peer: Peer,
    private readonly subject: string,
  ) {}

  static async begin(servers: string, subject: string): Promise<RawNats> {
    const peer = await Peer.start({ serves: 'raw', nats: servers, prefix: subject });
    return new RawNats(await connect({ servers }), peer, subject);
  }

  rate(callers: number, calls: number): Promise<Rate> {
    return measure({ callers, calls, call: () => this.connection.request(this.subject, PAYLOAD), count: null });
  }

  async end(): Promise<void> {
    await this.connection.close();
    await this.peer.end();
  }
}

/**
 * Peers: the other processes of a benchmark, as their parent sees them.
 *
 * Owns: starting, asking for what they have used, killing and ending them. Does not own: what they do (`peer`).
 */

import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CassandraOptions } from 'perdure/host';
import type { Asked } from '../../runtime/store/cassandra/connection';

export type PeerOptions = {
  readonly nats: string;
  /** Subject of raw requests, or first token of those of the host. */
  readonly prefix: string;
} & (
  | { readonly serves: 'raw' }
  | { readonly serves: 'accounts'; readonly store: { readonly directory: string } | CassandraOptions }
);

/** So far. */
export interface Usage {
  readonly cpuUs: number;
  /** What a host has asked of Cassandra; zeros for others. */
  readonly asked: Readonly<Asked>;
  /** Of the histories it has written there. */
  readonly rows: number;
  readonly rowBytes: number;
}

export class Peer {
  private constructor(private readonly process: ChildProcess) {}

  /** Resolves once it serves. */
  static async start(options: PeerOptions): Promise<Peer> {
    const child = fork(join(__dirname, 'peer.js'), [JSON.stringify(options)]);
    const ended = once(child, 'exit').then(() => {
      throw new Error('the other process ended while it started: its own message says why');
    });
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined);
    return new Peer(child);
  }

  async usage(): Promise<Usage> {
    this.process.send('usage');
    const [usage] = (await once(this.process, 'message')) as [Usage];
    return usage;
  }

  /** As if the power of its machine had been cut. */
  kill(): void {
    this.process.kill('SIGKILL');
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.disconnect();
    await ended;
  }
}

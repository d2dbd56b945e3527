/**
 * Cluster: three hosts of the sample in processes of their own, over NATS and Cassandra, and a client of them.
 *
 * Owns: starting them one after another, killing one, draining the others. Does not own: the servers
 * (`npm run services -- start`), what a host does (`cluster-host`).
 */

import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PerdureClient } from 'perdure/client';
import { connect, nats } from 'perdure/client';
import type { CassandraOptions } from 'perdure/host';

export interface ClusterOptions {
  readonly nats: string;
  /** Of the subjects: clusters that share a server do not meet. */
  readonly prefix: string;
  readonly cassandra: CassandraOptions;
  /** Where letters are written. */
  readonly outbox: string;
}

export interface Cluster {
  readonly client: PerdureClient;
  /** As if the power of its machine had been cut. */
  killOne(): void;
  stop(): Promise<void>;
}

const HOSTS = 3;

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const hosts: ChildProcess[] = [];
  try {
    for (let i = 0; i < HOSTS; i += 1) hosts.push(await startHostProcess(options));
    const client = await connect(nats({ servers: options.nats, prefix: options.prefix }));
    return {
      client,
      killOne: () => void hosts.shift()?.kill('SIGKILL'),
      stop: async () => {
        await client.close();
        await Promise.all(hosts.map(drained));
      },
    };
  } catch (error) {
    for (const host of hosts) host.kill('SIGKILL');
    throw error;
  }
}

/** Resolves once it is a member of the cluster. */
async function startHostProcess(options: ClusterOptions): Promise<ChildProcess> {
  const host = fork(join(__dirname, 'cluster-host.js'), [JSON.stringify(options)]);
  const ended = once(host, 'exit').then(() => {
    throw new Error('a host of the cluster could not start: its own message says why');
  });
  await Promise.race([once(host, 'message'), ended]);
  ended.catch(() => undefined);
  return host;
}

async function drained(host: ChildProcess): Promise<void> {
  if (host.exitCode !== null) return;
  const ended = once(host, 'exit');
  host.kill('SIGTERM');
  await ended;
}

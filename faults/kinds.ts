/**
 * Kinds of faults: what goes wrong with real processes, and how it is mended.
 *
 * Owns: each kind by its name. Does not own: kinds of faults of links (`link-kinds`), when one happens and what follows
 * (`fault-run`).
 */

import { setTimeout as pause } from 'node:timers/promises';
import { kill, start } from '../services/daemon';
import type { SimStream } from '../runtime/sim/world/random';
import type { FaultCluster } from './fault-cluster';
import { LINK_FAULTS } from './link-kinds';

/** Begins a fault and mends it; what it befalls is drawn. Resolves when it is over. */
export type Fault = (cluster: FaultCluster, draw: SimStream) => Promise<void>;

/** Longer than a host that says nothing is waited for (C3). */
const TAKEN_FOR_DEAD_MS = 12_000;
const SHORT_MS = 2_000;

const hostOf = ({ hosts }: FaultCluster, draw: SimStream): number => draw.below(hosts.length);

export const FAULTS = {
  'host killed': async (cluster: FaultCluster, draw: SimStream) => {
    const host = hostOf(cluster, draw);
    cluster.hosts[host]?.kill('SIGKILL');
    await pause(TAKEN_FOR_DEAD_MS);
    await cluster.replaceHost(host);
  },
  'host drained': async (cluster: FaultCluster, draw: SimStream) => {
    const host = hostOf(cluster, draw);
    cluster.hosts[host]?.kill('SIGTERM');
    await pause(SHORT_MS);
    await cluster.replaceHost(host);
  },
  /** It is taken for dead, wakes and finds that it is. */
  'host stopped and continued': async (cluster: FaultCluster, draw: SimStream) => {
    const host = cluster.hosts[hostOf(cluster, draw)];
    host?.kill('SIGSTOP');
    await pause(TAKEN_FOR_DEAD_MS);
    host?.kill('SIGCONT');
  },
  'NATS killed': async ({ nats }: FaultCluster) => {
    kill(nats, 'SIGKILL');
    await pause(SHORT_MS);
    await start(nats);
  },
  'NATS stopped and continued': async ({ nats }: FaultCluster) => {
    kill(nats, 'SIGSTOP');
    await pause(SHORT_MS);
    kill(nats, 'SIGCONT');
  },
  'Cassandra node killed': async ({ cassandra }: FaultCluster, draw: SimStream) => {
    const node = draw.of(cassandra);
    kill(node, 'SIGKILL');
    await pause(SHORT_MS);
    await start(node);
  },
  'Cassandra node stopped and continued': async ({ cassandra }: FaultCluster, draw: SimStream) => {
    const node = draw.of(cassandra);
    kill(node, 'SIGSTOP');
    await pause(SHORT_MS * 2);
    kill(node, 'SIGCONT');
  },
  'everything killed': async (cluster: FaultCluster) => {
    const daemons = [cluster.nats, ...cluster.cassandra];
    for (const host of cluster.hosts) host.kill('SIGKILL');
    for (const daemon of daemons) kill(daemon, 'SIGKILL');
    for (const daemon of daemons) await start(daemon);
    for (const index of cluster.hosts.keys()) await cluster.replaceHost(index);
  },
  ...LINK_FAULTS,
} satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;

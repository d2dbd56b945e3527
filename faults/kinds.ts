/**
 * Kinds of faults: what goes wrong with real processes, and how it is mended.
 *
 * Owns: each kind by its name. Does not own: kinds of faults of links (`link-kinds`), when one happens and what follows
 * (`fault-run`).
 */

import { setTimeout as pause } from 'node:timers/promises';
import { assert } from '../framework/assert';
import { kill, start, stateOf } from '../services/daemon';
import type { SimStream } from '../runtime/sim/world/random';
import type { FaultCluster } from './fault-cluster';
import { LINK_FAULTS } from './link-kinds';

/** Begins a fault and mends it; what it befalls is drawn. Resolves when it is over. */
export type Fault = (cluster: FaultCluster, draw: SimStream) => Promise<void>;

/** Longer than a host that says nothing is waited for (C3). */
const TAKEN_FOR_DEAD_MS = 12_000;
const SHORT_MS = 2_000;
const MINUTE_MS = 60_000;
/** It has told the others that it leaves, and given back some of its shards. */
const DRAINING_MS = 1_500;
const DRAINED_MS = 60_000;
const LOOK_MS = 50;

const hostOf = ({ hosts }: FaultCluster, draw: SimStream): number => draw.below(hosts.length);

export const FAULTS = {
  'host killed': async (cluster: FaultCluster, draw: SimStream) => {
    const host = hostOf(cluster, draw);
    cluster.hosts[host]?.kill('SIGKILL');
    await pause(TAKEN_FOR_DEAD_MS);
    await cluster.replaceHost(host);
  },
  /** It ends by itself. */
  'host drained': async (cluster: FaultCluster, draw: SimStream) => {
    const host = hostOf(cluster, draw);
    cluster.hosts[host]?.kill('SIGTERM');
    for (let waitedMs = 0; cluster.hosts[host]?.exitCode === null && waitedMs < DRAINED_MS; waitedMs += LOOK_MS)
      await pause(LOOK_MS);
    await cluster.replaceHost(host);
  },
  'host killed while it drains': async (cluster: FaultCluster, draw: SimStream) => {
    const host = hostOf(cluster, draw);
    cluster.hosts[host]?.kill('SIGTERM');
    await pause(DRAINING_MS);
    await cluster.replaceHost(host);
  },
  /** It is taken for dead, wakes and finds that it is. */
  'host stopped and continued': async (cluster: FaultCluster, draw: SimStream) => {
    const host = cluster.hosts[hostOf(cluster, draw)];
    host?.kill('SIGSTOP');
    await pause(TAKEN_FOR_DEAD_MS);
    host?.kill('SIGCONT');
  },
  /** So long that others have its shards, and have left much behind: what it wakes with is old. */
  'host stopped for a minute': async (cluster: FaultCluster, draw: SimStream) => {
    const host = cluster.hosts[hostOf(cluster, draw)];
    host?.kill('SIGSTOP');
    await pause(MINUTE_MS);
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
  /** It ends itself, or goes on without writing. */
  'Cassandra disk full': async ({ disk, cassandra }: FaultCluster) => {
    const node = cassandra.at(-1);
    assert(node !== undefined && typeof disk !== 'string', 'a node stands on a small disk');
    disk.fill();
    await pause(TAKEN_FOR_DEAD_MS);
    disk.free();
    if ((await stateOf(node)) !== 'stopped') kill(node, 'SIGKILL');
    await start(node);
  },
  'everything killed': async (cluster: FaultCluster) => {
    const daemons = [cluster.nats, ...cluster.cassandra];
    for (const host of cluster.hosts) host.kill('SIGKILL');
    for (const daemon of daemons) kill(daemon, 'SIGKILL');
    await pause(SHORT_MS);
    // One after the other, as at first: the first is the seed of the others.
    for (const daemon of daemons) await start(daemon);
    for (const index of cluster.hosts.keys()) await cluster.replaceHost(index);
  },
  ...LINK_FAULTS,
} satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;

/** After these the shards of a host come to others only once it is taken for dead: recovery from them is timed. */
export const HOST_DEATHS: ReadonlySet<FaultName> = new Set<FaultName>([
  'host killed',
  'host stopped and continued',
  'host stopped for a minute',
]);

/** Kinds that cannot be run on this machine, and why. */
export function hindered({ disk }: FaultCluster): ReadonlyMap<FaultName, string> {
  return new Map(typeof disk === 'string' ? [['Cassandra disk full', disk]] : []);
}

/**
 * Services for tests: the servers that a test run uses.
 *
 * Owns: taking those that PERDURE_TEST_NATS and PERDURE_TEST_CASSANDRA name, else starting them, once for all test files.
 * Does not own: how they run (`services`).
 *
 * They stand in a directory and on ports of their own, beside what `npm run services` runs. The end of the test run ends
 * them, data and all.
 */

import { rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cassandraDaemons, configureCassandra } from './cassandra';
import type { Daemon } from './daemon';
import { start, stop } from './daemon';
import { installCassandra } from './install';
import type { ServiceOptions } from './options';
import { defaultOptions } from './options';
import { startServices, stopServices } from './services';

export interface TestServices {
  readonly nats: string;
  /** HOST:PORT of one node. */
  readonly cassandra: readonly { readonly host: string; readonly port: number }[];
}

const LOCK_PORT = 14_221;
const LOCK_LOOK_MS = 200;

/** One node, which is never started again, or a cluster of three beside it. */
export function testOptions(nodes: 1 | 3 = 1): ServiceOptions {
  const { cache } = defaultOptions();
  const shift = nodes === 1 ? 0 : 10_000;
  return defaultOptions({
    nodes,
    cache,
    directory: join(cache, `test-run-${nodes}`),
    natsPort: 14_222 + shift,
    cassandraPort: 19_042 + shift,
    storagePort: 17_000 + shift,
    heapMb: nodes === 1 ? 800 : 600,
    durableSchema: nodes === 3,
  });
}

/** A node by itself beside the others, for tests of its settings. */
function otherOptions(cassandraSettings: ServiceOptions['cassandraSettings']): ServiceOptions {
  const base = testOptions();
  const directory = join(base.cache, 'test-run-other');
  return { ...base, directory, cassandraSettings, cassandraPort: 19_142, storagePort: 17_100, heapMb: 400 };
}

/** Started, or started again with other settings. */
export async function startOtherNode(settings: ServiceOptions['cassandraSettings']): Promise<Daemon['address']> {
  const node = otherNode(settings);
  await stop(node);
  configureCassandra(otherOptions(settings));
  await start(node);
  return node.address;
}

/** Data and all. */
export async function stopOtherNode(): Promise<void> {
  await stop(otherNode({}));
  rmSync(otherOptions({}).directory, { recursive: true, force: true });
}

function otherNode(settings: ServiceOptions['cassandraSettings']): Daemon {
  const options = otherOptions(settings);
  const say = (line: string): void => void process.stderr.write(`services: ${line}\n`);
  const [node] = cassandraDaemons(installCassandra(options.cache, say), options);
  if (node === undefined) throw new Error('a node by itself is one node');
  return node;
}

let found: Promise<TestServices> | null = null;

export function testServices(): Promise<TestServices> {
  return (found ??= find());
}

/** Ends what `testServices` has started, in this process or another; not with PERDURE_KEEP_SERVICES. */
export async function stopTestServices(): Promise<void> {
  if (process.env['PERDURE_KEEP_SERVICES'] === undefined) await stopServices(testOptions(), true);
}

async function find(): Promise<TestServices> {
  const { PERDURE_TEST_NATS: nats, PERDURE_TEST_CASSANDRA: cassandra } = process.env;
  if (nats !== undefined && cassandra !== undefined) return { nats, cassandra: cassandra.split(',').map(addressOf) };
  const say = (line: string): void => void process.stderr.write(`services: ${line}\n`);
  const running = await alone(() => startServices(testOptions(), say));
  const { host, port } = running.nats.address;
  return { nats: nats ?? `nats://${host}:${port}`, cassandra: running.cassandra.map(({ address }) => address) };
}

/** Test files run in several processes: one starts the servers, the others wait. A port is a lock that dies with its owner. */
async function alone<T>(act: () => Promise<T>): Promise<T> {
  const lock = createServer();
  while (!(await listens(lock))) await pause(LOCK_LOOK_MS);
  try {
    return await act();
  } finally {
    lock.close();
  }
}

function listens(lock: Server): Promise<boolean> {
  return new Promise((resolve, reject) => {
    lock.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    lock.listen({ host: '127.0.0.1', port: LOCK_PORT, exclusive: true }, () => resolve(true));
  });
}

function addressOf(text: string): { readonly host: string; readonly port: number } {
  const [host = '', port = '9042'] = text.split(':');
  return { host, port: Number(port) };
}

/**
 * Services: real NATS and real Cassandra on this machine, for development and tests.
 *
 * Owns: starting, stopping and looking at all of them together. Does not own: any one (`nats`, `cassandra`, `daemon`),
 * getting them (`install`).
 */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cassandraDaemons, configureCassandra } from './cassandra';
import type { Daemon, DaemonState } from './daemon';
import { start, stateOf, stop } from './daemon';
import { installCassandra, installNats } from './install';
import { configureNats, natsDaemon } from './nats';
import type { ServiceOptions } from './options';

export interface RunningServices {
  readonly nats: Daemon;
  readonly cassandra: readonly Daemon[];
}

/** Starts what does not run yet; resolves once all serve. Rejects with what is missing or went wrong. */
export async function startServices(options: ServiceOptions, tell: (line: string) => void): Promise<RunningServices> {
  mkdirSync(options.directory, { recursive: true });
  refuseOtherShape(options);
  const nats = natsDaemon(installNats(options.cache, tell), options);
  const cassandra = cassandraDaemons(installCassandra(options.cache, tell), options);
  writeFileSync(shapeFile(options), JSON.stringify(options));
  configureNats(options);
  configureCassandra(options);
  for (const daemon of [nats, ...cassandra]) {
    tell(`starting ${daemon.name}`);
    await start(daemon);
  }
  return { nats, cassandra };
}

/** Names of those that ran. */
export async function stopServices(options: ServiceOptions, wipe: boolean): Promise<readonly string[]> {
  const ran: string[] = [];
  for (const daemon of known(options).reverse()) if (await stop(daemon)) ran.push(daemon.name);
  if (wipe) rmSync(options.directory, { recursive: true, force: true });
  return ran;
}

export async function lookAtServices(
  options: ServiceOptions,
): Promise<readonly { readonly daemon: Daemon; readonly state: DaemonState }[]> {
  return Promise.all(known(options).map(async (daemon) => ({ daemon, state: await stateOf(daemon) })));
}

/** What was started in this directory, whatever was asked for now. */
function known(options: ServiceOptions): Daemon[] {
  const started = shapeOf(options);
  if (started === null) return [];
  return [natsDaemon('', started), ...Array.from({ length: started.nodes }, (_, i) => cassandraNode(started, i))];
}

function cassandraNode({ directory, cassandraPort }: ServiceOptions, i: number): Daemon {
  const name = `cassandra-${i + 1}`;
  const address = { host: `127.0.0.${i + 1}`, port: cassandraPort };
  return { name, command: '', args: [], directory: join(directory, name), address, readyWithinMs: 0 };
}

/** Data of one node cannot be served by three, nor on other ports while it runs. */
function refuseOtherShape(options: ServiceOptions): void {
  const before = shapeOf(options);
  if (before === null) return;
  const names = ['nodes', 'natsPort', 'cassandraPort', 'storagePort'] as const;
  const changed = names.find((name) => before[name] !== options[name]);
  if (changed === undefined) return;
  const fact = `${options.directory} was started with ${changed} ${before[changed]}, not ${options[changed]}`;
  throw new Error(`${fact}: stop it with --wipe first, or use another --directory`);
}

function shapeOf(options: ServiceOptions): ServiceOptions | null {
  if (!existsSync(shapeFile(options))) return null;
  const shape = JSON.parse(readFileSync(shapeFile(options), 'utf8')) as ServiceOptions;
  return { ...shape, directory: options.directory, cache: options.cache };
}

function shapeFile({ directory }: ServiceOptions): string {
  return join(directory, 'services.json');
}

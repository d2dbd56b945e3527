/**
 * Options of the services: which servers run, where, on which ports.
 *
 * Owns: their names, defaults and checks. Does not own: starting anything.
 */

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface ServiceOptions {
  /** Cassandra nodes: one with replication 1, or three with replication 3. */
  readonly nodes: 1 | 3;
  readonly natsPort: number;
  /** Of the native protocol, on 127.0.0.1 and with three nodes on 127.0.0.2 and 127.0.0.3 too. */
  readonly cassandraPort: number;
  /** Between the nodes. */
  readonly storagePort: number;
  readonly heapMb: number;
  /** A keyspace survives a crash of its node; without, it is made in a third of the time. */
  readonly durableSchema: boolean;
  /** Lines of `cassandra.yaml` in place of those given there; null leaves one out. */
  readonly cassandraSettings: Readonly<Record<string, string | null>>;
  /** Data, logs and process ids of what runs. */
  readonly directory: string;
  /** Downloaded servers, shared by all runs. */
  readonly cache: string;
}

export const USAGE = `npm run services -- start|stop|status [options]

  --nodes 1|3             Cassandra nodes                           (1)
  --nats-port PORT        NATS for clients                          (4222)
  --cassandra-port PORT   Cassandra for clients                     (9042)
  --storage-port PORT     Cassandra between its nodes               (7000)
  --heap-mb MB            of each Cassandra node                    (600)
  --directory PATH        data and logs of what runs                (CACHE/run)
  --wipe                  with stop: delete the data and logs
`;

export class UsageError extends Error {}

export function defaultCache(): string {
  const { PERDURE_CACHE, XDG_CACHE_HOME } = process.env;
  return resolve(PERDURE_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'perdure'));
}

export function defaultOptions(changes: Partial<ServiceOptions> = {}): ServiceOptions {
  const cache = changes.cache ?? defaultCache();
  const directory = join(cache, 'run');
  return {
    nodes: 1,
    natsPort: 4222,
    cassandraPort: 9042,
    storagePort: 7000,
    heapMb: 600,
    durableSchema: true,
    cassandraSettings: {},
    directory,
    cache,
    ...changes,
  };
}

export interface Command {
  readonly action: 'start' | 'stop' | 'status';
  readonly wipe: boolean;
  readonly options: ServiceOptions;
}

/** Throws UsageError. */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  const [action, ...rest] = positionals;
  if ((action !== 'start' && action !== 'stop' && action !== 'status') || rest.length > 0)
    throw new UsageError(`what is to be done is start, stop or status, not '${positionals.join(' ')}'`);
  const nodes = values.nodes ?? '1';
  if (nodes !== '1' && nodes !== '3') throw new UsageError(`--nodes is 1 or 3, not '${nodes}'`);
  if (values.wipe === true && action !== 'stop') throw new UsageError('--wipe goes with stop');
  const options = defaultOptions({
    nodes: nodes === '3' ? 3 : 1,
    ...(values.directory === undefined ? {} : { directory: resolve(values.directory) }),
    natsPort: port('--nats-port', values['nats-port'], 4222),
    cassandraPort: port('--cassandra-port', values['cassandra-port'], 9042),
    storagePort: port('--storage-port', values['storage-port'], 7000),
    heapMb: whole('--heap-mb', values['heap-mb'], 600, [256, 65_536]),
  });
  return { action, wipe: values.wipe === true, options };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        nodes: text,
        'nats-port': text,
        'cassandra-port': text,
        'storage-port': text,
        'heap-mb': text,
        directory: text,
        wipe: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function port(name: string, text: string | undefined, otherwise: number): number {
  return whole(name, text, otherwise, [1, 65_535]);
}

function whole(
  name: string,
  text: string | undefined,
  otherwise: number,
  [low, high]: readonly [number, number],
): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high)
    throw new UsageError(`${name} is a whole number from ${low} to ${high}, not '${text}'`);
  return value;
}

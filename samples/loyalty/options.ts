/**
 * Options of the sample's command line.
 */

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE =
  'Usage: npm start -- [--input FILE.csv] [--data DIR] [--json] ' +
  '[--verify | --cluster [--nats URL] [--cassandra HOST:PORT] [--keyspace NAME]]';

export interface Options {
  readonly input: string;
  readonly data: string;
  readonly json: boolean;
  /** Check the data directory, and import nothing. */
  readonly verify: boolean;
  /** Accounts of a cluster of three hosts, one of which is killed on the way; null for one host in this process. */
  readonly cluster: {
    readonly nats: string;
    readonly cassandra: readonly [host: string, port: number];
    readonly keyspace: string;
  } | null;
}

/** Compiled or not, the file is found from the root of the package. */
const SHIPPED_FILE = join(require.resolve('perdure/package.json'), '..', 'samples', 'loyalty', 'purchases.csv');
const DEFAULT_DATA = join('.data', 'loyalty');

/** The command line asks for something that cannot be. */
export class BadUsage extends Error {}

/** Throws BadUsage. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { input, data, json, verify, help, cluster, ...servers } = parse([...args]);
  if (help) return 'help';
  if (input === '' || data === '') throw new BadUsage(`an empty name is given. ${USAGE}`);
  if (cluster && verify) throw new BadUsage(`--verify looks at a data directory, and a cluster has none. ${USAGE}`);
  return { input: resolve(input), data: resolve(data), json, verify, cluster: cluster ? clusterOf(servers) : null };
}

function clusterOf({ nats, cassandra, keyspace }: Record<'nats' | 'cassandra' | 'keyspace', string>) {
  const [, host, port] = /^([^:]+):(\d+)$/.exec(cassandra) ?? [];
  if (host === undefined) throw new BadUsage(`--cassandra is HOST:PORT, not '${cassandra}'. ${USAGE}`);
  if (!/^[a-z]\w*$/.test(keyspace)) throw new BadUsage(`'${keyspace}' cannot be the name of a keyspace. ${USAGE}`);
  return { nats, cassandra: [host, Number(port)] as const, keyspace };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        input: { type: 'string', default: SHIPPED_FILE },
        data: { type: 'string', default: DEFAULT_DATA },
        json: { type: 'boolean', default: false },
        verify: { type: 'boolean', default: false },
        cluster: { type: 'boolean', default: false },
        nats: { type: 'string', default: 'nats://127.0.0.1:4222' },
        cassandra: { type: 'string', default: '127.0.0.1:9042' },
        keyspace: { type: 'string', default: 'loyalty' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    const [fact = ''] = (error as Error).message.split('\n');
    throw new BadUsage(`${fact.replace(/\.$/, '')}. ${USAGE}`);
  }
}

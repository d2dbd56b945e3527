/**
 * Cassandra fixture: fresh keyspaces of the servers for tests.
 */

import { Client } from 'cassandra-driver';
import type { ClientOptions, types } from 'cassandra-driver';
import { testServices } from '../../../services/for-tests';
import type { Log } from '../../ports/telemetry';
import { silentLog } from '../../ports/telemetry';
import { systemClock } from '../../system/clock';
import type { CassandraStore } from './cassandra-store';
import { openCassandra } from './cassandra-store';
import type { CassandraOptions } from './options';
import { VERSIONS } from './schema';

export interface CassandraForTests {
  /** Options of a keyspace that nobody has used. */
  fresh(changes?: Partial<CassandraOptions>): Promise<CassandraOptions>;
  /** Closed after the tests of the file. */
  open(options: CassandraOptions, log?: Log): Promise<CassandraStore>;
  /** By a user that may do it, if the server asks for one. */
  admin(cql: string, user?: Pick<CassandraOptions, 'username' | 'password'>): Promise<readonly types.Row[]>;
  /** The same options, once the keyspace has the tables of that version. */
  ofVersion(version: number, options: CassandraOptions): Promise<CassandraOptions>;
}

const SLOW_MS = 30_000;

interface Server {
  readonly host: string;
  readonly port: number;
}

const sharedServers = async (): Promise<readonly Server[]> => (await testServices()).cassandra;

/** Called once in a test file, outside of its tests; for servers of its own if it has some. */
export function cassandraFor(servers: () => Promise<readonly Server[]> = sharedServers): CassandraForTests {
  const opened: CassandraStore[] = [];
  let n = 0;
  let found: Promise<readonly Server[]> | null = null;

  const node = async (): Promise<Pick<CassandraOptions, 'contactPoints' | 'localDataCenter' | 'port'>> => {
    const [{ host, port } = { host: '127.0.0.1', port: 9042 }] = await (found ??= servers());
    return { contactPoints: [host], localDataCenter: 'datacenter1', port };
  };
  afterAll(async () => {
    for (const store of opened) await store.close();
  });
  const asked = async (
    statements: readonly string[],
    more: Partial<ClientOptions> = {},
  ): Promise<types.ResultSet[]> => {
    const { port = 9042, ...rest } = await node();
    const at = { ...rest, contactPoints: [...rest.contactPoints], protocolOptions: { port } };
    const client = new Client({ ...at, socketOptions: { readTimeout: SLOW_MS }, ...more });
    try {
      await client.connect();
      const results: types.ResultSet[] = [];
      for (const cql of statements) results.push(await client.execute(cql));
      return results;
    } finally {
      await client.shutdown();
    }
  };
  return {
    async fresh(changes = {}) {
      n += 1;
      const keyspace = `t${process.pid}_${Date.now().toString(36)}_${n}`;
      return { ...(await node()), keyspace, createWithReplicas: 1, migrate: true, unsafe: ['replication'], ...changes };
    },
    async open(options, log = silentLog) {
      const store = await openCassandra(options, { clock: systemClock, log });
      opened.push(store);
      return store;
    },
    async admin(cql, user) {
      const credentials = user && { username: user.username ?? '', password: user.password ?? '' };
      const [result] = await asked([cql], { ...(credentials && { credentials }) });
      return result?.rows ?? [];
    },
    async ofVersion(version, options) {
      const { keyspace, localDataCenter, createWithReplicas, shards } = options;
      const replication = `{'class': 'NetworkTopologyStrategy', '${localDataCenter}': ${createWithReplicas}}`;
      await asked([`CREATE KEYSPACE ${keyspace} WITH replication = ${replication}`]);
      const rows = { shards, schema: version };
      const meta = Object.entries(rows).map(
        ([name, value]) => `INSERT INTO meta (name, value) VALUES ('${name}', '${value}') IF NOT EXISTS`,
      );
      await asked([...VERSIONS.slice(0, version).flat(), ...meta], { keyspace });
      return options;
    },
  };
}

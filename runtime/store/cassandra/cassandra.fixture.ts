/**
 * Cassandra fixture: fresh keyspaces of the servers for tests.
 */

import { Client } from 'cassandra-driver';
import type { types } from 'cassandra-driver';
import { testServices } from '../../../services/for-tests';
import type { CassandraStore } from './cassandra-store';
import { openCassandra } from './cassandra-store';
import type { CassandraOptions } from './options';
import { VERSIONS } from './schema';

export interface CassandraForTests {
  /** Options of a keyspace that nobody has used. */
  fresh(changes?: Partial<CassandraOptions>): Promise<CassandraOptions>;
  /** Closed after the tests of the file. */
  open(options: CassandraOptions): Promise<CassandraStore>;
  admin(cql: string): Promise<readonly types.Row[]>;
  /** The same options, once the keyspace has the tables of that version. */
  ofVersion(version: number, options: CassandraOptions): Promise<CassandraOptions>;
}

const SLOW_MS = 30_000;

/** Called once in a test file, outside of its tests. */
export function cassandraFor(): CassandraForTests {
  const opened: CassandraStore[] = [];
  let client: Client | null = null;
  let n = 0;

  const node = async (): Promise<Pick<CassandraOptions, 'contactPoints' | 'localDataCenter' | 'port'>> => {
    const [{ host, port } = { host: '127.0.0.1', port: 9042 }] = (await testServices()).cassandra;
    return { contactPoints: [host], localDataCenter: 'datacenter1', port };
  };
  afterAll(async () => {
    for (const store of opened) await store.close();
    await client?.shutdown();
  });
  const admin = async (cql: string): Promise<readonly types.Row[]> => {
    if (client === null) {
      const { port = 9042, ...rest } = await node();
      client = new Client({
        ...rest,
        contactPoints: [...rest.contactPoints],
        protocolOptions: { port },
        socketOptions: { readTimeout: SLOW_MS },
      });
      await client.connect();
    }
    return (await client.execute(cql)).rows ?? [];
  };
  return {
    async fresh(changes = {}) {
      n += 1;
      const keyspace = `t${process.pid}_${Date.now().toString(36)}_${n}`;
      return { ...(await node()), keyspace, createWithReplicas: 1, migrate: true, unsafe: ['replication'], ...changes };
    },
    async open(options) {
      const store = await openCassandra(options);
      opened.push(store);
      return store;
    },
    admin,
    async ofVersion(version, options) {
      const { keyspace, localDataCenter, createWithReplicas, shards } = options;
      const replication = `{'class': 'NetworkTopologyStrategy', '${localDataCenter}': ${createWithReplicas}}`;
      await admin(`CREATE KEYSPACE ${keyspace} WITH replication = ${replication}`);
      await admin(`USE ${keyspace}`);
      for (const cql of VERSIONS.slice(0, version).flat()) await admin(cql);
      await admin(`INSERT INTO meta (name, value) VALUES ('shards', '${shards}') IF NOT EXISTS`);
      await admin(`INSERT INTO meta (name, value) VALUES ('schema', '${version}') IF NOT EXISTS`);
      return options;
    },
  };
}

/**
 * Cassandra fixture: fresh keyspaces of the servers for tests.
 */

import { Client } from 'cassandra-driver';
import { testServices } from '../../../services/for-tests';
import type { CassandraStore } from './cassandra-store';
import { openCassandra } from './cassandra-store';
import type { CassandraOptions } from './options';

export interface CassandraForTests {
  /** Options of a keyspace that nobody has used. */
  fresh(changes?: Partial<CassandraOptions>): Promise<CassandraOptions>;
  /** Closed after the tests of the file. */
  open(options: CassandraOptions): Promise<CassandraStore>;
  admin(cql: string): Promise<void>;
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
    async admin(cql) {
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
      await client.execute(cql);
    },
  };
}

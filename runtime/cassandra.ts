/**
 * Composition root of the Cassandra store. Importing it loads no driver; opening does.
 */

import './node-floor';
import type { SharedStore } from './ports/cluster-store';
import type { CassandraOptions } from './store/cassandra/options';
import { systemClock } from './system/clock';
import { workerFile } from './worker-file';

/** History in a keyspace of Cassandra 5, shared by any number of hosts; see `CassandraOptions`. */
export function cassandra(options: CassandraOptions): SharedStore {
  return {
    shared: true,
    open: async (log) => {
      const { openCassandra } = await import('./store/cassandra/cassandra-store.js');
      return openCassandra(options, { clock: systemClock, log });
    },
    runningWriter: () => ({ module: workerFile(__filename, 'store/cassandra/running-writer'), options }),
  };
}

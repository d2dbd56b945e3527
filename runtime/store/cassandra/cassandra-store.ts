/**
 * Cassandra store: the ClusterStore port over a keyspace of Cassandra 5 (C8 to C12a).
 *
 * Owns: opening it with all checks, closing it. Does not own: statements (the `…-rows` files), outcomes (`connection`).
 */

import type { OpenSharedStore } from '../../ports/cluster-store';
import type { Asked } from './connection';
import { Connection } from './connection';
import { directoryRows } from './directory-rows';
import { historyRows } from './history-rows';
import { membershipRows } from './membership-rows';
import { checkSchema } from './migration';
import type { CassandraOptions, UnsafeSetting } from './options';
import { shardRows } from './shard-rows';
import { checkCluster } from './start-check';

export interface CassandraStore extends OpenSharedStore {
  readonly unsafe: readonly UnsafeSetting[];
  /** What was asked of Cassandra so far. */
  readonly asked: Readonly<Asked>;
}

/**
 * Opens a keyspace. Rejects with `unavailable` when no node can be reached, `unauthenticated` for wrong credentials, and
 * `invalid_argument`, naming the setting, for whatever else keeps it from being safe to use.
 */
export async function openCassandra(options: CassandraOptions): Promise<CassandraStore> {
  const connection = new Connection(options);
  await connection.open();
  try {
    await checkSchema(connection);
    const unsafe = await checkCluster(connection.client, options);
    return {
      ...membershipRows(connection),
      ...historyRows(connection),
      ...shardRows(connection),
      ...directoryRows(connection),
      unsafe,
      asked: connection.asked,
      close: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

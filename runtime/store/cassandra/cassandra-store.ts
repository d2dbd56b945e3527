/**
 * Cassandra store: the ClusterStore port over a keyspace of Cassandra 5 (C8 to C12a).
 *
 * Owns: opening it with all checks, closing it. Does not own: statements (the `…-rows` files), outcomes (`connection`).
 */

import type { OpenSharedStore } from '../../ports/cluster-store';
import { isPerdureError } from '../../../framework/errors';
import type { PerdureError } from '../../../framework/errors';
import type { Clock } from '../../ports/clock';
import type { Log } from '../../ports/telemetry';
import type { Asked } from './connection';
import { Connection } from './connection';
import { directoryRows } from './directory-rows';
import { historyRows } from './history-rows';
import { findKeyspace, patiently } from './keyspace';
import { membershipRows } from './membership-rows';
import { checkSchema } from './migration';
import type { CassandraOptions, UnsafeSetting } from './options';
import { shardRows } from './shard-rows';
import { checkCluster, watchNodes } from './start-check';
import { cannotConnect, lacksKeyspace } from './trouble';

export interface CassandraStore extends OpenSharedStore {
  readonly unsafe: readonly UnsafeSetting[];
  /** What was asked of Cassandra so far. */
  readonly asked: Readonly<Asked>;
}

/**
 * Opens a keyspace. Rejects with `unavailable` when no node can be reached, `unauthenticated` for wrong credentials,
 * `permission_denied` for those that lack a right, and `invalid_argument`, naming the setting, for whatever else keeps it from being safe to use.
 */
export async function openCassandra(
  options: CassandraOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<CassandraStore> {
  await findKeyspace(options, clock);
  const connection = await connected(options, clock);
  try {
    await checkSchema(connection, clock);
    const unsafe = await checkCluster(connection.client, options);
    watchNodes(connection.client, options, unsafe, log);
    return {
      ...membershipRows(connection),
      ...historyRows(connection),
      ...shardRows(connection),
      ...directoryRows(connection),
      get unsafe() {
        return [...unsafe].sort();
      },
      asked: connection.asked,
      close: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw isPerdureError(error) ? error : cannotConnect(options, error);
  }
}

/** To a keyspace that has just been found or made: a node that was away meanwhile may not know of it yet. */
export function connected(options: CassandraOptions, clock: Clock): Promise<Connection> {
  return patiently(options, clock, async () => {
    const connection = new Connection(options);
    await connection.open().catch((error: PerdureError) => {
      throw lacksKeyspace(error) ? error.cause : error;
    });
    return connection;
  });
}

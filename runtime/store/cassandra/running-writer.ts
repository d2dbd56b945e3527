/**
 * Running writer: how the watchdog's thread writes rows of running steps into a keyspace, over a connection of its own,
 * for that of the main thread stands still with it (S20).
 */

import type { ConnectRunning } from '../../ports/watchdog';
import { Connection } from './connection';
import type { CassandraOptions } from './options';
import { shardRows } from './shard-rows';

export const connect: ConnectRunning = (options) => {
  const connection = new Connection(options as CassandraOptions);
  const { writeRunning } = shardRows(connection);
  return async (place, order, running) => {
    const outcome = await writeRunning(place, order, running);
    if (outcome !== 'ok') throw new Error(`the row of the running step is ${outcome}`);
  };
};

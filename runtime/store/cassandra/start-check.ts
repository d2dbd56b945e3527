/**
 * Start check: may this keyspace be trusted with what is acknowledged? (C8, C11)
 *
 * Owns: what is asked of the cluster and of each of its nodes, and which answers are refused. Does not own: the schema's
 * version (`migration`).
 *
 * Settings of a node stand in a view of that node alone: each one of the local data centre is asked, and those that come
 * up later are asked then.
 */

import { types } from 'cassandra-driver';
import type { Client, Host } from 'cassandra-driver';
import type { CassandraOptions, UnsafeSetting } from './options';
import { refused } from './trouble';
import { VERSIONS } from './schema';

const REPLICAS = 3;
const OLDEST_MAJOR = 5;
const SETTINGS = ['commitlog_sync', 'paxos_variant'] as const;

/** Which settings are unsafe and were allowed; rejects when one was not. */
export async function checkCluster(client: Client, options: CassandraOptions): Promise<readonly UnsafeSetting[]> {
  await checkTables(client, options);
  const found = new Set<UnsafeSetting>();
  if ((await checkReplication(client, options)) < REPLICAS) found.add('replication');
  for (const host of client.hosts.values()) {
    if (!host.isUp() || host.datacenter !== options.localDataCenter) continue;
    for (const setting of await checkNode(client, host)) found.add(setting);
  }
  const refusedOnes = [...found].filter((setting) => options.unsafe?.includes(setting) !== true);
  const [first] = refusedOnes;
  if (first !== undefined)
    throw refused('invalid_argument', `${WHY[first](options)}, or name it in unsafe: ['${first}']`);
  return [...found].sort();
}

const WHY: Readonly<Record<UnsafeSetting, (options: CassandraOptions) => string>> = {
  replication: ({ keyspace, localDataCenter }) =>
    `keyspace '${keyspace}' has fewer than ${REPLICAS} replicas in '${localDataCenter}', so that one lost disk loses ` +
    `acknowledged work: alter its replication to ${REPLICAS}`,
  commitlog_sync: () =>
    `a node has commitlog_sync: periodic, so that a power cut loses acknowledged work: set commitlog_sync: group ` +
    `with commitlog_sync_group_window: 2ms (or batch) in cassandra.yaml`,
  paxos_variant: () =>
    `a node has paxos_variant: v1, under which a lease may be read stale: set paxos_variant: v2 in cassandra.yaml`,
};

async function checkReplication(client: Client, { keyspace, localDataCenter }: CassandraOptions): Promise<number> {
  const cql = `SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?`;
  const row = (await client.execute(cql, [keyspace], { prepare: true })).first() as types.Row | null;
  const replication = (row?.['replication'] ?? {}) as Readonly<Record<string, string>>;
  if (replication['class']?.endsWith('NetworkTopologyStrategy') !== true)
    return Number.parseInt(replication['replication_factor'] ?? '0', 10);
  const homes = Object.keys(replication).filter((name) => name !== 'class');
  if (!homes.includes(localDataCenter))
    throw refused(
      'invalid_argument',
      `keyspace '${keyspace}' has no replicas in the data centre '${localDataCenter}', only in ${homes.join(', ')}: ` +
        `set localDataCenter to its home, for all quorums are of one data centre`,
    );
  return Number.parseInt(replication[localDataCenter] ?? '0', 10);
}

/** Reads repair what they return: without that a tail that was seen could be unseen again (C8). */
async function checkTables(client: Client, { keyspace }: CassandraOptions): Promise<void> {
  const cql = `SELECT table_name, read_repair FROM system_schema.tables WHERE keyspace_name = ?`;
  const { rows } = await client.execute(cql, [keyspace], { prepare: true });
  const repairs = new Map(rows.map((row) => [String(row['table_name']), String(row['read_repair'])]));
  for (const table of TABLES) {
    if (repairs.get(table)?.toUpperCase() === 'BLOCKING') continue;
    throw refused(
      'invalid_argument',
      `table ${keyspace}.${table} has read_repair '${repairs.get(table)}': ` +
        `ALTER TABLE ${keyspace}.${table} WITH read_repair = 'BLOCKING'`,
    );
  }
}

const TABLES = VERSIONS.flat().flatMap((cql) => /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(cql)?.[1] ?? []);

async function checkNode(client: Client, host: Host): Promise<readonly UnsafeSetting[]> {
  const version = host.cassandraVersion;
  if (Number.parseInt(version, 10) < OLDEST_MAJOR)
    throw refused(
      'invalid_argument',
      `the node ${host.address} runs Cassandra ${version}, and Perdure needs ${OLDEST_MAJOR}.0 or newer: upgrade it`,
    );
  const cql = `SELECT name, value FROM system_views.settings WHERE name IN (${SETTINGS.map((name) => `'${name}'`).join(', ')})`;
  const { rows } = await client.execute(cql, [], { host, consistency: types.consistencies.one });
  const values = new Map(rows.map((row) => [String(row['name']), String(row['value'])]));
  const unsafe: UnsafeSetting[] = [];
  if (values.get('commitlog_sync') === 'periodic') unsafe.push('commitlog_sync');
  if (values.get('paxos_variant') === 'v1') unsafe.push('paxos_variant');
  return unsafe;
}

/**
 * Start check: may this keyspace be trusted with what is acknowledged? (C8, C11)
 *
 * Owns: what is asked of the cluster and of each of its nodes, and which answers are refused. Does not own: the schema's
 * version (`migration`).
 *
 * Settings of a node stand in a view of that node alone: each one of the local data centre is asked at the start, and
 * whenever it comes up later. What is found then is logged as an error and shown, but ends no host: to stop serving
 * because somebody restarts a node with a wrong file would make of a risk an outage.
 */

import { types } from 'cassandra-driver';
import type { Client, Host } from 'cassandra-driver';
import { isPerdureError } from '../../../framework/errors';
import type { Log } from '../../ports/telemetry';
import type { CassandraOptions, NodeSetting, UnsafeSetting } from './options';
import { refused } from './trouble';
import { VERSIONS } from './schema';

const REPLICAS = 3;
const OLDEST_MAJOR = 5;

const SAFE: Readonly<Record<NodeSetting, readonly string[]>> = {
  commitlog_sync: ['group', 'batch'],
  paxos_variant: ['v2'],
  paxos_state_purging: ['repaired'],
  paxos_on_linearizability_violations: ['fail'],
};

/** An unsafe setting, and why it is. */
interface Finding {
  readonly setting: UnsafeSetting;
  readonly why: string;
}

/** Which settings are unsafe and were allowed; rejects when one was not. */
export async function checkCluster(client: Client, options: CassandraOptions): Promise<Set<UnsafeSetting>> {
  await checkTables(client, options);
  const found = await checkReplication(client, options);
  for (const host of client.hosts.values())
    if (host.isUp() && isHome(host, options)) found.push(...(await checkNode(client, host)));
  const first = found.find(({ setting }) => !isAllowed(setting, options));
  if (first !== undefined)
    throw refused('invalid_argument', `${first.why}, or name it in unsafe: ['${first.setting}']`);
  return new Set(found.map(({ setting }) => setting));
}

/** Looks at nodes that come up from now on, and adds what is unsafe. */
export function watchNodes(client: Client, options: CassandraOptions, unsafe: Set<UnsafeSetting>, log: Log): void {
  const look = async (host: Host): Promise<void> => {
    if (!isHome(host, options)) return;
    try {
      for (const { setting, why } of await checkNode(client, host)) {
        unsafe.add(setting);
        if (!isAllowed(setting, options)) log.error({ node: host.address, setting }, why);
      }
    } catch (error) {
      const message = isPerdureError(error) ? error.message : 'a node has come up, and its settings cannot be read';
      log.error({ node: host.address, error }, message);
    }
  };
  const lookAt = (host: Host): void => void look(host);
  client.on('hostUp', lookAt);
  client.on('hostAdd', lookAt);
}

function isHome(host: Host, { localDataCenter }: CassandraOptions): boolean {
  return host.datacenter === localDataCenter;
}

function isAllowed(setting: UnsafeSetting, { unsafe = [] }: CassandraOptions): boolean {
  return unsafe.includes(setting);
}

async function checkReplication(client: Client, options: CassandraOptions): Promise<Finding[]> {
  if ((await replicasOf(client, options)) >= REPLICAS) return [];
  const { keyspace, localDataCenter } = options;
  const why =
    `keyspace '${keyspace}' has fewer than ${REPLICAS} replicas in '${localDataCenter}', so that one lost disk loses ` +
    `acknowledged work: alter its replication to ${REPLICAS}`;
  return [{ setting: 'replication', why }];
}

async function replicasOf(client: Client, { keyspace, localDataCenter }: CassandraOptions): Promise<number> {
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

/** Before anything is made there. */
export function checkRelease({ address, cassandraVersion: version }: Host): void {
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return;
  const fact = `the node ${address} runs Cassandra ${version}, and Perdure needs ${OLDEST_MAJOR}.0 or newer`;
  throw refused('invalid_argument', `${fact}: upgrade it`);
}

async function checkNode(client: Client, host: Host): Promise<readonly Finding[]> {
  checkRelease(host);
  const names = Object.keys(SAFE) as NodeSetting[];
  const cql = `SELECT name, value FROM system_views.settings WHERE name IN (${names.map((name) => `'${name}'`).join(', ')})`;
  const { rows } = await client.execute(cql, [], { host, consistency: types.consistencies.one });
  const values = new Map(rows.map((row) => [String(row['name']), String(row['value'])]));
  return names.flatMap((setting) => {
    const value = values.get(setting) ?? 'unknown';
    return SAFE[setting].includes(value) ? [] : [{ setting, why: whyUnsafe(host, setting, value) }];
  });
}

function whyUnsafe({ address }: Host, setting: NodeSetting, value: string): string {
  const effect =
    setting === 'commitlog_sync'
      ? 'a power cut loses acknowledged work'
      : 'a conditional write may be lost, and with it who owns a shard';
  const remedy = SAFE[setting].map((safe) => `${setting}: ${safe}`).join(' or ');
  return `the node ${address} has ${setting}: ${value}, so that ${effect}: set ${remedy} in its cassandra.yaml`;
}

/**
 * Keyspace: is it there before anything connects to it, or may it be made? And how a schema is changed.
 *
 * Owns: looking for it over a connection of its own, which needs neither keyspace nor data centre: the driver cannot shut
 * down a client that failed for want of one, and would keep its process alive. Changing the schema while others do.
 * Does not own: tables and versions (`migration`).
 *
 * Invariants:
 * 1. All hosts change the schema through the same node, which makes such changes one after another: through two at once a
 *    table comes to have two ids. So each statement says IF NOT EXISTS.
 * 2. What somebody else has just made may be unknown to the next node, or to the same: what fails is tried again, after
 *    pauses, for some 13 s.
 */

import { Client, policies, types } from 'cassandra-driver';
import type { Host, QueryOptions } from 'cassandra-driver';
import { isPerdureError } from '../../../framework/errors';
import { SCHEMA_PAUSE_INITIAL_MS, SCHEMA_PAUSE_MAXIMUM_MS } from '../../config';
import type { Clock } from '../../ports/clock';
import { connect, driverOptions, SCHEMA } from './connection';
import type { CassandraOptions } from './options';
import { checkRelease } from './start-check';
import { cannotConnect, noDataCentre, noKeyspace, noSchema } from './trouble';

const KEYSPACE = `SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?`;
const VERSION = `SELECT schema_version FROM system.local`;
const LOCAL: QueryOptions = { consistency: types.consistencies.one };

/** Rejects with an error that names the setting that is wrong, or the remedy. */
export async function findKeyspace(options: CassandraOptions, clock: Clock): Promise<void> {
  const { keyspace, localDataCenter, createWithReplicas: replicas, migrate = false } = options;
  const { keyspace: _, localDataCenter: __, ...others } = driverOptions(options);
  const loadBalancing = new policies.loadBalancing.RoundRobinPolicy();
  const client = new Client({ ...others, policies: { ...others.policies, loadBalancing } });
  await connect(client, options);
  try {
    const homes = new Set(client.hosts.values().map(({ datacenter }) => datacenter));
    if (!homes.has(localDataCenter)) throw noDataCentre(options, [...homes]);
    nodesOf(client, options).forEach(checkRelease);
    const found = await client.execute(KEYSPACE, [keyspace], { ...SCHEMA, prepare: true });
    if (found.rows.length === 0) {
      if (replicas === undefined || !migrate) throw noKeyspace(options);
      const replication = `{'class': 'NetworkTopologyStrategy', '${localDataCenter}': ${Math.trunc(replicas)}}`;
      const cql = `CREATE KEYSPACE IF NOT EXISTS "${keyspace}" WITH replication = ${replication}`;
      await changeSchema(client, options, clock, [cql]);
    }
    if (!migrate) return;
    for (const host of nodesOf(client, options))
      await patiently(options, clock, () => client.execute(`USE "${keyspace}"`, [], { ...SCHEMA, host }));
  } catch (error) {
    throw isPerdureError(error) ? error : cannotConnect(options, error);
  } finally {
    await client.shutdown();
  }
}

/** Resolves once all nodes that are up agree on it. */
export async function changeSchema(
  client: Client,
  options: CassandraOptions,
  clock: Clock,
  statements: readonly string[],
): Promise<void> {
  const [host] = nodesOf(client, options);
  for (const cql of statements)
    await patiently(options, clock, () => client.execute(cql, [], { ...SCHEMA, ...(host && { host }) }));
  await patiently(options, clock, async () => {
    const ask = (one: Host): Promise<types.ResultSet> => client.execute(VERSION, [], { ...LOCAL, host: one });
    const answers = await Promise.all(nodesOf(client, options).map(ask));
    const versions = new Set(answers.map((answer) => String(answer.first()?.['schema_version'])));
    if (versions.size > 1) throw new Error('its nodes do not agree on it');
  });
}

/** Rejects with `unavailable` when it went wrong to the last, and at once with what nobody but the operator can mend. */
export async function patiently<T>(options: CassandraOptions, clock: Clock, act: () => Promise<T>): Promise<T> {
  for (let pauseMs = SCHEMA_PAUSE_INITIAL_MS; ; pauseMs *= 2) {
    try {
      return await act();
    } catch (error) {
      if (isPerdureError(error)) throw error;
      const { code } = error as { readonly code?: number };
      if (code === types.responseErrorCodes.unauthorized) throw cannotConnect(options, error);
      if (pauseMs > SCHEMA_PAUSE_MAXIMUM_MS) throw noSchema(options, error);
    }
    await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
  }
}

/** Of the local data centre, in an order that all hosts see. */
function nodesOf(client: Client, { localDataCenter }: CassandraOptions): readonly Host[] {
  const nodes = client.hosts.values().filter((host) => host.datacenter === localDataCenter && host.isUp());
  return nodes.sort((a, b) => (a.address < b.address ? -1 : 1));
}

/**
 * Migration: brings a keyspace to the schema's version, and says whether it is there.
 *
 * Owns: the version row, the number of shards at creation. Does not own: the tables (`schema`), creating the keyspace:
 * its replication is its operator's to choose (C11).
 *
 * Invariants:
 * 1. Nothing is migrated unless somebody asked for it: a host that finds an older keyspace refuses to start.
 * 2. Statements can be repeated, and the version row is written after them: a migration that broke off is run again.
 * 3. A keyspace of a newer version is left alone.
 */

import { types } from 'cassandra-driver';
import type { Client } from 'cassandra-driver';
import { DEFAULT_SHARDS } from '../../config';
import type { CassandraOptions } from './options';
import { SCHEMA } from './connection';
import { SCHEMA_VERSION, VERSIONS } from './schema';
import { refused } from './trouble';

const SERIAL = { prepare: true, serialConsistency: types.consistencies.localSerial };

/** Rejects unless the keyspace has the version of this build, or may be brought to it. */
export async function checkSchema(client: Client, options: CassandraOptions): Promise<void> {
  const { keyspace, migrate = false, shards = DEFAULT_SHARDS } = options;
  const version = await versionOf(client, keyspace);
  if (version === SCHEMA_VERSION) return;
  if (version > SCHEMA_VERSION)
    throw refused(
      'invalid_argument',
      `keyspace '${keyspace}' has schema version ${version}, and this build knows ${SCHEMA_VERSION}: deploy a newer Perdure`,
    );
  if (!migrate)
    throw refused(
      'invalid_argument',
      `keyspace '${keyspace}' has ${version === 0 ? 'no schema' : `schema version ${version}`}, and this build needs ` +
        `${SCHEMA_VERSION}: start one host with migrate: true`,
    );
  for (const statements of VERSIONS.slice(version)) for (const cql of statements) await client.execute(cql, [], SCHEMA);
  await client.execute(`INSERT INTO meta (name, value) VALUES ('shards', ?) IF NOT EXISTS`, [String(shards)], SERIAL);
  const written = `INSERT INTO meta (name, value) VALUES ('schema', ?) IF NOT EXISTS`;
  await client.execute(written, [String(SCHEMA_VERSION)], SERIAL);
}

/** 0 for an empty keyspace. */
async function versionOf(client: Client, keyspace: string): Promise<number> {
  const tables = `SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = 'meta'`;
  if ((await client.execute(tables, [keyspace], { prepare: true })).rows.length === 0) return 0;
  const row = (
    await client.execute(`SELECT value FROM meta WHERE name = 'schema'`, [], {
      prepare: true,
      consistency: types.consistencies.localSerial,
    })
  ).first() as types.Row | null;
  return Number(row?.['value'] ?? 0);
}

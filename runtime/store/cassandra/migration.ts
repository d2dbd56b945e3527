/**
 * Migration: brings a keyspace to the schema's version, and says whether it is there.
 *
 * Owns: the version row, the number of shards at creation, rows that a new version wants written again. Does not own: the
 * tables (`schema`), creating the keyspace: its replication is its operator's to choose (C11).
 *
 * Invariants:
 * 1. Nothing is migrated unless somebody asked for it: a host that finds an older keyspace refuses to start.
 * 2. Every statement can be repeated, and a version's row is written after its statements: a migration that broke off is
 *    run again from that version on.
 * 3. Any number of hosts may migrate at once: they change the schema through the same node, and the rest is conditional.
 * 4. A keyspace of a newer version is left alone.
 */

import { types } from 'cassandra-driver';
import type { Client } from 'cassandra-driver';
import { DEFAULT_SHARDS, STORE_BATCH_ROWS } from '../../config';
import type { Clock } from '../../ports/clock';
import type { DirectoryPart, Listing } from '../../ports/cluster-store';
import type { Connection } from './connection';
import { SCHEMA } from './connection';
import { directoryRows, listingOf } from './directory-rows';
import { changeSchema, patiently } from './keyspace';
import { SCHEMA_VERSION, VERSIONS } from './schema';
import { refused } from './trouble';

const SERIAL = { prepare: true, serialConsistency: types.consistencies.localSerial };

/** Rejects unless the keyspace has the version of this build, or may be brought to it. */
export async function checkSchema(connection: Connection, clock: Clock): Promise<void> {
  const { options } = connection;
  if (options.migrate === true) await patiently(options, clock, () => checkVersion(connection, clock));
  else await checkVersion(connection, clock);
}

async function checkVersion(connection: Connection, clock: Clock): Promise<void> {
  const { client, options } = connection;
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
        `${SCHEMA_VERSION}: stop the hosts of older builds, and start one host with migrate: true`,
    );
  for (let from = version; from < SCHEMA_VERSION; from += 1) {
    await changeSchema(client, options, clock, VERSIONS[from] ?? []);
    if (from === 0)
      await client.execute(
        `INSERT INTO meta (name, value) VALUES ('shards', ?) IF NOT EXISTS`,
        [String(shards)],
        SERIAL,
      );
    if (from === 1) await refillDirectory(connection);
    await stepVersion(client, from);
  }
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

/** Whoever else migrates may have done it before. */
async function stepVersion(client: Client, from: number): Promise<void> {
  const next = String(from + 1);
  if (from === 0)
    await client.execute(`INSERT INTO meta (name, value) VALUES ('schema', ?) IF NOT EXISTS`, [next], SERIAL);
  else
    await client.execute(`UPDATE meta SET value = ? WHERE name = 'schema' IF value = ?`, [next, String(from)], SERIAL);
}

/** Writes every listing as it is, so that the columns beside it are filled (C10). */
async function refillDirectory(connection: Connection): Promise<void> {
  const cql = `SELECT namespace, type, slot, id, listing FROM directory`;
  const { writeListings } = directoryRows(connection);
  let part: DirectoryPart | null = null;
  let listings: Listing[] = [];
  const write = async (): Promise<void> => {
    if (part !== null && (await writeListings(part, listings)) !== 'ok')
      throw refused('unavailable', `the directory of ${part.type} cannot be written: start again with migrate: true`);
    listings = [];
  };
  for await (const row of await connection.client.execute(cql, [], { ...SCHEMA, prepare: true })) {
    const next = { namespace: String(row['namespace']), type: String(row['type']), slot: Number(row['slot']) };
    const goesOn = next.namespace === part?.namespace && next.type === part.type && next.slot === part.slot;
    if (!goesOn || listings.length === STORE_BATCH_ROWS) await write();
    part = next;
    listings.push(listingOf(row));
  }
  await write();
}

/**
 * Schema: the tables of a keyspace, by version (C8 to C10).
 *
 * Owns: the tables and how a keyspace comes from one version to the next. Does not own: when that may be done
 * (`migrate`), the statements that use them.
 *
 * Invariants:
 * 1. No table has a default TTL, and every write names its timestamp: a constant, or a number of the protocol (C8a).
 * 2. A row of several cells is written once, or its timestamp is its own: rows that share a timestamp mix cell by cell.
 * 3. A version that was released is never edited: what changes is a version of its own.
 */

/** The version that this build reads and writes. */
export const SCHEMA_VERSION = 2;

/** Columns of the directory that entities are found by, each with an index; `directory_column` says for which fields. */
export const KEYWORDS = Array.from({ length: 8 }, (_, i) => `keyword${i + 1}`);
export const NUMBERS = Array.from({ length: 8 }, (_, i) => `number${i + 1}`);

/** `read_repair = BLOCKING`: what a quorum read has returned, a later one returns (C8). It is checked at start. */
const TABLE = `WITH read_repair = 'BLOCKING'`;

/** Histories: rows of one partition are read in order, and grow at its end. */
const HISTORY = `${TABLE} AND compaction = {'class': 'UnifiedCompactionStrategy'}`;

/** What each version adds, in order; each statement can be repeated. */
export const VERSIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE IF NOT EXISTS meta (name text PRIMARY KEY, value text) ${TABLE}`,

    // Membership (C1, C3).
    `CREATE TABLE IF NOT EXISTS host_session (session text PRIMARY KEY, born boolean, dead boolean) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS heartbeat (part int, session text, beat text, PRIMARY KEY (part, session)) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS build (ordinal int PRIMARY KEY, build text) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS offer (part int, shard int, ordinal int, PRIMARY KEY (part, shard, ordinal)) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS lease (shard int PRIMARY KEY, owner text, epoch int, nonce text) ${TABLE}`,

    // Histories (C8).
    `CREATE TABLE IF NOT EXISTS history (namespace text, type text, id text, bucket int, seq bigint, epoch int, ` +
      `record blob, PRIMARY KEY ((namespace, type, id, bucket), seq, epoch)) ${HISTORY}`,
    `CREATE TABLE IF NOT EXISTS pointer (namespace text, type text, id text, place text, ` +
      `PRIMARY KEY ((namespace, type, id))) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS blob (namespace text, type text, id text, name text, bytes blob, ` +
      `PRIMARY KEY ((namespace, type, id, name))) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS note (namespace text, type text, id text, name text, bytes blob, ` +
      `PRIMARY KEY ((namespace, type, id), name)) ${TABLE}`,

    // Index of what wakes entities, and steps that run (C9, S20).
    `CREATE TABLE IF NOT EXISTS index_parts (shard int, kind text, epoch int, bucket text, ` +
      `PRIMARY KEY (shard, epoch, kind, bucket)) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS index_entry (shard int, kind text, epoch int, bucket text, at bigint, ` +
      `namespace text, type text, id text, ` +
      `PRIMARY KEY ((shard, kind, epoch, bucket), at, namespace, type, id)) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS watermark (shard int, epoch int, at bigint, PRIMARY KEY (shard, epoch)) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS running (shard int, epoch int, step text, PRIMARY KEY (shard, epoch)) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS stable (shard int PRIMARY KEY, epoch int) ${TABLE}`,

    // Directory (C10).
    `CREATE TABLE IF NOT EXISTS directory (namespace text, type text, slot int, id text, listing text, ` +
      `PRIMARY KEY ((namespace, type, slot), id)) ${TABLE}`,
  ],
  [
    // Indexes of the directory (C10). They hold nothing of rows that were there before: `refill` writes those again.
    `CREATE TABLE IF NOT EXISTS directory_column (namespace text, type text, column_name text, field text, ` +
      `PRIMARY KEY ((namespace, type), column_name)) ${TABLE}`,
    `ALTER TABLE directory ADD IF NOT EXISTS (status text, ${KEYWORDS.map((name) => `${name} text`).join(', ')}, ` +
      `${NUMBERS.map((name) => `${name} double`).join(', ')})`,
    ...['status', ...KEYWORDS, ...NUMBERS].map(
      (name) => `CREATE INDEX IF NOT EXISTS directory_${name} ON directory (${name}) USING 'sai'`,
    ),
  ],
];

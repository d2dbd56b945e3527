/**
 * Shard rows: what finds entities of a shard without loading them: the index of timers and open work with its parts and
 * watermarks, and the rows of running steps (C9, S20).
 *
 * Owns: their statements and timestamps, batches of entries of one partition.
 */

import type { ClusterStore, IndexEntry, IndexKind, IndexPart, WriteOutcome } from '../../ports/cluster-store';
import type { EntityKey } from '../../../framework/model/identity';
import { STORE_BATCH_ROWS } from '../../config';
import type { Connection, Query } from './connection';
import { partsOf } from './history-rows';
import { DELETED, FOR_EVER, statement, WRITTEN } from './statement';
import type { Statement } from './statement';

type ShardRowsStore = Pick<
  ClusterStore,
  | 'writeParts'
  | 'parts'
  | 'deleteParts'
  | 'writeEntries'
  | 'entries'
  | 'deleteEntries'
  | 'clearPart'
  | 'writeWatermark'
  | 'watermarks'
  | 'deleteWatermarks'
  | 'writeRunning'
  | 'running'
  | 'writeStable'
  | 'stable'
>;

const PART = `shard = ? AND kind = ? AND epoch = ? AND bucket = ?`;
const ENTRY_COLUMNS = `at, namespace, type, id`;

const WRITE_PART = statement(
  `INSERT INTO index_parts (shard, kind, epoch, bucket) VALUES (?, ?, ?, ?) USING TIMESTAMP ${WRITTEN}`,
);
const PARTS = statement(`SELECT kind, epoch, bucket FROM index_parts WHERE shard = ?`);
const DELETE_PART = statement(`DELETE FROM index_parts USING TIMESTAMP ${DELETED} WHERE ${PART}`);
const WRITE_ENTRY = statement(
  `INSERT INTO index_entry (shard, kind, epoch, bucket, ${ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ` +
    `USING TIMESTAMP ${WRITTEN}`,
);
const ENTRIES = statement(`SELECT ${ENTRY_COLUMNS} FROM index_entry WHERE ${PART} LIMIT ?`);
const ENTRIES_AFTER = statement(
  `SELECT ${ENTRY_COLUMNS} FROM index_entry WHERE ${PART} AND (${ENTRY_COLUMNS}) > (?, ?, ?, ?) LIMIT ?`,
);
const DELETE_ENTRY = statement(
  `DELETE FROM index_entry USING TIMESTAMP ${DELETED} WHERE ${PART} ` +
    `AND at = ? AND namespace = ? AND type = ? AND id = ?`,
);
const CLEAR_PART = statement(`DELETE FROM index_entry USING TIMESTAMP ${DELETED} WHERE ${PART}`);
const WRITE_WATERMARK = statement(`UPDATE watermark USING TIMESTAMP ? SET at = ? WHERE shard = ? AND epoch = ?`);
const WATERMARKS = statement(`SELECT epoch, at FROM watermark WHERE shard = ?`);
const DELETE_WATERMARK = statement(`DELETE FROM watermark USING TIMESTAMP ${FOR_EVER} WHERE shard = ? AND epoch = ?`);
const WRITE_RUNNING = statement(`UPDATE running USING TIMESTAMP ? SET step = ? WHERE shard = ? AND epoch = ?`);
const DELETE_RUNNING = statement(`DELETE step FROM running USING TIMESTAMP ? WHERE shard = ? AND epoch = ?`);
const RUNNING = statement(`SELECT epoch, step FROM running WHERE shard = ?`);
const WRITE_STABLE = statement(`UPDATE stable USING TIMESTAMP ? SET epoch = ? WHERE shard = ?`);
const STABLE = statement(`SELECT epoch FROM stable WHERE shard = ?`);

export function shardRows(connection: Connection): ShardRowsStore {
  const forEntries = (query: Statement) => (shard: number, part: IndexPart, entries: readonly IndexEntry[]) =>
    inBatches(
      connection,
      entries.map((entry) => query(...placeOf(shard, part), ...columnsOf(entry))),
    );
  const forParts = (query: Statement) => (shard: number, parts: readonly IndexPart[]) =>
    inBatches(
      connection,
      parts.map((part) => query(...placeOf(shard, part))),
    );
  return {
    writeParts: forParts(WRITE_PART),
    async parts(shard) {
      const rows = await connection.read(PARTS(shard), `the index of shard ${shard}`);
      return rows.map((row) => ({
        kind: row['kind'] as IndexKind,
        epoch: Number(row['epoch']),
        bucket: String(row['bucket']),
      }));
    },
    deleteParts: forParts(DELETE_PART),
    writeEntries: forEntries(WRITE_ENTRY),
    async entries(shard, part, after, limit) {
      const place = placeOf(shard, part);
      const query = after === null ? ENTRIES(...place, limit) : ENTRIES_AFTER(...place, ...columnsOf(after), limit);
      const rows = await connection.read(query, `the index of shard ${shard}`);
      return rows.map((row) => ({
        at: Number(row['at']),
        key: { namespace: String(row['namespace']), type: String(row['type']), id: String(row['id']) },
      }));
    },
    deleteEntries: forEntries(DELETE_ENTRY),
    clearPart: (shard, part) => connection.write([CLEAR_PART(...placeOf(shard, part))]),
    writeWatermark: (shard, { epoch, at }) => connection.write([WRITE_WATERMARK(at, at, shard, epoch)]),
    async watermarks(shard) {
      const rows = await connection.read(WATERMARKS(shard), `the watermarks of shard ${shard}`);
      return rows.map((row) => ({ epoch: Number(row['epoch']), at: Number(row['at']) }));
    },
    deleteWatermarks: (shard, epochs) =>
      inBatches(
        connection,
        epochs.map((epoch) => DELETE_WATERMARK(shard, epoch)),
      ),
    writeRunning: ({ shard, epoch }, order, running) => {
      const step = running === null ? null : JSON.stringify([running.key, running.input, running.build]);
      return connection.write(
        [step === null ? DELETE_RUNNING(order, shard, epoch) : WRITE_RUNNING(order, step, shard, epoch)],
        { atOnce: true },
      );
    },
    async running(shard) {
      const rows = await connection.read(RUNNING(shard), `what runs in shard ${shard}`);
      return rows.map((row) => {
        const [key, input, build] = JSON.parse(String(row['step'])) as [EntityKey, string, string];
        return { epoch: Number(row['epoch']), key, input, build };
      });
    },
    writeStable: (shard, epoch) => connection.write([WRITE_STABLE(epoch, epoch, shard)]),
    async stable(shard) {
      const [row] = await connection.read(STABLE(shard), `the stable epoch of shard ${shard}`);
      return Number(row?.['epoch'] ?? 0);
    },
  };
}

function placeOf(shard: number, { kind, epoch, bucket }: IndexPart): readonly unknown[] {
  return [shard, kind, epoch, bucket];
}

function columnsOf({ at, key }: IndexEntry): readonly unknown[] {
  return [at, ...partsOf(key)];
}

/** All of them; what is refused in part, or after others were written, is not known to be undone. */
async function inBatches(connection: Connection, queries: readonly Query[]): Promise<WriteOutcome> {
  for (let at = 0; at < queries.length || at === 0; at += STORE_BATCH_ROWS) {
    const outcome = await connection.write(queries.slice(at, at + STORE_BATCH_ROWS));
    if (outcome !== 'ok') return at === 0 ? outcome : 'unknown';
  }
  return 'ok';
}

/**
 * History rows: what belongs to one entity's history: its rows by bucket, its pointer, blobs and notes (C8).
 *
 * Owns: their statements and timestamps; kind and bytes of a row in one cell, so that they never mix with another's.
 */

import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';
import type { ClusterStore, Pointer } from '../../ports/cluster-store';
import type { Row } from '../../ports/history-store';
import type { Connection, Query, Row as StoredRow } from './connection';
import { SharedBatches } from './shared-batches';
import { DELETED, statement, WRITTEN } from './statement';

type EntityRowsStore = Pick<
  ClusterStore,
  | 'writeRows'
  | 'readRows'
  | 'deleteBucket'
  | 'writePointer'
  | 'pointer'
  | 'writeBlob'
  | 'blob'
  | 'deleteBlob'
  | 'writeNote'
  | 'notes'
>;

const KEY = `namespace = ? AND type = ? AND id = ?`;
const BUCKET = `${KEY} AND bucket = ?`;
const BLOB = `${KEY} AND name = ?`;

const WRITE_ROW = statement(
  `INSERT INTO history (namespace, type, id, bucket, seq, epoch, record) VALUES (?, ?, ?, ?, ?, ?, ?) ` +
    `USING TIMESTAMP ${WRITTEN}`,
);
const ROWS = statement(`SELECT seq, epoch, record FROM history WHERE ${BUCKET} AND (seq, epoch) >= (?, ?) LIMIT ?`);
const DELETE_BUCKET = statement(`DELETE FROM history USING TIMESTAMP ${DELETED} WHERE ${BUCKET}`);
const WRITE_POINTER = statement(`UPDATE pointer USING TIMESTAMP ? SET place = ? WHERE ${KEY}`);
const POINTER = statement(`SELECT place FROM pointer WHERE ${KEY}`);
const WRITE_BLOB = statement(
  `INSERT INTO blob (namespace, type, id, name, bytes) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ${WRITTEN}`,
);
const READ_BLOB = statement(`SELECT bytes FROM blob WHERE ${BLOB}`);
const DELETE_BLOB = statement(`DELETE FROM blob USING TIMESTAMP ${DELETED} WHERE ${BLOB}`);
const WRITE_NOTE = statement(`UPDATE note USING TIMESTAMP ? SET bytes = ? WHERE ${BLOB}`);
const DELETE_NOTE = statement(`DELETE bytes FROM note USING TIMESTAMP ? WHERE ${BLOB}`);
const NOTES = statement(`SELECT name, bytes FROM note WHERE ${KEY}`);

export function historyRows(connection: Connection): EntityRowsStore {
  const shared = new SharedBatches((queries, partitions) => connection.write(queries, { partitions }));
  return {
    writeRows: (key, bucket, rows) =>
      shared.write(
        rows[0] ?? rows,
        rows.map((row) => rowQuery(key, bucket, row)),
        rows.reduce((sum, { bytes }) => sum + bytes.length, 0),
      ),
    async readRows(key, bucket, from, limit) {
      const query = ROWS(...partsOf(key), bucket, from.seq, from.epoch, limit + 1);
      const rows = (await connection.read(query, keyText(key))).map(rowOf);
      const next = rows[limit];
      return {
        rows: rows.slice(0, limit),
        next: next === undefined ? null : { seq: next.seq, epoch: next.epoch },
      };
    },
    deleteBucket: (key, bucket) => connection.write([DELETE_BUCKET(...partsOf(key), bucket)]),
    writePointer: (key, pointer) =>
      connection.write([WRITE_POINTER(pointer.seq, JSON.stringify(pointer), ...partsOf(key))]),
    async pointer(key) {
      const [row] = await connection.read(POINTER(...partsOf(key)), keyText(key));
      return row === undefined ? null : (JSON.parse(String(row['place'])) as Pointer);
    },
    writeBlob: (key, name, bytes) => connection.write([WRITE_BLOB(...partsOf(key), name, Buffer.from(bytes))]),
    async blob(key, name) {
      const [row] = await connection.read(READ_BLOB(...partsOf(key), name), keyText(key));
      return row === undefined ? null : bytesOf(row['bytes']);
    },
    deleteBlob: (key, name) => connection.write([DELETE_BLOB(...partsOf(key), name)]),
    writeNote: (key, name, bytes, order) => {
      const place = [...partsOf(key), name];
      return connection.write([
        bytes === null ? DELETE_NOTE(order, ...place) : WRITE_NOTE(order, Buffer.from(bytes), ...place),
      ]);
    },
    async notes(key) {
      const rows = await connection.read(NOTES(...partsOf(key)), keyText(key));
      return rows.map((row) => ({ name: String(row['name']), bytes: bytesOf(row['bytes']) }));
    },
  };
}

export function partsOf({ namespace, type, id }: EntityKey): readonly [string, string, string] {
  return [namespace, type, id];
}

function rowQuery(key: EntityKey, bucket: number, { seq, epoch, kind, bytes }: Row): Query {
  const record = Buffer.allocUnsafe(bytes.length + 1);
  record[0] = kind;
  record.set(bytes, 1);
  return WRITE_ROW(...partsOf(key), bucket, seq, epoch, record);
}

function rowOf(row: StoredRow): Row {
  const record = row['record'] as Buffer;
  return {
    seq: Number(row['seq']),
    epoch: Number(row['epoch']),
    kind: record[0] as number,
    bytes: new Uint8Array(record.subarray(1)),
  };
}

function bytesOf(value: unknown): Uint8Array {
  return new Uint8Array(value as Buffer);
}

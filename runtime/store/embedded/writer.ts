/**
 * Writer: turns writes into rows, one transaction for all that came together.
 *
 * Owns: the tables' contents, the tail of each entity, refusals. Does not own: the connection's opening, messages.
 *
 * Invariants:
 * 1. A record is refused before its first statement, so a refusal leaves nothing behind and the group goes on.
 * 2. A turn that changes no index is one insert.
 * 3. After any error the writer is not used again: the cache may be ahead of the disk (C13).
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { KEY_CACHE_ENTRIES } from '../../config';
import type { EntityIndex, IndexedValue } from '../../ports/history-store';
import { compareValues, rankOf } from '../../ports/query';
import { KeyCache } from './key-cache';
import type { CachedEntity } from './key-cache';
import { ANSWER } from './protocol';
import { sqlValue } from './sql-value';
import { agreedNo, FIND_NAME } from './trouble';

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface AppendWrite {
  readonly namespace: string;
  readonly type: string;
  readonly id: string;
  readonly seq: number;
  readonly epoch: number;
  readonly kind: number;
  readonly bytes: Uint8Array;
  readonly doc: string | null;
  readonly segments: readonly NamedBytes[];
}

export class Writer {
  private readonly cache = new KeyCache(KEY_CACHE_ENTRIES);
  private readonly names = new Map<string, number>();
  private readonly sql: Statements;

  constructor(db: DatabaseSync) {
    this.sql = prepare(db);
  }

  begin(): void {
    this.sql.begin.run();
  }

  commit(): void {
    this.sql.commit.run();
  }

  /** An answer of `ANSWER`. */
  append(write: AppendWrite): number {
    const entity = this.find(write.namespace, write.type, write.id);
    if (write.seq !== (entity?.tail ?? 0) + 1) {
      return entity && this.isRepeat(entity, write) ? ANSWER.ok : ANSWER.refused;
    }
    if (entity && !this.segmentsFit(entity, write.segments)) return ANSWER.refused;
    const target = entity ?? this.create(write);
    if (!target) return ANSWER.refused;
    this.sql.insertRecord.run(target.no, write.seq, write.epoch, write.kind, write.bytes);
    target.tail = write.seq;
    if (entity && write.doc !== null) this.changeIndex(entity, write.doc);
    for (const { name, bytes } of write.segments) this.sql.putSegment.run(target.no, Buffer.from(name), bytes);
    return ANSWER.ok;
  }

  mark(namespace: string, type: string, id: string, doc: string): void {
    const entity = this.find(namespace, type, id);
    if (entity) this.changeIndex(entity, doc);
  }

  note(namespace: string, type: string, id: string, name: string, bytes: Uint8Array | null): void {
    const entity = this.find(namespace, type, id);
    if (!entity) return;
    if (bytes) this.sql.putNote.run(entity.no, Buffer.from(name), bytes);
    else this.sql.deleteNote.run(entity.no, Buffer.from(name));
  }

  private find(namespace: string, type: string, id: string): CachedEntity | undefined {
    const ns = this.nameNo(namespace);
    const ty = this.nameNo(type);
    const cacheName = `${ns}/${ty}/${id}`;
    const cached = this.cache.get(cacheName);
    if (cached) return cached;
    const row = this.sql.findEntity.get(ns, ty, Buffer.from(id));
    if (!row) return undefined;
    const entity = { no: Number(row['no']), namespace: ns, type: ty, id, tail: Number(row['tail']), doc: null };
    this.cache.set(cacheName, entity);
    return entity;
  }

  private create({ namespace, type, id, doc }: AppendWrite): CachedEntity | null {
    if (doc === null) return null;
    const ns = this.nameNo(namespace);
    const ty = this.nameNo(type);
    const index = JSON.parse(doc) as EntityIndex;
    const open = index.open ? 1 : 0;
    const { lastInsertRowid } = this.sql.insertEntity.run(
      ns,
      ty,
      Buffer.from(id),
      index.status,
      index.wakeAt,
      open,
      doc,
    );
    const entity = { no: Number(lastInsertRowid), namespace: ns, type: ty, id, tail: 0, doc };
    this.cache.set(`${ns}/${ty}/${id}`, entity);
    for (const [field, value] of Object.entries(index.fields)) this.putField(entity, field, value);
    return entity;
  }

  private isRepeat(entity: CachedEntity, { seq, epoch, kind, bytes }: AppendWrite): boolean {
    if (seq > entity.tail) return false;
    const row = this.sql.getRecord.get(entity.no, seq);
    const kept = row?.['bytes'];
    const same = row?.['epoch'] === epoch && row['kind'] === kind && kept instanceof Uint8Array;
    return same && Buffer.compare(kept, bytes) === 0;
  }

  private segmentsFit(entity: CachedEntity, segments: readonly NamedBytes[]): boolean {
    return segments.every(({ name, bytes }) => {
      const kept = this.sql.getSegment.get(entity.no, Buffer.from(name))?.['bytes'];
      return !(kept instanceof Uint8Array) || Buffer.compare(kept, bytes) === 0;
    });
  }

  private changeIndex(entity: CachedEntity, doc: string): void {
    const oldDoc = entity.doc ?? String(this.sql.getDoc.get(entity.no)?.['doc']);
    if (oldDoc === doc) return;
    const old = JSON.parse(oldDoc) as EntityIndex;
    const index = JSON.parse(doc) as EntityIndex;
    if (old.status === index.status && old.wakeAt === index.wakeAt && old.open === index.open) {
      this.sql.updateDoc.run(doc, entity.no);
    } else {
      this.sql.updateEntity.run(index.status, index.wakeAt, index.open ? 1 : 0, doc, entity.no);
    }
    this.changeFields(entity, old.fields, index.fields);
    entity.doc = doc;
  }

  private changeFields(entity: CachedEntity, old: EntityIndex['fields'], now: EntityIndex['fields']): void {
    for (const [field, value] of Object.entries(old)) {
      const next = Object.hasOwn(now, field) ? now[field] : undefined;
      if (next !== undefined && compareValues(next, value) === 0) continue;
      const { namespace, type, id } = entity;
      this.sql.deleteField.run(namespace, type, this.nameNo(field), rankOf(value), sqlValue(value), Buffer.from(id));
      if (next !== undefined) this.putField(entity, field, next);
    }
    for (const [field, value] of Object.entries(now)) {
      if (!Object.hasOwn(old, field)) this.putField(entity, field, value);
    }
  }

  private putField({ no, namespace, type, id }: CachedEntity, field: string, value: IndexedValue): void {
    this.sql.insertField.run(namespace, type, this.nameNo(field), rankOf(value), sqlValue(value), Buffer.from(id), no);
  }

  /** The number a namespace, type or field name is kept as; there are few of them. */
  private nameNo(text: string): number {
    const known = this.names.get(text);
    if (known !== undefined) return known;
    const blob = Buffer.from(text);
    const found = agreedNo(text, this.sql.findName.get(blob));
    const no = found ?? Number(this.sql.insertName.run(blob).lastInsertRowid);
    this.names.set(text, no);
    return no;
  }
}

type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

/** `ifnull`: Node 22 binds an empty blob as NULL. */
const SQL = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  insertRecord: "INSERT INTO record (entity, seq, epoch, kind, bytes) VALUES (?, ?, ?, ?, ifnull(?, x''))",
  getRecord: 'SELECT epoch, kind, bytes FROM record WHERE entity = ? AND seq = ?',
  findEntity: `SELECT no, (SELECT ifnull(max(seq), 0) FROM record WHERE entity = e.no) AS tail
    FROM entity e WHERE namespace = ? AND type = ? AND id = ?`,
  getDoc: 'SELECT doc FROM entity WHERE no = ?',
  insertEntity: 'INSERT INTO entity (namespace, type, id, status, wake_at, open, doc) VALUES (?, ?, ?, ?, ?, ?, ?)',
  updateDoc: 'UPDATE entity SET doc = ? WHERE no = ?',
  updateEntity: 'UPDATE entity SET status = ?, wake_at = ?, open = ?, doc = ? WHERE no = ?',
  insertField: 'INSERT INTO field (namespace, type, name, rank, value, id, entity) VALUES (?, ?, ?, ?, ?, ?, ?)',
  deleteField: 'DELETE FROM field WHERE namespace = ? AND type = ? AND name = ? AND rank = ? AND value = ? AND id = ?',
  getSegment: 'SELECT bytes FROM segment WHERE entity = ? AND name = ?',
  putSegment: "INSERT OR REPLACE INTO segment (entity, name, bytes) VALUES (?, ?, ifnull(?, x''))",
  putNote: "INSERT OR REPLACE INTO note (entity, name, bytes) VALUES (?, ?, ifnull(?, x''))",
  deleteNote: 'DELETE FROM note WHERE entity = ? AND name = ?',
  findName: FIND_NAME,
  insertName: 'INSERT INTO name (text) VALUES (?)',
} as const;

function prepare(db: DatabaseSync): Statements {
  const entries = Object.entries(SQL).map(([name, text]) => [name, db.prepare(text)] as const);
  return Object.fromEntries(entries) as Statements;
}

/**
 * Reader: the reads of the port on a read-only connection, each bounded.
 *
 * Owns: their statements and pages. Does not own: `list` and `count` (`search`), messages (`reader-thread`).
 *
 * Invariant: what is handed out makes sense, or the read fails naming the entity: rows are without a hole (C5), an
 * index parses. Whether a row's bytes decode is for the caller to find (C13).
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EntityKey } from '../../../framework/model/identity';
import { PAGE_BYTES, PAGE_ROWS, VERIFY_PROBLEMS } from '../../config';
import type { EntityIndex, Row } from '../../ports/history-store';
import type { ReadPage, Reads } from './protocol';
import { agreedNo, corrupt, FIND_NAME } from './trouble';

type Result<N extends keyof Reads> = Reads[N]['result'];

export class Reader {
  private readonly sql: Statements;
  private readonly names = new Map<string, number>();

  constructor(
    readonly db: DatabaseSync,
    private readonly directory: string,
  ) {
    const entries = Object.entries(SQL).map(([name, text]) => [name, db.prepare(text)] as const);
    this.sql = Object.fromEntries(entries) as Statements;
  }

  load(key: EntityKey): Result<'load'> {
    const no = this.entityNo(key);
    if (no === null) return { rows: [], next: null };
    const base = this.sql.base.get(no)?.['seq'];
    const page = this.page(key, no, Number(base ?? 1), PAGE_ROWS);
    if (page.rows.length === 0) throw corrupt(this.directory, key, 'it is known but has no rows');
    return page;
  }

  rows(key: EntityKey, fromSeq: number, limit: number): Result<'rows'> {
    const no = this.entityNo(key);
    return no === null
      ? { rows: [], next: null }
      : this.page(key, no, Math.max(1, fromSeq), Math.min(limit, PAGE_ROWS));
  }

  segment(key: EntityKey, name: string): Result<'segment'> {
    const no = this.entityNo(key);
    return no === null ? null : ((this.sql.segment.get(no, Buffer.from(name))?.['bytes'] as Uint8Array) ?? null);
  }

  notes(key: EntityKey): Result<'notes'> {
    const no = this.entityNo(key);
    if (no === null) return [];
    return this.sql.notes.all(no).map((row) => ({ name: textOf(row['name']), bytes: row['bytes'] as Uint8Array }));
  }

  index(key: EntityKey): Result<'index'> {
    const row = this.entityRow(key);
    if (!row) return null;
    const seq = Number(this.sql.tail.get(row['no'] as number)?.['seq'] ?? 0);
    return { index: this.parseDoc(key, row['doc']), seq };
  }

  due(namespace: string, until: number, limit: number): Result<'due'> {
    const ns = this.nameNo(namespace);
    if (ns === null) return [];
    const rows = this.sql.due.all(ns, until, limit);
    return rows.map((row) => ({ key: keyOf(namespace, row), wakeAt: Number(row['wake_at']) }));
  }

  nextDue(namespace: string, after: number): Result<'nextDue'> {
    const ns = this.nameNo(namespace);
    const wakeAt = ns === null ? null : this.sql.nextDue.get(ns, after)?.['wake_at'];
    return wakeAt === null || wakeAt === undefined ? null : Number(wakeAt);
  }

  openWork(namespace: string, after: EntityKey | null, limit: number): Result<'openWork'> {
    const ns = this.nameNo(namespace);
    if (ns === null) return [];
    const from = (after && this.entityNo(after)) ?? 0;
    return this.sql.openWork.all(ns, from, limit).map((row) => keyOf(namespace, row));
  }

  keys(after: number, limit: number): Result<'keys'> {
    return this.sql.keys.all(after, limit).map((row) => ({
      no: Number(row['no']),
      key: keyOf(textOf(row['namespace']), row),
    }));
  }

  integrity(): Result<'integrity'> {
    const rows = this.db.prepare(`PRAGMA integrity_check(${VERIFY_PROBLEMS})`).all();
    return rows.map((row) => String(row['integrity_check'])).filter((finding) => finding !== 'ok');
  }

  parseDoc(key: EntityKey, doc: unknown): EntityIndex {
    try {
      return JSON.parse(String(doc)) as EntityIndex;
    } catch {
      throw corrupt(this.directory, key, 'its index does not parse');
    }
  }

  /** The number of a namespace, type or field name; null while nothing is kept under it. */
  nameNo(text: string): number | null {
    const known = this.names.get(text);
    if (known !== undefined) return known;
    const no = agreedNo(text, this.sql.name.get(Buffer.from(text)));
    if (no !== null) this.names.set(text, no);
    return no;
  }

  private entityNo(key: EntityKey): number | null {
    const row = this.entityRow(key);
    return row ? Number(row['no']) : null;
  }

  private entityRow({ namespace, type, id }: EntityKey): Record<string, unknown> | undefined {
    const ns = this.nameNo(namespace);
    const ty = this.nameNo(type);
    return ns === null || ty === null ? undefined : this.sql.entity.get(ns, ty, Buffer.from(id));
  }

  private page(key: EntityKey, no: number, fromSeq: number, limit: number): ReadPage {
    const rows: Row[] = [];
    let bytes = 0;
    for (const found of this.sql.rows.iterate(no, fromSeq, limit + 1)) {
      const row = found as unknown as Row;
      if (row.seq !== fromSeq + rows.length)
        throw corrupt(this.directory, key, `row ${fromSeq + rows.length} is missing`);
      bytes += row.bytes.length;
      if (rows.length === limit || (rows.length > 0 && bytes > PAGE_BYTES)) return { rows, next: row.seq };
      rows.push({ seq: row.seq, epoch: row.epoch, kind: row.kind, bytes: row.bytes });
    }
    return { rows, next: null };
  }
}

function keyOf(namespace: string, row: Record<string, unknown>): EntityKey {
  return { namespace, type: textOf(row['type']), id: textOf(row['id']) };
}

export function textOf(blob: unknown): string {
  return Buffer.from(blob as Uint8Array).toString();
}

type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

const WITH_TYPE = 'SELECT e.no, e.id, e.wake_at, t.text AS type FROM entity e JOIN name t ON t.no = e.type';

const SQL = {
  name: FIND_NAME,
  entity: 'SELECT no, doc FROM entity WHERE namespace = ? AND type = ? AND id = ?',
  tail: 'SELECT max(seq) AS seq FROM record WHERE entity = ?',
  base: 'SELECT max(seq) AS seq FROM record WHERE entity = ? AND kind = 2',
  rows: 'SELECT seq, epoch, kind, bytes FROM record WHERE entity = ? AND seq >= ? ORDER BY seq LIMIT ?',
  segment: 'SELECT bytes FROM segment WHERE entity = ? AND name = ?',
  notes: 'SELECT name, bytes FROM note WHERE entity = ? ORDER BY name',
  due: `${WITH_TYPE} WHERE e.namespace = ? AND e.wake_at <= ? ORDER BY e.wake_at, e.no LIMIT ?`,
  nextDue: 'SELECT min(wake_at) AS wake_at FROM entity WHERE namespace = ? AND wake_at > ?',
  openWork: `${WITH_TYPE} WHERE e.namespace = ? AND e.open = 1 AND e.no > ? ORDER BY e.no LIMIT ?`,
  keys: `SELECT e.no, e.id, n.text AS namespace, t.text AS type FROM entity e
    JOIN name n ON n.no = e.namespace JOIN name t ON t.no = e.type WHERE e.no > ? ORDER BY e.no LIMIT ?`,
} as const;

/**
 * Search: `list` and `count` over the embedded tables.
 *
 * Owns: which index drives a query. The sorting field does, else the field of the first test with `eq`, else of the
 * first test, else the status, else the ids; what the driver cannot say is asked of each candidate with `matches`.
 * Does not own: what a filter means (`query`).
 *
 * Invariant: a call looks at no more than `SCAN_PAGE_ENTITIES` candidates and says where to go on.
 */

import type { SQLInputValue } from 'node:sqlite';
import { SCAN_PAGE_ENTITIES } from '../../config';
import type { EntityFilter, EntityIndex, FieldTest, IndexedValue, ListQuery } from '../../ports/history-store';
import { matches, RANK, rankOf } from '../../ports/query';
import type { SortPosition } from '../../ports/query';
import type { CountedPage, ListedPage } from './protocol';
import type { Reader } from './reader';
import { textOf } from './reader';
import { fromSqlValue, sqlValue } from './sql-value';

interface Plan {
  /** After `SELECT …`. */
  readonly from: string;
  readonly params: readonly SQLInputValue[];
  readonly order: string;
  /** The driver's tests say all that the filter says. */
  readonly exact: boolean;
}

const SEQ = '(SELECT max(seq) FROM record r WHERE r.entity = e.no) AS seq';

export function list(reader: Reader, query: ListQuery, after: SortPosition | null): ListedPage {
  const plan = planOf(reader, query, query.orderBy?.field ?? null, query.orderBy?.descending ?? false, after);
  if (!plan) return { entities: [], next: null };
  const byField = query.orderBy !== undefined;
  const columns = byField ? `e.id, e.doc, ${SEQ}, f.rank, f.value` : `e.id, e.doc, ${SEQ}`;
  const sql = `SELECT ${columns} FROM ${plan.from} ORDER BY ${plan.order} LIMIT ${SCAN_PAGE_ENTITIES + 1}`;
  const entities: ListedPage['entities'] = [];
  let last: SortPosition | null = after;
  let seen = 0;
  for (const row of reader.db.prepare(sql).iterate(...plan.params)) {
    if (entities.length === query.limit || seen === SCAN_PAGE_ENTITIES) return { entities, next: last };
    const id = textOf(row['id']);
    const index = parse(reader, query, id, row['doc']);
    if (plan.exact || matches(index, query)) entities.push({ id, index, seq: Number(row['seq']) });
    last = byField ? { ...sortedBy(row), id } : { rank: RANK.null, value: null, id };
    seen += 1;
  }
  return { entities, next: null };
}

export function count(reader: Reader, filter: EntityFilter, after: SortPosition | null): CountedPage {
  const plan = planOf(reader, filter, null, false, after);
  if (!plan) return { count: 0, next: null };
  if (plan.exact) {
    const row = reader.db.prepare(`SELECT count(*) AS n FROM ${plan.from}`).get(...plan.params);
    return { count: Number(row?.['n']), next: null };
  }
  const sql = `SELECT e.id, e.doc FROM ${plan.from} ORDER BY ${plan.order} LIMIT ${SCAN_PAGE_ENTITIES}`;
  let found = 0;
  let seen = 0;
  let id = '';
  for (const row of reader.db.prepare(sql).iterate(...plan.params)) {
    id = textOf(row['id']);
    if (matches(parse(reader, filter, id, row['doc']), filter)) found += 1;
    seen += 1;
  }
  return { count: found, next: seen < SCAN_PAGE_ENTITIES ? null : { rank: RANK.null, value: null, id } };
}

/** Null when nothing can match, because a name is unknown to the store. */
function planOf(
  reader: Reader,
  filter: EntityFilter,
  orderField: string | null,
  descending: boolean,
  after: SortPosition | null,
): Plan | null {
  const tests = Object.entries(filter.where ?? {});
  const field = orderField ?? (tests.find(([, test]) => test.eq !== undefined) ?? tests[0])?.[0];
  const namespace = reader.nameNo(filter.namespace);
  const type = reader.nameNo(filter.type);
  if (namespace === null || type === null) return null;
  if (field === undefined) return planByEntity(namespace, type, filter, after);
  const name = reader.nameNo(field);
  if (name === null) return null;
  const exact = !filter.status && tests.every(([tested]) => tested === field);
  const where = ['f.namespace = ?', 'f.type = ?', 'f.name = ?'];
  const params: SQLInputValue[] = [namespace, type, name];
  addBounds(where, params, filter.where?.[field] ?? {});
  const way = descending ? '<' : '>';
  if (after && orderField !== null) {
    where.push(`(f.rank, f.value, f.id) ${way} (?, ?, ?)`);
    params.push(after.rank, sqlValue(after.value), Buffer.from(after.id));
  } else if (after) {
    where.push('f.id > ?');
    params.push(Buffer.from(after.id));
  }
  const turn = descending ? 'DESC' : 'ASC';
  const order = orderField === null ? 'f.id' : `f.rank ${turn}, f.value ${turn}, f.id ${turn}`;
  const from = `field f CROSS JOIN entity e ON e.no = f.entity WHERE ${where.join(' AND ')}`;
  return { from, params, order, exact };
}

function planByEntity(namespace: number, type: number, { status }: EntityFilter, after: SortPosition | null): Plan {
  const where = ['e.namespace = ?', 'e.type = ?'];
  const params: SQLInputValue[] = [namespace, type];
  if (status) {
    where.push(`e.status IN (${status.map(() => '?').join(', ')})`);
    params.push(...status);
    if (!status.includes('active')) where.push("e.status <> 'active'");
  } else where.push("e.status <> 'unborn'");
  if (after) {
    where.push('e.id > ?');
    params.push(Buffer.from(after.id));
  }
  return { from: `entity e WHERE ${where.join(' AND ')}`, params, order: 'e.id', exact: true };
}

const COMPARISONS = { eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

function addBounds(where: string[], params: SQLInputValue[], test: FieldTest): void {
  for (const [bound, comparison] of Object.entries(COMPARISONS)) {
    const value = test[bound as keyof FieldTest];
    if (value === undefined) continue;
    where.push('f.rank = ?', `f.value ${comparison} ?`);
    params.push(rankOf(value), sqlValue(value));
  }
}

function sortedBy(row: Record<string, unknown>): { rank: number; value: IndexedValue } {
  const rank = Number(row['rank']);
  return { rank, value: fromSqlValue(rank, row['value']) };
}

function parse(reader: Reader, { namespace, type }: EntityFilter, id: string, doc: unknown): EntityIndex {
  return reader.parseDoc({ namespace, type, id }, doc);
}

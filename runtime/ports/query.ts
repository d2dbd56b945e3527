/**
 * Query: what a filter means, in which order entities are listed, and the token between two pages.
 *
 * Owns: comparison of indexed values, matching, sort positions and cursors, for every store that searches by itself.
 * Does not own: how candidates are found (a store may use its indexes first, and asks `matches` for the rest).
 *
 * Invariant: pages are keyset pages. A token names the position of the last entity looked at, so nothing that stands
 * still while one pages is shown twice or left out.
 */

import { createHash } from 'node:crypto';
import { PerdureError } from '../../framework/errors';
import { LIST_PAGE_ENTITIES } from '../config';
import type { EntityFilter, EntityIndex, FieldTest, IndexedValue, ListQuery } from './history-store';

/** Kind of an indexed value as a number: the first thing values sort by. */
export const RANK = { null: 0, boolean: 1, number: 2, text: 3 } as const;

/** Place of an entity in a listing: rank and value of the sorting field (null without one), then the id. */
export interface SortPosition {
  readonly rank: number;
  readonly value: IndexedValue;
  readonly id: string;
}

export function rankOf(value: IndexedValue): number {
  if (value === null) return RANK.null;
  if (typeof value === 'boolean') return RANK.boolean;
  return typeof value === 'number' ? RANK.number : RANK.text;
}

/** Negative, zero or positive, by UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function compareValues(a: IndexedValue, b: IndexedValue): number {
  const byRank = rankOf(a) - rankOf(b);
  if (byRank !== 0) return byRank;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return Number(a) - Number(b);
}

export function matches(index: EntityIndex, filter: EntityFilter): boolean {
  if (!(filter.status?.includes(index.status) ?? index.status !== 'unborn')) return false;
  for (const [field, test] of Object.entries(filter.where ?? {})) {
    const value = Object.hasOwn(index.fields, field) ? index.fields[field] : undefined;
    if (value === undefined || !holds(value, test)) return false;
  }
  return true;
}

function holds(value: IndexedValue, test: FieldTest): boolean {
  const against = (bound: IndexedValue | undefined, accept: (order: number) => boolean): boolean =>
    bound === undefined || (rankOf(bound) === rankOf(value) && accept(compareValues(value, bound)));
  return (
    against(test.eq, (order) => order === 0) &&
    against(test.gt, (order) => order > 0) &&
    against(test.gte, (order) => order >= 0) &&
    against(test.lt, (order) => order < 0) &&
    against(test.lte, (order) => order <= 0)
  );
}

/** The entity's place under the query, null when it lacks the sorting field. */
export function positionOf(id: string, index: EntityIndex, query: ListQuery): SortPosition | null {
  if (!query.orderBy) return { rank: RANK.null, value: null, id };
  const { field } = query.orderBy;
  const value = Object.hasOwn(index.fields, field) ? index.fields[field] : undefined;
  return value === undefined ? null : { rank: rankOf(value), value, id };
}

export function comparePositions(a: SortPosition, b: SortPosition): number {
  return compareValues(a.value, b.value) || compareText(a.id, b.id);
}

export function checkQuery(query: ListQuery): void {
  if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > LIST_PAGE_ENTITIES) {
    const fact = `list of ${query.type} was asked for ${query.limit} entities a page`;
    throw new PerdureError('invalid_argument', `${fact}: give a limit of 1 to ${LIST_PAGE_ENTITIES}`);
  }
}

export function encodeCursor(query: ListQuery, at: SortPosition): string {
  return Buffer.from(JSON.stringify([fingerprint(query), at.value, at.id])).toString('base64url');
}

/** Where the page before ended, null for the first page. Throws `invalid_argument` for a token of another query. */
export function decodeCursor(query: ListQuery): SortPosition | null {
  if (query.after === undefined) return null;
  const parts = parseToken(query.after);
  if (parts === null || parts[0] !== fingerprint(query)) {
    const fact = `the page token given to list of ${query.type} belongs to another query`;
    throw new PerdureError('invalid_argument', `${fact}: go on with the query that returned it, or start without one`);
  }
  const [, value, id] = parts;
  return { rank: rankOf(value), value, id };
}

function parseToken(token: string): readonly [string, IndexedValue, string] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (!Array.isArray(parts) || parts.length !== 3) return null;
    const [print, value, id] = parts as readonly unknown[];
    if (typeof print !== 'string' || typeof id !== 'string') return null;
    if (value !== null && !['string', 'number', 'boolean'].includes(typeof value)) return null;
    return [print, value as IndexedValue, id];
  } catch {
    return null;
  }
}

function fingerprint(query: ListQuery): string {
  const where = Object.entries(query.where ?? {}).map(([field, t]) => [field, t.eq, t.gt, t.gte, t.lt, t.lte]);
  where.sort((a, b) => compareText(String(a[0]), String(b[0])));
  const { namespace, type, status = null, orderBy } = query;
  const text = JSON.stringify([namespace, type, status, where, orderBy?.field, orderBy?.descending]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}

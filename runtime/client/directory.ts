/**
 * Directory: entities found by their indexed fields, and histories read from start to end, page by page.
 *
 * Owns: paging. Does not own: how selections are written (`filter`).
 *
 * Invariant: a page is asked for when its first item is, so a reader that stops early costs no further request.
 */

import { decodeValue } from '../../framework/codec/value';
import { PerdureError, isPerdureError } from '../../framework/errors';
import type { EntityReference } from '../../framework/model/handle';
import { contractOf } from '../../framework/model/handle';
import type { EntityKey } from '../../framework/model/identity';
import { CLIENT_HISTORY_PAGE, CLIENT_LIST_PAGE } from '../config';
import type { EntityIndex, ListPage } from '../ports/history-store';
import type { HistoryEntry, HistoryPage } from '../wire/description';
import type { OrderBy, Selection } from './filter';
import { toFilter, toOrder } from './filter';
import { CALL_TERMS } from './options';
import type { Sender } from './sender';

export interface CountOptions<T> extends Selection<T> {
  /** Class, contract, or the type's name. */
  readonly type: EntityReference<T> | string;
}

export interface ListOptions<T> extends CountOptions<T> {
  readonly orderBy?: OrderBy<T>;
  /** Most entities listed, from 1; all by default. */
  readonly limit?: number;
}

/** An entity as the directory knows it: as of its last committed change. */
export interface ListedEntity extends Omit<EntityIndex, 'wakeAt' | 'open'> {
  readonly type: string;
  readonly id: string;
  /** The record that this is as of. On a cluster later ones may have changed nothing that is listed. */
  readonly seq: number;
}

export interface HistoryOptions {
  /** First record shown, from 1. */
  readonly fromSeq?: number;
  /** Most entries shown, from 1; all by default. */
  readonly limit?: number;
}

/** Pages are read one after another: entities that change meanwhile may be listed as before or as after. */
export async function* listEntities<T>(
  sender: Sender,
  namespace: string,
  options: ListOptions<T>,
): AsyncGenerator<ListedEntity, void, undefined> {
  const type = typeName(options.type);
  const query = { ...toFilter(namespace, type, options), ...toOrder(options.orderBy) };
  let left = limitOf(options.limit, 'list');
  let after: string | null = null;
  const paging = new Paging(CLIENT_LIST_PAGE);
  do {
    const asked = { ...query, ...(after === null ? {} : { after }) };
    const page: ListPage = await paging.next(left, (limit) =>
      sender.request(
        { op: 'list', query: { ...asked, limit } },
        (value) => decodeValue(value, 'page') as ListPage,
        CALL_TERMS,
      ),
    );
    for (const { id, index, seq } of page.entities) {
      const { status, fields, build, createdAt, updatedAt } = index;
      yield { type, id, status, fields, seq, build, createdAt, updatedAt };
    }
    left -= page.entities.length;
    after = page.next;
  } while (after !== null && left > 0);
}

export function countEntities<T>(sender: Sender, namespace: string, options: CountOptions<T>): Promise<number> {
  const filter = toFilter(namespace, typeName(options.type), options);
  return sender.request({ op: 'count', filter }, (value) => decodeValue(value, 'count') as number, CALL_TERMS);
}

export async function* historyEntries(
  sender: Sender,
  key: EntityKey,
  options: HistoryOptions,
): AsyncGenerator<HistoryEntry, void, undefined> {
  let left = limitOf(options.limit, 'history');
  let fromSeq: number | null = options.fromSeq ?? 1;
  if (!Number.isSafeInteger(fromSeq) || fromSeq < 1) {
    throw new PerdureError('invalid_argument', `history starts at a seq from 1, not ${fromSeq}`);
  }
  const paging = new Paging(CLIENT_HISTORY_PAGE);
  do {
    const from: number = fromSeq;
    const page: HistoryPage = await paging.next(left, (limit) =>
      sender.request(
        { op: 'history', key, fromSeq: from, limit },
        (value) => decodeValue(value, 'page') as HistoryPage,
        CALL_TERMS,
      ),
    );
    for (const entry of page.entries) {
      if (left-- > 0) yield entry;
    }
    fromSeq = page.next;
  } while (fromSeq !== null && left > 0);
}

/** Pages that do not fit into a frame are asked for again, half as long, and so are those that follow (C14). */
class Paging {
  constructor(private most: number) {}

  async next<Page>(left: number, ask: (limit: number) => Promise<Page>): Promise<Page> {
    for (;;) {
      const limit = Math.min(left, this.most);
      try {
        return await ask(limit);
      } catch (error) {
        if (limit === 1 || !isPerdureError(error) || error.code !== 'too_large') throw error;
        this.most = Math.floor(limit / 2);
      }
    }
  }
}

export function typeName<T>(type: EntityReference<T> | string): string {
  return typeof type === 'string' ? type : contractOf(type).type;
}

function limitOf(limit: number | undefined, what: string): number {
  if (limit === undefined) return Infinity;
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new PerdureError(
    'invalid_argument',
    `limit of ${what} is ${limit}: give a whole number from 1, or none for all`,
  );
}

/**
 * Directory rows: what `list` and `count` read (C10).
 *
 * Owns: their statements. A listing is one cell, and what it says is what counts (C8a); the columns beside it have the
 * same stamp and are there to be found by. Does not own: which column a field has (`directory-columns`).
 */

import { types } from 'cassandra-driver';
import type { ClusterStore, Listing } from '../../ports/cluster-store';
import type { EntityIndex } from '../../ports/history-store';
import { matches } from '../../ports/query';
import { STORE_LISTING_ROWS } from '../../config';
import type { Connection, Query, Row } from './connection';
import { cellsOf, conditionsOf, DirectoryColumns } from './directory-columns';
import type { Condition } from './directory-columns';
import { KEYWORDS, NUMBERS } from './schema';
import { statement } from './statement';

type DirectoryStore = Pick<ClusterStore, 'writeListings' | 'listing' | 'listings'>;

const PART = `namespace = ? AND type = ? AND slot = ?`;
const COLUMNS = [...KEYWORDS, ...NUMBERS];
const WRITE = statement(
  `UPDATE directory USING TIMESTAMP ? SET listing = ?, status = ?, ${COLUMNS.map((column) => `${column} = ?`).join(', ')} ` +
    `WHERE ${PART} AND id = ?`,
);
const ONE = statement(`SELECT id, listing FROM directory WHERE ${PART} AND id = ?`);

export function directoryRows(connection: Connection): DirectoryStore {
  const columnsOf = new DirectoryColumns(connection);
  return {
    async writeListings({ namespace, type, slot }, listings) {
      const indexes = listings.map(({ index }) => index);
      const columns = await columnsOf.forListings(namespace, type, indexes);
      if (columns === null) return 'unknown';
      return connection.write(
        listings.map(({ id, index, seq, stamp }) => {
          const cells = cellsOf(index, columns);
          const values = COLUMNS.map((column) => cells.get(column) ?? types.unset);
          return WRITE(stamp, JSON.stringify([seq, stamp, index]), index.status, ...values, namespace, type, slot, id);
        }),
      );
    },
    async listing({ namespace, type, slot }, id) {
      const [row] = await connection.read(ONE(namespace, type, slot, id), `the directory of ${type}`);
      return row === undefined ? null : listingOf(row);
    },
    async listings(filter, slot, after, limit) {
      const { namespace, type } = filter;
      const conditions = conditionsOf(filter, await columnsOf.forFilter(filter));
      const query = pageQuery(conditions, [namespace, type, slot, after ?? '']);
      const looked = (await connection.read(query, `the directory of ${type}`)).map(listingOf);
      const found = looked.filter(({ index }) => matches(index, filter));
      const listings = found.slice(0, limit);
      if (found.length > limit) return { listings, next: listings.at(-1)?.id ?? null };
      return { listings, next: looked.length < STORE_LISTING_ROWS ? null : (looked.at(-1)?.id ?? null) };
    },
  };
}

/** Those of a partition that meet the conditions, in the order of ids. */
function pageQuery(conditions: readonly Condition[], place: readonly unknown[]): Query {
  const met = conditions.map(({ column, comparison }) => ` AND ${column} ${comparison} ?`).join('');
  const values = conditions.map(({ value }) => value);
  return {
    cql: `SELECT id, listing FROM directory WHERE ${PART} AND id > ?${met} LIMIT ?`,
    values: [...place, ...values, STORE_LISTING_ROWS],
  };
}

export function listingOf(row: Row): Listing {
  const [seq, stamp, index] = JSON.parse(String(row['listing'])) as [number, number, EntityIndex];
  return { id: String(row['id']), index, seq, stamp };
}

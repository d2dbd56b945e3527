/**
 * Directory rows: what `list` and `count` read (C10).
 *
 * Owns: their statements; a listing is one cell, so that what stands there is of one turn (C8a).
 */

import type { ClusterStore, Listing } from '../../ports/cluster-store';
import type { EntityIndex } from '../../ports/history-store';
import { matches } from '../../ports/query';
import { STORE_LISTING_ROWS } from '../../config';
import type { Connection, Row } from './connection';
import { statement } from './statement';

type DirectoryStore = Pick<ClusterStore, 'writeListings' | 'listing' | 'listings'>;

const PART = `namespace = ? AND type = ? AND slot = ?`;
const WRITE = statement(`UPDATE directory USING TIMESTAMP ? SET listing = ? WHERE ${PART} AND id = ?`);
const ONE = statement(`SELECT id, listing FROM directory WHERE ${PART} AND id = ?`);
const PAGE = statement(`SELECT id, listing FROM directory WHERE ${PART} AND id > ? LIMIT ?`);

export function directoryRows(connection: Connection): DirectoryStore {
  return {
    writeListings: ({ namespace, type, slot }, listings) =>
      connection.write(
        listings.map(({ id, index, seq, stamp }) =>
          WRITE(stamp, JSON.stringify([seq, stamp, index]), namespace, type, slot, id),
        ),
      ),
    async listing({ namespace, type, slot }, id) {
      const [row] = await connection.read(ONE(namespace, type, slot, id), `the directory of ${type}`);
      return row === undefined ? null : listingOf(row);
    },
    async listings(filter, slot, after, limit) {
      const { namespace, type } = filter;
      const query = PAGE(namespace, type, slot, after ?? '', STORE_LISTING_ROWS);
      const looked = (await connection.read(query, `the directory of ${type}`)).map(listingOf);
      const found = looked.filter(({ index }) => matches(index, filter));
      const listings = found.slice(0, limit);
      if (found.length > limit) return { listings, next: listings.at(-1)?.id ?? null };
      return { listings, next: looked.length < STORE_LISTING_ROWS ? null : (looked.at(-1)?.id ?? null) };
    },
  };
}

function listingOf(row: Row): Listing {
  const [seq, stamp, index] = JSON.parse(String(row['listing'])) as [number, number, EntityIndex];
  return { id: String(row['id']), index, seq, stamp };
}

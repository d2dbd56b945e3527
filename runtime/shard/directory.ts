/**
 * Directory: the entities of a type, found by status and indexed fields without loading them (C10).
 *
 * Owns: merging the partitions of a type, pages and their tokens, the bound on sorting. Any host can answer: the
 * directory belongs to no shard.
 * Does not own: what a filter means (`ports/query`), how rows come into it (`ownership/listing-writer`).
 *
 * Invariants:
 * 1. A page holds every match between the token before and its own: what one partition has not shown yet holds back
 *    what others have.
 * 2. What it answers is as of the last rows written: an entity's newest change shows about a second later (C10).
 */

import { hash32 } from '../../framework/codec/hash32';
import { PerdureError } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import { DIRECTORY_ROUNDS, DIRECTORY_SLOTS, DIRECTORY_SORT_ENTITIES, LIST_PAGE_ENTITIES } from '../config';
import type { ClusterStore, DirectoryPart, Listing } from '../ports/cluster-store';
import type { EntityFilter, ListPage, ListQuery } from '../ports/history-store';
import type { SortPosition } from '../ports/query';
import {
  checkQuery,
  comparePositions,
  compareText,
  decodeCursor,
  encodeCursor,
  positionOf,
  RANK,
} from '../ports/query';

/** Where an entity's row stands. */
export function directoryPart({ namespace, type, id }: EntityKey): DirectoryPart {
  return { namespace, type, slot: hash32(Buffer.from(id)) % DIRECTORY_SLOTS };
}

export class Directory {
  constructor(private readonly store: Pick<ClusterStore, 'listings'>) {}

  /** Rejects with `invalid_argument`, or with `unavailable` when the store cannot be read. */
  async list(query: ListQuery): Promise<ListPage> {
    checkQuery(query);
    const after = decodeCursor(query);
    return query.orderBy ? this.sorted(query, after) : this.byId(query, after?.id ?? null);
  }

  async count(filter: EntityFilter): Promise<number> {
    let count = 0;
    await this.eachSlot(async (slot) => {
      for await (const listings of this.pages(filter, slot)) count += listings.length;
    });
    return count;
  }

  private async byId(query: ListQuery, after: string | null): Promise<ListPage> {
    const readers = allSlots().map((slot) => new SlotReader(this.store, query, slot, after));
    const found: Listing[] = [];
    for (let rounds = 0; found.length < query.limit;) {
      const dry = readers.filter((reader) => reader.dry);
      if (dry.length > 0 && rounds === DIRECTORY_ROUNDS) return pageUpTo(query, readers, found);
      rounds += 1;
      await Promise.all(dry.map((reader) => reader.read()));
      takeInOrder(readers, query.limit, found);
      if (readers.every((reader) => reader.over)) return pageOf(query, found, null);
    }
    return pageOf(query, found, readers.every((reader) => reader.over) ? null : (found.at(-1)?.id ?? null));
  }

  private async sorted(query: ListQuery, after: SortPosition | null): Promise<ListPage> {
    const direction = query.orderBy?.descending ? -1 : 1;
    const found: { readonly listing: Listing; readonly at: SortPosition }[] = [];
    await this.eachSlot(async (slot) => {
      for await (const listings of this.pages(query, slot)) {
        for (const listing of listings) {
          const at = positionOf(listing.id, listing.index, query);
          if (at !== null) found.push({ listing, at });
        }
        if (found.length > DIRECTORY_SORT_ENTITIES) throw tooManyToSort(query);
      }
    });
    const rest = found.filter(({ at }) => after === null || direction * comparePositions(at, after) > 0);
    rest.sort((a, b) => direction * comparePositions(a.at, b.at));
    const page = rest.slice(0, query.limit);
    const last = rest.length > page.length ? page.at(-1) : undefined;
    return {
      entities: page.map(({ listing }) => entityOf(listing)),
      next: last === undefined ? null : encodeCursor(query, last.at),
    };
  }

  private async eachSlot(read: (slot: number) => Promise<void>): Promise<void> {
    await Promise.all(allSlots().map(read));
  }

  private async *pages(filter: EntityFilter, slot: number): AsyncGenerator<readonly Listing[]> {
    for (let after: string | null = null; ;) {
      const { listings, next } = await this.store.listings(filter, slot, after, LIST_PAGE_ENTITIES);
      yield listings;
      if (next === null) return;
      after = next;
    }
  }
}

/** One partition, read a stretch at a time in the order of ids. */
class SlotReader {
  readonly ahead: Listing[] = [];
  private more = true;

  constructor(
    private readonly store: Pick<ClusterStore, 'listings'>,
    private readonly query: ListQuery,
    private readonly slot: number,
    /** The last id looked at. */
    public at: string | null,
  ) {}

  /** Nothing read is left, and there may be more. */
  get dry(): boolean {
    return this.ahead.length === 0 && this.more;
  }

  get over(): boolean {
    return this.ahead.length === 0 && !this.more;
  }

  async read(): Promise<void> {
    const stretch = Math.ceil((2 * this.query.limit) / DIRECTORY_SLOTS) + 1;
    const { listings, next } = await this.store.listings(this.query, this.slot, this.at, stretch);
    this.ahead.push(...listings);
    this.more = next !== null;
    if (next !== null) this.at = next;
  }
}

/** Moves what is certain to come next, until a reader is dry or the page is full. */
function takeInOrder(readers: readonly SlotReader[], limit: number, found: Listing[]): void {
  while (found.length < limit && !readers.some((reader) => reader.dry)) {
    let least: SlotReader | null = null;
    for (const reader of readers) {
      const head = reader.ahead[0];
      const best = least?.ahead[0];
      if (head !== undefined && (best === undefined || compareText(head.id, best.id) < 0)) least = reader;
    }
    const listing = least?.ahead.shift();
    if (listing === undefined) return;
    found.push(listing);
  }
}

/** As far as all partitions have been looked at, when it takes too long to fill the page. */
function pageUpTo(query: ListQuery, readers: readonly SlotReader[], found: readonly Listing[]): ListPage {
  const ends = readers.filter((reader) => reader.dry).map(({ at }) => at ?? '');
  const end = ends.reduce((least, at) => (compareText(at, least) < 0 ? at : least));
  const ahead = readers.flatMap((reader) => reader.ahead.filter(({ id }) => compareText(id, end) <= 0));
  const all = [...found, ...ahead].sort((a, b) => compareText(a.id, b.id));
  const page = all.slice(0, query.limit);
  return pageOf(query, page, all.length > page.length ? (page.at(-1)?.id ?? end) : end);
}

function pageOf(query: ListQuery, found: readonly Listing[], lastId: string | null): ListPage {
  const next = lastId === null ? null : encodeCursor(query, { rank: RANK.null, value: null, id: lastId });
  return { entities: found.map(entityOf), next };
}

function entityOf({ id, index, seq }: Listing): ListPage['entities'][number] {
  return { id, index, seq };
}

function allSlots(): number[] {
  return Array.from({ length: DIRECTORY_SLOTS }, (_, slot) => slot);
}

function tooManyToSort({ type, orderBy }: ListQuery): PerdureError {
  const fact = `list of ${type} by ${orderBy?.field} finds more than ${DIRECTORY_SORT_ENTITIES} entities to sort`;
  return new PerdureError('invalid_argument', `${fact}: narrow it by status or where, or list without orderBy`);
}

/**
 * Cluster model: the ClusterStore port as plain maps, with no distance and no faults: what a calm store must agree with.
 */

import type { EntityKey } from '../../framework/model/identity';
import type {
  Beat,
  BucketPage,
  ClusterStore,
  DirectoryPart,
  IndexEntry,
  IndexPart,
  Lease,
  Listing,
  ListingPage,
  Pointer,
  SessionRow,
  WriteOutcome,
} from '../ports/cluster-store';
import type { EntityFilter, Row } from '../ports/history-store';
import { compareText, matches } from '../ports/query';

type Place = { readonly seq: number; readonly epoch: number };

const textOf = (...parts: unknown[]): string => JSON.stringify(parts);
const byPlace = (a: Place, b: Place): number => a.seq - b.seq || a.epoch - b.epoch;
const keyText = ({ namespace, type, id }: EntityKey): string => `${namespace}\0${type}\0${id}`;
const byEntry = (a: IndexEntry, b: IndexEntry): number =>
  a.at - b.at || (keyText(a.key) < keyText(b.key) ? -1 : keyText(a.key) === keyText(b.key) ? 0 : 1);

export class ClusterModel implements ClusterStore {
  readonly #sessions = new Map<string, { born: boolean; dead: boolean }>();
  readonly #beats = new Map<string, Beat>();
  readonly #gone = new Set<string>();
  readonly #leases = new Map<number, Lease>();
  readonly #rows = new Map<string, Map<string, Row>>();
  readonly #pointers = new Map<string, Pointer>();
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #parts = new Map<number, Map<string, IndexPart>>();
  readonly #entries = new Map<string, Map<string, IndexEntry | null>>();
  readonly #watermarks = new Map<number, number>();
  readonly #listings = new Map<string, Map<string, Listing>>();

  constructor(private readonly shardCount: number) {}

  async shards(): Promise<number> {
    return this.shardCount;
  }

  async setBorn(session: string): Promise<WriteOutcome> {
    return this.#mark(session, { born: true });
  }

  async setDead(session: string): Promise<WriteOutcome> {
    return this.#mark(session, { dead: true });
  }

  async session(session: string): Promise<SessionRow> {
    return { ...(this.#sessions.get(session) ?? { born: false, dead: false }) };
  }

  async writeBeat(beat: Beat): Promise<WriteOutcome> {
    if (!this.#gone.has(beat.session) && (this.#beats.get(beat.session)?.beat ?? -1) < beat.beat)
      this.#beats.set(beat.session, beat);
    return 'ok';
  }

  async deleteBeat(session: string): Promise<WriteOutcome> {
    this.#gone.add(session);
    this.#beats.delete(session);
    return 'ok';
  }

  async beats(): Promise<readonly Beat[]> {
    return [...this.#beats.values()].sort((a, b) => (a.session < b.session ? -1 : 1));
  }

  async lease(shard: number): Promise<Lease | null> {
    return this.#leases.get(shard) ?? null;
  }

  async casLease(shard: number, expected: Lease | null, next: Lease): Promise<WriteOutcome> {
    const now = this.#leases.get(shard) ?? null;
    if (textOf(now?.owner, now?.epoch, now?.nonce) !== textOf(expected?.owner, expected?.epoch, expected?.nonce))
      return 'refused';
    this.#leases.set(shard, next);
    return 'ok';
  }

  async writeRows(key: EntityKey, bucket: number, rows: readonly Row[]): Promise<WriteOutcome> {
    const kept = entryOf(this.#rows, textOf(keyText(key), bucket), () => new Map<string, Row>());
    for (const row of rows) kept.set(textOf(row.seq, row.epoch), row);
    return 'ok';
  }

  async readRows(key: EntityKey, bucket: number, from: Place, limit: number): Promise<BucketPage> {
    const kept = [...(this.#rows.get(textOf(keyText(key), bucket))?.values() ?? [])];
    const rows = kept.filter((row) => byPlace(row, from) >= 0).sort(byPlace);
    const next = rows[limit];
    return { rows: rows.slice(0, limit), next: next ? { seq: next.seq, epoch: next.epoch } : null };
  }

  async writePointer(key: EntityKey, pointer: Pointer): Promise<WriteOutcome> {
    const kept = this.#pointers.get(keyText(key));
    if (!kept || kept.seq < pointer.seq) this.#pointers.set(keyText(key), pointer);
    return 'ok';
  }

  async pointer(key: EntityKey): Promise<Pointer | null> {
    return this.#pointers.get(keyText(key)) ?? null;
  }

  async writeBlob(key: EntityKey, name: string, bytes: Uint8Array): Promise<WriteOutcome> {
    this.#blobs.set(textOf(keyText(key), name), bytes);
    return 'ok';
  }

  async blob(key: EntityKey, name: string): Promise<Uint8Array | null> {
    return this.#blobs.get(textOf(keyText(key), name)) ?? null;
  }

  async writeParts(shard: number, parts: readonly IndexPart[]): Promise<WriteOutcome> {
    const kept = entryOf(this.#parts, shard, () => new Map<string, IndexPart>());
    for (const part of parts) kept.set(textOf(part.kind, part.epoch, part.bucket), part);
    return 'ok';
  }

  async parts(shard: number): Promise<readonly IndexPart[]> {
    const name = (part: IndexPart): string => `${part.kind}\0${part.bucket}`;
    const kept = [...(this.#parts.get(shard)?.values() ?? [])];
    return kept.sort((a, b) => a.epoch - b.epoch || (name(a) < name(b) ? -1 : 1));
  }

  async writeEntries(shard: number, part: IndexPart, entries: readonly IndexEntry[]): Promise<WriteOutcome> {
    const kept = this.#part(shard, part);
    for (const entry of entries) {
      const name = textOf(entry.at, keyText(entry.key));
      if (!kept.has(name)) kept.set(name, entry);
    }
    return 'ok';
  }

  async entries(
    shard: number,
    part: IndexPart,
    after: IndexEntry | null,
    limit: number,
  ): Promise<readonly IndexEntry[]> {
    const live = [...this.#part(shard, part).values()].filter((entry) => entry !== null);
    return live
      .filter((entry) => after === null || byEntry(entry, after) > 0)
      .sort(byEntry)
      .slice(0, limit);
  }

  async deleteEntries(shard: number, part: IndexPart, entries: readonly IndexEntry[]): Promise<WriteOutcome> {
    for (const entry of entries) this.#part(shard, part).set(textOf(entry.at, keyText(entry.key)), null);
    return 'ok';
  }

  async writeWatermark(shard: number, at: number): Promise<WriteOutcome> {
    this.#watermarks.set(shard, Math.max(at, this.#watermarks.get(shard) ?? 0));
    return 'ok';
  }

  async watermark(shard: number): Promise<number> {
    return this.#watermarks.get(shard) ?? 0;
  }

  async writeListings(part: DirectoryPart, listings: readonly Listing[]): Promise<WriteOutcome> {
    const kept = entryOf(this.#listings, directoryText(part), () => new Map<string, Listing>());
    for (const listing of listings) {
      const before = kept.get(listing.id);
      if (before === undefined || wins(listing, before)) kept.set(listing.id, listing);
    }
    return 'ok';
  }

  async listing(part: DirectoryPart, id: string): Promise<Listing | null> {
    return this.#listings.get(directoryText(part))?.get(id) ?? null;
  }

  async listings(filter: EntityFilter, slot: number, after: string | null, limit: number): Promise<ListingPage> {
    const all = [...(this.#listings.get(directoryText({ ...filter, slot }))?.values() ?? [])];
    const found = all
      .filter(({ id, index }) => matches(index, filter) && (after === null || compareText(id, after) > 0))
      .sort((a, b) => compareText(a.id, b.id));
    const page = found.slice(0, limit);
    return { listings: page, next: found.length > page.length ? (page.at(-1)?.id ?? null) : null };
  }

  #mark(session: string, change: Partial<SessionRow>): WriteOutcome {
    const before = this.#sessions.get(session) ?? { born: false, dead: false };
    this.#sessions.set(session, { ...before, ...change });
    return 'ok';
  }

  #part(shard: number, { kind, epoch, bucket }: IndexPart): Map<string, IndexEntry | null> {
    return entryOf(this.#entries, textOf(shard, kind, epoch, bucket), () => new Map<string, IndexEntry | null>());
  }
}

function directoryText({ namespace, type, slot }: DirectoryPart): string {
  return textOf(namespace, type, slot);
}

/** On a tie the greater bytes, as of any cell. */
function wins(a: Listing, b: Listing): boolean {
  if (a.stamp !== b.stamp) return a.stamp > b.stamp;
  return textOf(a.seq, a.index) > textOf(b.seq, b.index);
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

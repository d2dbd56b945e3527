/**
 * Cluster model: the ClusterStore port as plain maps, with no distance and no faults: what a calm store must agree with.
 */

import type { EntityKey } from '../../../framework/model/identity';
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
  Note,
  Offer,
  Pointer,
  SessionRow,
  Watermark,
  WriteOutcome,
} from '../../ports/cluster-store';
import type { EntityFilter, Row } from '../../ports/history-store';
import { compareText, matches } from '../../ports/query';
import type { Place, Running, RunningRow } from '../../ports/watchdog';

type OrderedNote = { readonly order: number; readonly bytes: Uint8Array | null };
type RowPlace = { readonly seq: number; readonly epoch: number };

const textOf = (...parts: unknown[]): string => JSON.stringify(parts);
const byPlace = (a: RowPlace, b: RowPlace): number => a.seq - b.seq || a.epoch - b.epoch;
const keyText = ({ namespace, type, id }: EntityKey): string => `${namespace}\0${type}\0${id}`;
const byEntry = (a: IndexEntry, b: IndexEntry): number => a.at - b.at || compareText(keyText(a.key), keyText(b.key));

export class ClusterModel implements ClusterStore {
  readonly #sessions = new Map<string, { born: boolean; dead: boolean }>();
  readonly #beats = new Map<string, Beat>();
  readonly #offers = new Map<string, Offer>();
  readonly #builds = new Map<number, string>();
  readonly #gone = new Set<string>();
  readonly #leases = new Map<number, Lease>();
  readonly #rows = new Map<string, Map<string, Row>>();
  readonly #pointers = new Map<string, Pointer>();
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #parts = new Map<number, Map<string, IndexPart | null>>();
  readonly #entries = new Map<string, Map<string, IndexEntry | null>>();
  readonly #cleared = new Set<string>();
  /** By shard and epoch; a deleted one is Infinity. */
  readonly #watermarks = new Map<number, Map<number, number>>();
  readonly #notes = new Map<string, Map<string, OrderedNote>>();
  readonly #running = new Map<number, Map<number, { order: number; running: Running | null }>>();
  readonly #stable = new Map<number, number>();
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

  async builds(): Promise<readonly string[]> {
    const builds: string[] = [];
    for (let build = this.#builds.get(1); build !== undefined; build = this.#builds.get(builds.length + 1))
      builds.push(build);
    return builds;
  }

  async casBuild(ordinal: number, build: string): Promise<WriteOutcome> {
    if (this.#builds.has(ordinal)) return 'refused';
    this.#builds.set(ordinal, build);
    return 'ok';
  }

  async writeOffer(offer: Offer): Promise<WriteOutcome> {
    this.#offers.set(textOf(offer.shard, offer.ordinal), offer);
    return 'ok';
  }

  async offers(): Promise<readonly Offer[]> {
    return [...this.#offers.values()].sort((a, b) => a.shard - b.shard || a.ordinal - b.ordinal);
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

  async deleteBucket(key: EntityKey, bucket: number): Promise<WriteOutcome> {
    const name = textOf(keyText(key), bucket);
    this.#cleared.add(name);
    this.#rows.delete(name);
    return 'ok';
  }

  async writeRows(key: EntityKey, bucket: number, rows: readonly Row[]): Promise<WriteOutcome> {
    if (this.#cleared.has(textOf(keyText(key), bucket))) return 'ok';
    const kept = entryOf(this.#rows, textOf(keyText(key), bucket), () => new Map<string, Row>());
    for (const row of rows) kept.set(textOf(row.seq, row.epoch), row);
    return 'ok';
  }

  async readRows(key: EntityKey, bucket: number, from: RowPlace, limit: number): Promise<BucketPage> {
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

  async deleteBlob(key: EntityKey, name: string): Promise<WriteOutcome> {
    const blob = textOf(keyText(key), name);
    this.#cleared.add(blob);
    this.#blobs.delete(blob);
    return 'ok';
  }

  async writeBlob(key: EntityKey, name: string, bytes: Uint8Array): Promise<WriteOutcome> {
    if (this.#cleared.has(textOf(keyText(key), name))) return 'ok';
    this.#blobs.set(textOf(keyText(key), name), bytes);
    return 'ok';
  }

  async blob(key: EntityKey, name: string): Promise<Uint8Array | null> {
    return this.#blobs.get(textOf(keyText(key), name)) ?? null;
  }

  async writeParts(shard: number, parts: readonly IndexPart[]): Promise<WriteOutcome> {
    const kept = entryOf(this.#parts, shard, () => new Map<string, IndexPart | null>());
    for (const part of parts) if (!kept.has(partText(part))) kept.set(partText(part), part);
    return 'ok';
  }

  async parts(shard: number): Promise<readonly IndexPart[]> {
    const name = (part: IndexPart): string => `${part.kind}\0${part.bucket}`;
    const kept = [...(this.#parts.get(shard)?.values() ?? [])].filter((part) => part !== null);
    return kept.sort((a, b) => a.epoch - b.epoch || (name(a) < name(b) ? -1 : 1));
  }

  async deleteParts(shard: number, parts: readonly IndexPart[]): Promise<WriteOutcome> {
    const kept = entryOf(this.#parts, shard, () => new Map<string, IndexPart | null>());
    for (const part of parts) kept.set(partText(part), null);
    return 'ok';
  }

  async writeEntries(shard: number, part: IndexPart, entries: readonly IndexEntry[]): Promise<WriteOutcome> {
    const kept = this.#part(shard, part);
    if (this.#cleared.has(textOf(shard, partText(part)))) return 'ok';
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

  async clearPart(shard: number, part: IndexPart): Promise<WriteOutcome> {
    this.#part(shard, part).clear();
    this.#cleared.add(textOf(shard, partText(part)));
    return 'ok';
  }

  async writeWatermark(shard: number, { epoch, at }: Watermark): Promise<WriteOutcome> {
    const kept = entryOf(this.#watermarks, shard, () => new Map<number, number>());
    kept.set(epoch, Math.max(at, kept.get(epoch) ?? 0));
    return 'ok';
  }

  async watermarks(shard: number): Promise<readonly Watermark[]> {
    const kept = [...(this.#watermarks.get(shard) ?? [])].filter(([, at]) => at < Infinity);
    return kept.map(([epoch, at]) => ({ epoch, at })).sort((a, b) => a.epoch - b.epoch);
  }

  async deleteWatermarks(shard: number, epochs: readonly number[]): Promise<WriteOutcome> {
    const kept = entryOf(this.#watermarks, shard, () => new Map<number, number>());
    for (const epoch of epochs) kept.set(epoch, Infinity);
    return 'ok';
  }

  async writeNote(key: EntityKey, name: string, bytes: Uint8Array | null, order: number): Promise<WriteOutcome> {
    const kept = entryOf(this.#notes, keyText(key), () => new Map<string, OrderedNote>());
    if ((kept.get(name)?.order ?? -1) < order) kept.set(name, { order, bytes });
    return 'ok';
  }

  async notes(key: EntityKey): Promise<readonly Note[]> {
    const notes = [...(this.#notes.get(keyText(key)) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    return notes.flatMap(([name, { bytes }]) => (bytes === null ? [] : [{ name, bytes }]));
  }

  async writeRunning({ shard, epoch }: Place, order: number, running: Running | null): Promise<WriteOutcome> {
    const kept = entryOf(this.#running, shard, () => new Map<number, { order: number; running: Running | null }>());
    if ((kept.get(epoch)?.order ?? -1) < order) kept.set(epoch, { order, running });
    return 'ok';
  }

  async running(shard: number): Promise<readonly RunningRow[]> {
    const kept = [...(this.#running.get(shard) ?? [])].sort(([a], [b]) => a - b);
    return kept.flatMap(([epoch, { running }]) => (running === null ? [] : [{ epoch, ...running }]));
  }

  async writeStable(shard: number, epoch: number): Promise<WriteOutcome> {
    this.#stable.set(shard, Math.max(epoch, this.#stable.get(shard) ?? 0));
    return 'ok';
  }

  async stable(shard: number): Promise<number> {
    return this.#stable.get(shard) ?? 0;
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

  #part(shard: number, part: IndexPart): Map<string, IndexEntry | null> {
    return entryOf(this.#entries, textOf(shard, partText(part)), () => new Map<string, IndexEntry | null>());
  }
}

function partText({ kind, epoch, bucket }: IndexPart): string {
  return textOf(kind, epoch, bucket);
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

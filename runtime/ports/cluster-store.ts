/**
 * Cluster store: what several hosts share (C1 to C10), shaped by its caller, the ownership protocol of `shard/`.
 *
 * Owns: the interface of one round trip each, with its outcome. Rows and payloads are opaque bytes here.
 * Does not own: who may write (`shard/ownership`), what a row says, when a shard moves (`host/placement`).
 *
 * Invariants of an adapter:
 * 1. `ok` means a quorum has it; `refused` that it has not happened and never will; `unknown` all else: it may have
 *    happened, and may yet happen later.
 * 2. Plain writes have a constant or derived timestamp, never a clock's (C8a): repeating one changes nothing, and a
 *    late copy of an older one never overwrites a newer.
 * 3. Reads are at quorum and see every write that was `ok` before they began. They reject with `unavailable`.
 * 4. Nothing is retried inside: the protocol decides.
 */

import type { EntityKey } from '../../framework/model/identity';
import type { EntityFilter, EntityIndex, Row } from './history-store';
import type { Log } from './telemetry';
import type { Place, Running, RunningRow, RunningWriter } from './watchdog';

export type WriteOutcome = 'ok' | 'refused' | 'unknown';

/** Two write-once cells (C1). No `born` means dead. */
export interface SessionRow {
  readonly born: boolean;
  readonly dead: boolean;
}

/** The ownership of a shard; `nonce` tells one's own compare-and-set from another's (C3). */
export interface Lease {
  readonly owner: string;
  readonly epoch: number;
  readonly nonce: string;
}

/** One host's heartbeat row; `beat` counts up and is the write's timestamp (C8a). */
export interface Beat {
  readonly session: string;
  readonly beat: number;
  readonly build: string;
  readonly ordinal: number;
  /** True while the host can be reached by clients; a host cut off drains if another's row says true (C3). */
  readonly connected: boolean;
  readonly draining: boolean;
  /** Shards it owns and their epochs: hints, never a proof. */
  readonly shards: readonly (readonly [shard: number, epoch: number])[];
}

/** A shard that a build has given back, because it could not repeat a history of it (S29). */
export interface Offer {
  readonly shard: number;
  /** Of the build that gave it back. */
  readonly ordinal: number;
}

/** Where a key's chain begins: the place of a snapshot; written with timestamp `seq` (C8). */
export interface Pointer {
  readonly seq: number;
  readonly epoch: number;
  readonly bucket: number;
  /** Rows of the history that its bucket holds before it, and their bytes: how full it is, known without reading it. */
  readonly rows: number;
  readonly bytes: number;
  /** Buckets below it are deleted, or may be at any time. */
  readonly kept: number;
  /** Buckets below it are deleted. */
  readonly gone: number;
}

export interface BucketPage {
  /** All epochs, by (seq, epoch). */
  readonly rows: readonly Row[];
  /** Where to go on; null at the bucket's end. */
  readonly next: { readonly seq: number; readonly epoch: number } | null;
}

/**
 * Insert-only index rows (C9): `timer` by due time, `work` for open work, `touch` for the builds that touched an entity,
 * `unlisted` for entities whose row in the directory may be old (C10).
 */
export type IndexKind = 'timer' | 'work' | 'touch' | 'unlisted';

export interface IndexPart {
  readonly kind: IndexKind;
  readonly epoch: number;
  /** For timers a stretch of time such as `m29401`, for others a hash slot. */
  readonly bucket: string;
}

export interface IndexEntry {
  /** Due time in milliseconds for timers, least seq for touches, 0 for work. */
  readonly at: number;
  readonly key: EntityKey;
}

/** What an owner says of the timer parts of its epoch and of those before: all that is due up to `at` is done (C9). */
export interface Watermark {
  readonly epoch: number;
  /** Milliseconds, greater than 0; a due time of the index, not a clock's. */
  readonly at: number;
}

/** A small mutable row beside a history. */
export interface Note {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** One of the partitions of a type's directory; `slot` is a hash of the id, from 0 to DIRECTORY_SLOTS - 1 (C10). */
export interface DirectoryPart {
  readonly namespace: string;
  readonly type: string;
  readonly slot: number;
}

/** An entity as the directory lists it. */
export interface Listing {
  readonly id: string;
  readonly index: EntityIndex;
  /** The last record that the index takes into account. */
  readonly seq: number;
  /** The write's timestamp, seq × 1024 + generation: never a clock's (C8a). */
  readonly stamp: number;
}

/** May hold fewer listings than asked for, even none, and still not be the last: the search is bounded. */
export interface ListingPage {
  readonly listings: readonly Listing[];
  /** The last id that was looked at; null when the partition has no more. */
  readonly next: string | null;
}

/** A store that hosts share, before it is opened. */
export interface SharedStore {
  readonly shared: true;
  /** Rejects with what is wrong, and with which setting; what is found wrong later is logged. */
  open(log: Log): Promise<OpenSharedStore>;
  /** How the watchdog's thread writes rows of running steps (S20). */
  runningWriter(): RunningWriter;
}

export interface OpenSharedStore extends ClusterStore {
  /** Allowed by name, or found since. */
  readonly unsafe: readonly string[];
  close(): Promise<void>;
}

export interface ClusterStore {
  /** Settings under which acknowledged work can be lost (C11); absent: none. */
  readonly unsafe?: readonly string[];

  /** Number of shards, fixed at creation (C3). */
  shards(): Promise<number>;

  setBorn(session: string): Promise<WriteOutcome>;
  setDead(session: string): Promise<WriteOutcome>;
  session(session: string): Promise<SessionRow>;

  writeBeat(beat: Beat): Promise<WriteOutcome>;
  /** For ever: a beat that is written later is gone too. The session is dead at quorum (C1, C2). */
  deleteBeat(session: string): Promise<WriteOutcome>;
  beats(): Promise<readonly Beat[]>;

  /** Serial read of the builds there have been, by their ordinals from 1 on (S29). */
  builds(): Promise<readonly string[]>;
  /** Gives a build the ordinal; `refused`: it is taken. */
  casBuild(ordinal: number, build: string): Promise<WriteOutcome>;

  /** Insert-only: hosts of that build have offered the shard to an older one (S29). */
  writeOffer(offer: Offer): Promise<WriteOutcome>;
  /** In no order. */
  offers(): Promise<readonly Offer[]>;

  /** Serial read of one lease. */
  lease(shard: number): Promise<Lease | null>;
  /** `refused`: the lease was not `expected`. */
  casLease(shard: number, expected: Lease | null, next: Lease): Promise<WriteOutcome>;

  /** Rows of one bucket in one unlogged batch. */
  writeRows(key: EntityKey, bucket: number, rows: readonly Row[]): Promise<WriteOutcome>;
  readRows(
    key: EntityKey,
    bucket: number,
    from: { readonly seq: number; readonly epoch: number },
    limit: number,
  ): Promise<BucketPage>;
  /** Deletes the whole partition: all rows, and those that come late. No row is written to it any more (C8). */
  deleteBucket(key: EntityKey, bucket: number): Promise<WriteOutcome>;
  writePointer(key: EntityKey, pointer: Pointer): Promise<WriteOutcome>;
  pointer(key: EntityKey): Promise<Pointer | null>;
  /** Bytes under a name that is of them alone: segments of message ids (S11), chunks of long rows (C8). */
  writeBlob(key: EntityKey, name: string, bytes: Uint8Array): Promise<WriteOutcome>;
  blob(key: EntityKey, name: string): Promise<Uint8Array | null>;
  /** For ever: one that comes late does not come back. */
  deleteBlob(key: EntityKey, name: string): Promise<WriteOutcome>;

  writeParts(shard: number, parts: readonly IndexPart[]): Promise<WriteOutcome>;
  /** By epoch, kind and bucket. */
  parts(shard: number): Promise<readonly IndexPart[]>;
  /** Like entries, parts that were deleted once never come back. */
  deleteParts(shard: number, parts: readonly IndexPart[]): Promise<WriteOutcome>;
  /** Any number; an adapter splits them. One that was deleted once never comes back: rows have a constant timestamp. */
  writeEntries(shard: number, part: IndexPart, entries: readonly IndexEntry[]): Promise<WriteOutcome>;
  /** By (at, key), after the given entry; keys by the UTF-8 bytes of namespace, type and id. */
  entries(shard: number, part: IndexPart, after: IndexEntry | null, limit: number): Promise<readonly IndexEntry[]>;
  deleteEntries(shard: number, part: IndexPart, entries: readonly IndexEntry[]): Promise<WriteOutcome>;
  /** Deletes the whole partition: all entries, and those that come late. */
  clearPart(shard: number, part: IndexPart): Promise<WriteOutcome>;
  /** An epoch's only ever grows: its timestamp is its value (C8a, C9). */
  writeWatermark(shard: number, watermark: Watermark): Promise<WriteOutcome>;
  /** One per epoch that has one, by epoch. */
  watermarks(shard: number): Promise<readonly Watermark[]>;
  /** For ever: an epoch's watermark that comes late does not come back. */
  deleteWatermarks(shard: number, epochs: readonly number[]): Promise<WriteOutcome>;

  /** Null deletes. `order`, greater for every later write of any owner, is the write's timestamp (C8a). */
  writeNote(key: EntityKey, name: string, bytes: Uint8Array | null, order: number): Promise<WriteOutcome>;
  /** In the order of names. */
  notes(key: EntityKey): Promise<readonly Note[]>;

  /** One cell per epoch with `order` as its timestamp (C8a): what runs there, null for nothing (S20). */
  writeRunning(place: Place, order: number, running: Running | null): Promise<WriteOutcome>;
  /** Cells that hold something, oldest epoch first. */
  running(shard: number): Promise<readonly RunningRow[]>;
  /** The newest epoch of the shard that came to be stable, 0 without one; only ever grows (S20). */
  writeStable(shard: number, epoch: number): Promise<WriteOutcome>;
  stable(shard: number): Promise<number>;

  /** In one unlogged batch. Of two listings of an entity the one with the greater stamp stays, whichever comes last. */
  writeListings(part: DirectoryPart, listings: readonly Listing[]): Promise<WriteOutcome>;
  listing(part: DirectoryPart, id: string): Promise<Listing | null>;
  /** Those of a partition that the filter matches (`query`), by the UTF-8 bytes of their ids, after the given one. */
  listings(filter: EntityFilter, slot: number, after: string | null, limit: number): Promise<ListingPage>;
}

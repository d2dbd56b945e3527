/**
 * History store: where the rows of entities are kept, shaped by its caller, the shard's commit (C5, C13).
 *
 * Owns: the interface every adapter implements and `store/store.contract.ts` tests. Rows are opaque bytes here.
 * Does not own: what a row says, its hash chain, when a snapshot is legal.
 *
 * Invariants of an adapter:
 * 1. `append` of one record is atomic together with its index change and is acknowledged only when durable.
 * 2. (key, seq) holds one row per epoch for ever: the same bytes again are `ok`, other bytes are `refused` (C5).
 * 3. A row is refused unless its seq is the tail's + 1 (1 for a new key): the chain has no holes. A repeat that is `ok`
 *    changes nothing, not even the index. A segment whose name has other bytes refuses its record.
 * 4. A session that failed once answers `unknown` for everything in flight and later, for ever (C13).
 */

import type { HistoryRecord } from '../../framework/core/history';
import type { EntityKey } from '../../framework/model/identity';
import type { PerdureError } from '../../framework/errors';
import type { RunningRows, RunningWriter } from './watchdog';

/** A record, and the hash of its bytes by which the next one names it. */
export interface ReadRecord {
  readonly record: HistoryRecord;
  readonly hash: Uint8Array;
}

/** One row of a history. `kind` is a number of ROW_KIND; `bytes` is the encoded record. */
export interface Row {
  readonly seq: number;
  readonly epoch: number;
  readonly kind: number;
  readonly bytes: Uint8Array;
  /** What the bytes say, where they have been read already. Never stored. */
  readonly read?: ReadRecord;
}

/** `unborn`: only refusals stand in its history (S21); it is listed and counted only when that status is asked for. */
export type EntityStatus =
  'unborn' | 'active' | 'held' | 'diverged' | 'corrupt' | 'completed' | 'failed' | 'terminated';

/**
 * A value of an `@Indexed` field. Null sorts before booleans (false < true) before numbers (finite; -0 is 0; times are
 * milliseconds) before text, which compares by its UTF-8 bytes.
 */
export type IndexedValue = string | number | boolean | null;

/** What the store keeps of an entity beside its rows, so that it is found again without loading it. */
export interface EntityIndex {
  readonly status: EntityStatus;
  /** Due time of the earliest open timer, milliseconds since the epoch; null without one. */
  readonly wakeAt: number | null;
  /** True while the entity must be activated when a host starts: open activities, admitted or held inputs. */
  readonly open: boolean;
  readonly fields: Readonly<Record<string, IndexedValue>>;
  /** Build of the last record. */
  readonly build: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Append {
  readonly key: EntityKey;
  readonly row: Row;
  /** Replaces the entity's index as a whole; null leaves it as it is. The first row of a key is refused without one. */
  readonly index: EntityIndex | null;
  /** Side rows written in the same transaction, each immutable (S11: segments of message ids). */
  readonly segments?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Of a snapshot: the least seq of a row that it refers to. A store may delete what lies below; absent: nothing. */
  readonly needs?: number;
}

/** `unknown`: it may or may not be durable; the session is dead. */
export type AppendResult = 'ok' | 'refused' | 'unknown';

/** Rows from the base (the last snapshot, or the first row) on, in order, at most `PAGE_ROWS`/`PAGE_BYTES` of them. */
export interface LoadedPage {
  readonly rows: readonly Row[];
  /** Seq to go on from with `rows()`, null when the tail is included. */
  readonly next: number | null;
}

export interface EntityFilter {
  readonly namespace: string;
  readonly type: string;
  readonly status?: readonly EntityStatus[];
  readonly where?: Readonly<Record<string, FieldTest>>;
}

/** All given bounds must hold; a bound matches values of its own kind only, `eq` also null, none an absent field. */
export interface FieldTest {
  readonly eq?: IndexedValue;
  readonly gt?: string | number;
  readonly gte?: string | number;
  readonly lt?: string | number;
  readonly lte?: string | number;
}

export interface ListQuery extends EntityFilter {
  /** Field to sort by, ties by id in the same direction; entities without the field are left out. Without it by id. */
  readonly orderBy?: { readonly field: string; readonly descending: boolean };
  /** 1 to 1,000 per page. */
  readonly limit: number;
  /** Token of the page before, opaque; bound to the same query. */
  readonly after?: string;
}

/** May hold fewer than `limit` entities, even none, and still have a next page: the search is bounded too. */
export interface ListPage {
  readonly entities: readonly { readonly id: string; readonly index: EntityIndex; readonly seq: number }[];
  readonly next: string | null;
}

export interface DueEntity {
  readonly key: EntityKey;
  readonly wakeAt: number;
}

/** One opening of a store: the single writer until it is closed or lost. */
export interface StoreSession {
  /** Greater than the epoch of every session before it. */
  readonly epoch: number;
  /** Resolves with the reason when the session has died by itself (I/O error, full disk); never rejects. */
  readonly lost: Promise<PerdureError>;
  /** True where records of different entities are written apart: a batch of one costs as little as one of many. */
  readonly apart?: boolean;
  /** Settings of the store under which acknowledged work can be lost (C11); absent: none. */
  readonly unsafe?: readonly string[];
  /** What is kept of steps that take their process with them (S20). */
  readonly running: RunningRows;

  /** Appends the records of a batch; answers per record, in order. Batches are applied in the order of the calls. */
  append(batch: readonly Append[]): Promise<AppendResult[]>;
  /** True while this session is the owner; asked before anything is released (C2, C5). Embedded stores answer at once. */
  fence(): Promise<boolean>;

  /** Empty page for an unknown key. A row whose page or frame is damaged is a PerdureError `internal` that names it. */
  load(key: EntityKey): Promise<LoadedPage>;
  rows(key: EntityKey, fromSeq: number, limit: number): Promise<LoadedPage>;
  segment(key: EntityKey, name: string): Promise<Uint8Array | null>;
  index(key: EntityKey): Promise<{ readonly index: EntityIndex; readonly seq: number } | null>;
  /** Changes an index without a row, for what cannot be a record: `corrupt`, `diverged`. Ignored for unknown keys. */
  mark(key: EntityKey, index: EntityIndex): Promise<void>;

  /**
   * Entities whose wakeAt is at most `until`, earliest first: `limit` of them, or all. Fewer than `limit` says that there
   * are no more, so no adapter may have a lower limit of its own. Where the index is written apart from the rows, a
   * `wakeAt` is a hint: the entity may have nothing due.
   */
  due(namespace: string, until: number, limit: number): Promise<readonly DueEntity[]>;
  /** The earliest wakeAt after `after`, null without one. */
  nextDue(namespace: string, after: number): Promise<number | null>;
  /**
   * Entities with `open` set, after the given key (which need not be open any more), in an order that stays: the embedded
   * stores' is that of creation. Where the index is written apart from the rows, one may have nothing open.
   */
  openWork(namespace: string, after: EntityKey | null, limit: number): Promise<readonly EntityKey[]>;
  list(query: ListQuery): Promise<ListPage>;
  count(filter: EntityFilter): Promise<number>;

  /**
   * Notes are small mutable rows beside the history (attempt counts and heartbeats of open activities): last write
   * wins, lost at worst with the newest moments. Null deletes. Ignored for unknown keys. In the order of names.
   */
  note(key: EntityKey, name: string, bytes: Uint8Array | null): Promise<void>;
  notes(key: EntityKey): Promise<readonly { readonly name: string; readonly bytes: Uint8Array }[]>;

  /** Waits for what was issued, then gives the store back. Safe to call twice. */
  close(): Promise<void>;

  /** True when the row after these, which are not appended yet, must be a SEAL, for the bucket is full (C8). */
  sealsAfter?(key: EntityKey, rows: readonly Row[]): boolean;
  /**
   * An entity's history was read and replayed: what wakes it is found again from now on (C6). Answered before it serves.
   * Needed where the index is written apart from the rows.
   */
  adopted?(key: EntityKey, index: EntityIndex): Promise<void>;
  /**
   * Has every entity loaded whose place in `list` may be behind its history, a few at a time; resolves when none is left
   * or the session is over. Needed where what is listed is written after the rows (C10).
   */
  relist?(load: (key: EntityKey) => Promise<void>): Promise<void>;
  /** Writes what can still be written of what `list` shows; resolves soon in any case. Never rejects. */
  flush?(): Promise<void>;
  /**
   * An entity that `due` named was woken several times, and its wakeAt stayed: it cannot be loaded, or its type is not
   * served. It counts as open work from now on, so that it does not stand in the way of later timers. Whoever fires
   * timers goes on trying.
   */
  unfired?(key: EntityKey): Promise<void>;
}

/** How a store is opened; every call begins a new session with a greater epoch. */
export interface HistoryStore {
  open(): Promise<StoreSession>;
  /** How the watchdog's thread writes rows of its sessions; absent where nothing outlives the process (S20). */
  runningWriter?(): RunningWriter;
}

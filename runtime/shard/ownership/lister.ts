/**
 * Lister: brings the directory's rows after what an owner has committed (C10).
 *
 * Owns: which changes wait, writing the newest of each entity at most once in LISTING_PAUSE_MS, stamps (C8a).
 * Does not own: finding again what was not written (`unlisted`, `relister`), reading the directory (`shard/directory`).
 *
 * Obstacles. A row may come late, long after its writer is dead: it must lose against what a next owner writes. So a
 * stamp is seq × 1024, and a row is written for a seq of one's own epoch only: a turn's, or that of the FENCE above what
 * was adopted. No two owners can write the same stamp, and the later one's is greater. What is written twice for one seq
 * (a mark) counts up within the 1,024. For the same reason an owner writes the row of every entity that it adopts, even
 * if an equal one stands: an older one may be on its way.
 *
 * Invariants:
 * 1. A row is written only after a session read that began when its turn was at quorum; no turn waits for it.
 * 2. One row of an entity is in flight at a time. Of the changes that wait, the newest is written.
 * 3. A key is settled (`unlisted`) only when nothing of it waits, is being written or may still be committed.
 */

import type { EntityKey } from '../../../framework/model/identity';
import { isPlanted } from '../../../framework/planted-bugs';
import { sameListing } from '../../activation/entity-index';
import {
  LISTING_FLUSH_MS,
  LISTING_GROUP_MS,
  LISTING_PAUSE_MS,
  LISTINGS_IN_FLIGHT,
  LISTINGS_WAITING,
} from '../../config';
import type { Cancel, Clock } from '../../ports/clock';
import type { ClusterStore, DirectoryPart, Listing } from '../../ports/cluster-store';
import type { EntityIndex } from '../../ports/history-store';
import { directoryPart } from '../directory';
import type { EpochWrites } from './epoch-writes';
import type { Known, KnownKeys } from './known-keys';
import { detached, textOf } from './known-keys';
import type { Unlisted } from './unlisted';

/** Generations of one seq. */
const GENERATIONS = 1_024;

export interface ListerOptions {
  readonly store: Pick<ClusterStore, 'listing' | 'writeListings'>;
  readonly writes: EpochWrites;
  readonly clock: Clock;
  readonly keys: Pick<KnownKeys, 'peek'>;
  readonly unlisted: Unlisted;
  /** As of a store session (C2). */
  readonly fence: () => Promise<boolean>;
}

/** What is to be listed of an entity, as of a record; seq null for a mark whose place is not known. */
export interface Change {
  readonly seq: number | null;
  readonly index: EntityIndex;
}

/** A change on its way into the history. */
export interface ListingChange {
  /** False when the shard is lost before the change could be announced: its turn must not be released. */
  readonly announced: Promise<boolean>;
  /** It stands in the history, at quorum. */
  commit(): void;
  /** It never will. */
  withdraw(): void;
}

interface Waiting {
  readonly key: EntityKey;
  known: Known;
  /** Begun and neither committed nor withdrawn. */
  begun: number;
  change: Change | null;
  writing: boolean;
  dueMs: number;
  /** There was no room for a change: the key stays announced. */
  left: boolean;
}

interface Ready {
  readonly waiting: Waiting;
  readonly change: Change;
}

export class Lister {
  private readonly waiting = new Map<string, Waiting>();
  private inFlight = 0;
  private alarm: { readonly atMs: number; readonly cancel: Cancel } | null = null;
  private flushing = false;
  /** Some changes were left for want of room. */
  private left = false;
  private told: (() => void)[] = [];

  constructor(private readonly options: ListerOptions) {}

  /** Before the record is issued that makes the change; null if what is listed stays the same. */
  begin(key: EntityKey, known: Known, change: Change): ListingChange | null {
    return known.index !== null && sameListing(known.index, change.index) ? null : this.change(key, known, change);
  }

  /** Lists what is no turn's: `corrupt`, `diverged`. False when the shard is lost first. */
  async mark(key: EntityKey, known: Known | null, index: EntityIndex): Promise<boolean> {
    const change = this.change(key, known ?? detached(), { seq: known?.history.tail?.seq ?? null, index });
    if (!(await change.announced)) return false;
    change.commit();
    return true;
  }

  /** What stands in the directory. */
  standing(key: EntityKey): Promise<Listing | null> {
    return this.options.store.listing(directoryPart(key), key.id);
  }

  /** As soon as nothing of the key waits: true if its row is this epoch's and up to date, or says that it is broken. */
  async isListed(key: EntityKey): Promise<boolean> {
    while (this.waiting.has(textOf(key))) if (!(await this.somethingWritten())) return false;
    const known = this.options.keys.peek(key);
    if (known !== null && known.index !== null)
      return known.row.listed !== null && sameListing(known.row.listed, known.index);
    const status = (await this.standing(key))?.index.status;
    return status === 'corrupt' || status === 'diverged';
  }

  /** Writes what waits, without pause. Resolves when all of it is written, after LISTING_FLUSH_MS at the latest. */
  async flush(): Promise<void> {
    const { clock, unlisted } = this.options;
    if (isPlanted('hand-over-forgets-listings')) for (const waiting of this.waiting.values()) this.forget(waiting);
    let late = false;
    const cancel = clock.after(LISTING_FLUSH_MS, () => {
      late = true;
      this.tell();
    });
    this.flushing = true;
    this.tick();
    while (this.waiting.size > 0 && !late && (await this.somethingWritten()));
    this.flushing = false;
    cancel();
    await unlisted.turn();
  }

  /** The shard is lost: the next owner finds what is announced. */
  end(): void {
    this.alarm?.cancel();
    for (const { known } of this.waiting.values()) known.busy -= 1;
    this.waiting.clear();
    this.tell();
  }

  private change(key: EntityKey, known: Known, change: Change): ListingChange {
    const waiting = this.waitingOf(key, known);
    waiting.begun += 1;
    if (isPlanted('directory-before-commit')) this.take(waiting, change);
    return {
      announced: this.options.unlisted.announce(key),
      commit: () => {
        waiting.begun -= 1;
        this.take(waiting, change);
      },
      withdraw: () => {
        waiting.begun -= 1;
        this.settle(waiting);
      },
    };
  }

  private waitingOf(key: EntityKey, known: Known): Waiting {
    const text = textOf(key);
    let waiting = this.waiting.get(text);
    if (waiting === undefined) {
      waiting = { key, known, begun: 0, change: null, writing: false, dueMs: 0, left: false };
      known.busy += 1;
      this.waiting.set(text, waiting);
    } else if (waiting.known !== known) {
      waiting.known.busy -= 1;
      known.busy += 1;
      waiting.known = known;
    }
    return waiting;
  }

  private take(waiting: Waiting, change: Change): void {
    if (waiting.change === null && this.waiting.size > LISTINGS_WAITING) {
      waiting.left = this.left = true;
      return this.settle(waiting);
    }
    if (waiting.change === null || !isPlanted('coalescing-drops-the-last')) waiting.change = change;
    const { clock } = this.options;
    waiting.dueMs = Math.max(clock.monotonicMs(), waiting.known.row.atMs + LISTING_PAUSE_MS);
    this.wakeAt(waiting.dueMs);
  }

  private wakeAt(dueMs: number): void {
    const { clock } = this.options;
    const nowMs = clock.monotonicMs();
    const atMs = Math.max(dueMs, nowMs + LISTING_GROUP_MS);
    if (this.alarm !== null && this.alarm.atMs <= atMs) return;
    this.alarm?.cancel();
    const cancel = clock.after(atMs - nowMs, () => {
      this.alarm = null;
      this.tick();
    });
    this.alarm = { atMs, cancel };
  }

  private tick(): void {
    const nowMs = this.options.clock.monotonicMs();
    const ready: Ready[] = [];
    let nextMs = Infinity;
    for (const waiting of this.waiting.values()) {
      const { change, writing, dueMs } = waiting;
      if (change === null || writing) continue;
      if (this.inFlight + ready.length >= LISTINGS_IN_FLIGHT) break;
      if (this.flushing || dueMs <= nowMs) ready.push({ waiting, change });
      else nextMs = Math.min(nextMs, dueMs);
    }
    if (nextMs < Infinity) this.wakeAt(nextMs);
    if (ready.length > 0) void this.write(ready);
  }

  private async write(ready: readonly Ready[]): Promise<void> {
    this.inFlight += ready.length;
    for (const { waiting } of ready) {
      waiting.change = null;
      waiting.writing = true;
    }
    if (!(await this.options.fence())) return this.end();
    const parts = new Map<string, { readonly part: DirectoryPart; readonly group: Ready[] }>();
    for (const one of ready) {
      const part = directoryPart(one.waiting.key);
      const text = JSON.stringify(part);
      const group = parts.get(text)?.group ?? [];
      group.push(one);
      parts.set(text, { part, group });
    }
    await Promise.all([...parts.values()].map(({ part, group }) => this.writePart(part, group)));
  }

  private async writePart(part: DirectoryPart, group: readonly Ready[]): Promise<void> {
    const { store, writes } = this.options;
    const listings = await Promise.all(group.map((one) => this.listingOf(one).catch(() => null)));
    const written = listings.filter((listing) => listing !== null && listing !== 'stands');
    const ok = written.length === 0 || (await writes.untilOk(() => store.writeListings(part, written)));
    if (!ok) return this.end();
    group.forEach((one, at) => {
      const listing = listings[at];
      if (listing == null) this.again(one);
      else this.written(one, listing === 'stands' ? null : listing.stamp);
    });
    if (this.left && this.waiting.size <= LISTINGS_WAITING / 2) this.takeLeft();
    if (this.waiting.size > 0) this.wakeAt(0);
  }

  /** What was left for want of room, as far as it is still known; the rest is the next owner's. */
  private takeLeft(): void {
    const { keys, unlisted } = this.options;
    this.left = false;
    for (const key of unlisted.keys()) {
      const known = this.waiting.has(textOf(key)) ? null : keys.peek(key);
      const { index = null, history } = known ?? {};
      if (known !== null && index !== null && history?.tail != null)
        this.take(this.waitingOf(key, known), { seq: history.tail.seq, index });
    }
  }

  /** The row, above whatever this epoch may have written; `stands` if it is there. Rejects if that cannot be read. */
  private async listingOf({ waiting: { key, known }, change: { seq, index } }: Ready): Promise<Listing | 'stands'> {
    const { row } = known;
    let place = seq;
    if (row.stamp === null) {
      const found = await this.standing(key);
      row.stamp = found?.stamp ?? 0;
      place ??= found?.seq ?? 0;
      if (found !== null && sameListing(found.index, index) && found.stamp >= place * GENERATIONS) return 'stands';
    }
    place ??= Math.floor(row.stamp / GENERATIONS);
    const lowest = isPlanted('directory-stamp-counts-writes') ? 0 : place * GENERATIONS;
    return { id: key.id, index, seq: place, stamp: Math.max(lowest, row.stamp + 1) };
  }

  private written({ waiting, change }: Ready, stamp: number | null): void {
    const { row } = waiting.known;
    if (stamp !== null) row.stamp = stamp;
    row.listed = change.index;
    row.atMs = this.options.clock.monotonicMs();
    this.inFlight -= 1;
    waiting.writing = false;
    if (waiting.change !== null) waiting.dueMs = row.atMs + LISTING_PAUSE_MS;
    this.settle(waiting);
  }

  /** What stands could not be read: after a pause, unless there is a newer change by now. */
  private again({ waiting, change }: Ready): void {
    this.inFlight -= 1;
    waiting.writing = false;
    waiting.change ??= change;
    waiting.dueMs = this.options.clock.monotonicMs() + LISTING_PAUSE_MS;
  }

  private settle(waiting: Waiting): void {
    const { key, known, begun, change, writing, left } = waiting;
    if (begun > 0 || change !== null || writing || this.waiting.get(textOf(key)) !== waiting) return;
    this.waiting.delete(textOf(key));
    known.busy -= 1;
    if (!left) this.options.unlisted.settle(key);
    this.tell();
  }

  private forget(waiting: Waiting): void {
    waiting.change = null;
    this.settle(waiting);
  }

  /** False once the shard is lost. */
  private async somethingWritten(): Promise<boolean> {
    if (!this.options.writes.open) return false;
    await new Promise<void>((tell) => this.told.push(tell));
    return this.options.writes.open;
  }

  private tell(): void {
    for (const tell of this.told.splice(0)) tell();
  }
}

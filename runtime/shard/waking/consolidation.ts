/**
 * Consolidation: takes the parts of the index away that are not needed, and moves what is left in others (C9, C2).
 *
 * Owns: which parts go, and the order of copying and deleting. Does not own: when it runs (`index-care`), parts
 * (`index-parts`).
 *
 * 1. A timer part whose whole stretch is behind a watermark at quorum holds nothing: it goes, of whatever epoch it is.
 * 2. Of parts of older epochs with timers further ahead as many stay as `oldTimerParts` says. Those of the oldest epochs
 *    are moved into one's own, so an entry is copied once in several takeovers, and parts do not grow in number for ever.
 * 3. Entries of open work cannot be deleted where they may be entered again (C8a). So this epoch's part is closed once
 *    it holds as many entities without work as with, a new one begins, and closed ones, of all epochs, are moved.
 *
 * Invariants: an entry is deleted only after its copy in one's own epoch is at quorum, and a session read that began after
 * that says alive (C2): a successor reads parts later than that, and finds the copy. A part goes only when nothing is on
 * its way into it any more.
 */

import { isPlanted } from '../../../framework/planted-bugs';
import { CLOSED_WORK_ENTRIES, CONSOLIDATED_ENTRIES, CONSOLIDATED_PARTS, OLD_TIMER_PARTS } from '../../config';
import type { IndexEntry, IndexPart } from '../../ports/cluster-store';
import type { IndexParts, Owner } from './index-parts';
import type { KnownWakes } from './known-wakes';
import type { BucketKind, TimerBuckets } from './timer-buckets';
import { startOf } from './entry-scan';
import type { Watermarks } from './watermarks';

export interface Shared {
  readonly owner: Owner;
  readonly wakes: KnownWakes;
  readonly parts: IndexParts;
  readonly watermarks: Watermarks;
  readonly buckets: TimerBuckets;
}

export interface IndexBounds {
  /** Timer parts of older epochs that are left as they are; OLD_TIMER_PARTS when absent. */
  readonly oldTimerParts?: number;
  /** Entities without work in the part of open work before a new one begins; CLOSED_WORK_ENTRIES when absent. */
  readonly closedWorkEntries?: number;
  /** How far the watermark stays behind the clock, and how often it moves; WATERMARK_LAG_MS, WATERMARK_MS when absent. */
  readonly watermarkLagMs?: number;
  readonly watermarkMs?: number;
  /** How long a part of what may be unlisted takes entries; UNLISTED_PART_MS when absent. */
  readonly unlistedPartMs?: number;
  /** BUCKET_KINDS when absent; never changed while a store holds timers. */
  readonly bucketKinds?: readonly BucketKind[];
}

/** What was read of a part and leaves it. */
interface Page {
  readonly part: IndexPart;
  readonly entries: readonly IndexEntry[];
  /** Those that somebody may wait for: copied before the entries are deleted. */
  readonly owed: readonly IndexEntry[];
  /** Nothing else is in the part. */
  readonly whole: boolean;
}

export class Consolidation {
  private workPart = 0;

  constructor(
    private readonly shared: Shared,
    private readonly bounds: IndexBounds = {},
  ) {}

  /** Bucket of the part that open work is entered into. */
  currentWork(): string {
    return `g${this.workPart}`;
  }

  /** Whether `step` or `forget` has something to do. */
  get due(): boolean {
    return this.workIsStale || this.sources().length > 0 || this.idleWatermarks.length > 0;
  }

  /** As many entities of the part of open work have none any more as have some. */
  get workIsStale(): boolean {
    const { closed, open } = this.shared.wakes;
    return closed >= Math.max(this.bounds.closedWorkEntries ?? CLOSED_WORK_ENTRIES, open);
  }

  /** One bounded piece. Rejects when the store cannot be read. */
  async step(): Promise<void> {
    if (this.workIsStale) this.beginWork();
    const { owner } = this.shared;
    const pages = await this.readPages();
    const steps = [() => this.copy(pages), () => owner.guard.confirm(), () => this.remove(pages)];
    if (isPlanted('delete-before-copy')) steps.reverse();
    for (const step of steps) if (!(await step())) return;
  }

  /** Watermarks of older epochs that have no parts any more, nor have those before. */
  async forget(): Promise<void> {
    const { owner, watermarks } = this.shared;
    const idle = this.idleWatermarks;
    if (idle.length > 0 && (await owner.guard.confirm())) await watermarks.forget(idle);
  }

  /** Parts behind the watermark go, without being read. */
  async clear(): Promise<boolean> {
    const { owner, parts, watermarks, buckets } = this.shared;
    const idle = parts
      .of('timer')
      .filter(({ bucket, epoch }) => buckets.stretchOf(bucket).to <= watermarks.passedForSure(epoch) + 1)
      .slice(0, CONSOLIDATED_PARTS);
    return idle.length === 0 || ((await owner.guard.confirm()) && (await parts.remove(idle)));
  }

  private get idleWatermarks(): readonly number[] {
    const { owner, parts, watermarks } = this.shared;
    return watermarks.idle(Math.min(owner.epoch, ...parts.of('timer').map(({ epoch }) => epoch)));
  }

  private beginWork(): void {
    this.shared.wakes.closed = 0;
    this.workPart += 1;
  }

  private sources(): readonly IndexPart[] {
    const { owner, parts } = this.shared;
    const { oldTimerParts = OLD_TIMER_PARTS } = this.bounds;
    const current = this.currentWork();
    const isClosed = ({ epoch, bucket }: IndexPart): boolean => epoch !== owner.epoch || bucket !== current;
    const work = parts.of('work').filter((part) => isClosed(part) && parts.isQuiet(part));
    const timers = parts.of('timer').filter(({ epoch }) => epoch !== owner.epoch);
    const oldest = [...timers].sort((a, b) => a.epoch - b.epoch).slice(0, Math.max(0, timers.length - oldTimerParts));
    return [...work, ...oldest].slice(0, CONSOLIDATED_PARTS);
  }

  private readPages(): Promise<readonly Page[]> {
    const { store, shard } = this.shared.owner;
    const sources = this.sources();
    const limit = Math.ceil(CONSOLIDATED_ENTRIES / Math.max(1, sources.length));
    return Promise.all(
      sources.map(async (part) => {
        const found = await store.entries(shard, part, this.beginOf(part), limit);
        const entries = found.filter((entry) => !this.isWaitedFor(part, entry));
        const owed = entries.filter((entry) => this.isOwed(part, entry));
        return { part, entries, owed, whole: entries.length === found.length && found.length < limit };
      }),
    );
  }

  private beginOf({ kind, epoch }: IndexPart): IndexEntry | null {
    return kind === 'timer' ? startOf(this.shared.watermarks.passed(epoch) + 1) : null;
  }

  /** An entry at the edge of its watermark may be due earlier than it stands: it stays until its entity was looked at. */
  private isWaitedFor({ kind, epoch }: IndexPart, entry: IndexEntry): boolean {
    const { wakes, watermarks } = this.shared;
    if (kind !== 'timer' || entry.at !== watermarks.edge(epoch)) return false;
    return wakes.get(entry.key) === undefined && !wakes.isDone(entry);
  }

  private isOwed({ kind }: IndexPart, entry: IndexEntry): boolean {
    const { wakes } = this.shared;
    return kind === 'timer' ? !wakes.isDone(entry) : !wakes.isIdle(entry.key);
  }

  private async copy(pages: readonly Page[]): Promise<boolean> {
    const work: IndexEntry[] = [];
    const timers = new Map<string, IndexEntry[]>();
    for (const { part, owed } of pages) {
      if (part.kind === 'work') work.push(...owed);
      else for (const entry of owed) this.add(timers, entry);
    }
    const { parts } = this.shared;
    const copies = [...timers].map(([bucket, entries]) => parts.enter('timer', bucket, entries));
    if (work.length > 0) copies.push(parts.enter('work', this.currentWork(), work));
    return !(await Promise.all(copies)).includes(false);
  }

  private add(timers: Map<string, IndexEntry[]>, { at, key }: IndexEntry): void {
    const { owner, watermarks, buckets } = this.shared;
    const place = watermarks.place(at);
    const bucket = buckets.nameOf(place, owner.clock.now());
    timers.set(bucket, [...(timers.get(bucket) ?? []), { at: place, key }]);
  }

  private async remove(pages: readonly Page[]): Promise<boolean> {
    const { owner, parts } = this.shared;
    const { store, writes, shard } = owner;
    const deleted = pages
      .filter(({ entries, whole }) => !whole && entries.length > 0)
      .map(({ part, entries }) => writes.untilOk(() => store.deleteEntries(shard, part, entries)));
    if ((await Promise.all(deleted)).includes(false)) return false;
    return parts.remove(pages.filter(({ whole }) => whole).map(({ part }) => part));
  }
}

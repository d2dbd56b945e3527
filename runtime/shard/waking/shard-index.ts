/**
 * Shard index: which entities of a shard have a timer or open work, without loading them (C9).
 *
 * Owns: writing their entries, reading those of all epochs together. Does not own: when a timer fires
 * (`activation/timers`), the history, which alone says what is open, what becomes of old entries (`index-care`).
 *
 * Invariants:
 * 1. An entry is at quorum before the turn that needs it is fenced; it may be issued together with the turn's row. One
 *    too many costs a look at the entity: after that look what its history says is known, and the entry is done.
 * 2. A takeover reads which parts and watermarks there are, and copies nothing: older epochs' parts are read where they
 *    are. Whoever adopts a history enters it into its own epoch (C6), for a zombie's entry may be anywhere, or nowhere.
 * 3. Reads begin at the watermark, so that what has fired costs nothing. No read of timers or work overlaps another or
 *    the moving of entries, so none misses an entry on its way from one part to another.
 */

import type { EntityKey } from '../../../framework/model/identity';
import type { PlantedBug } from '../../../framework/planted-bugs';
import { isPlanted } from '../../../framework/planted-bugs';
import { INDEX_CARE_MS, INDEX_PAGE_ENTRIES } from '../../config';
import type { IndexEntry, IndexPart } from '../../ports/cluster-store';
import type { DueEntity, EntityIndex } from '../../ports/history-store';
import { Consolidation } from './consolidation';
import type { IndexBounds } from './consolidation';
import type { Found, ReadEntries, Slice } from './entry-scan';
import { inOrder, startOf } from './entry-scan';
import { IndexCare } from './index-care';
import type { Owner } from './index-parts';
import { IndexParts } from './index-parts';
import { KnownWakes } from './known-wakes';
import type { Wake } from './known-wakes';
import { isCoarse, TimerBuckets } from './timer-buckets';
import { Watermarks } from './watermarks';

type Indexed = Pick<EntityIndex, 'wakeAt' | 'open'>;

export class ShardIndex {
  private readonly wakes = new KnownWakes();
  private readonly parts: IndexParts;
  private readonly watermarks: Watermarks;
  private readonly buckets: TimerBuckets;
  private readonly moving: Consolidation;
  private readonly care: IndexCare;
  private readonly read: ReadEntries;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly owner: Owner,
    bounds: IndexBounds = {},
  ) {
    const { wakes } = this;
    const parts = new IndexParts(owner);
    const watermarks = new Watermarks(owner);
    const buckets = (this.buckets = new TimerBuckets(bounds.bucketKinds));
    const shared = { owner, wakes, parts, watermarks, buckets };
    const moving = new Consolidation(shared, bounds);
    [this.parts, this.watermarks, this.moving] = [parts, watermarks, moving];
    this.care = new IndexCare(shared, moving, (work) => this.alone(work), bounds);
    this.read = (part, after, limit) => owner.store.entries(owner.shard, part, after, limit);
  }

  /** Finds what the epochs before have left. Rejects with `unavailable`. */
  async open(): Promise<void> {
    await Promise.all([this.parts.read(), this.watermarks.read()]);
  }

  /** Old entries are cared for from now on. */
  tend(): void {
    this.care.wake();
  }

  /** Makes an entity found again by what wakes it; false when the shard is lost first. `settle` or `abandon` follows. */
  async insert(key: EntityKey, { wakeAt, open }: Indexed): Promise<boolean> {
    const before = this.wakes.get(key);
    const at = wakeAt === null ? null : this.placeOf(wakeAt, before);
    this.wakes.begin(key, { wakeAt, open, at });
    const timer = at === null || at === before?.at || this.issue('timer-index-late', () => this.insertTimer(key, at));
    const work = !open || before?.open === true || this.issue('work-index-late', () => this.insertWork(key));
    const written = await Promise.all([timer, work]);
    return written.every((ok) => ok);
  }

  /** What holds for an entity once its turn is acknowledged, or its history was read. */
  settle(key: EntityKey, { wakeAt, open }: Indexed): void {
    const before = this.wakes.get(key)?.at ?? null;
    this.wakes.settle(key, { wakeAt, open, at: wakeAt });
    const fired = before !== null && before <= this.owner.clock.now() && this.wakes.get(key)?.at !== before;
    if (fired) this.watermarks.behind = Math.max(this.watermarks.behind, before);
    if (fired || this.moving.workIsStale) this.care.wake();
  }

  /** The key has no history: its entries are spurious. */
  absent(key: EntityKey): void {
    if (!this.wakes.isPending(key)) this.wakes.settle(key, { wakeAt: null, open: false, at: null });
  }

  /** The turn that `insert` was for was refused. */
  abandon(key: EntityKey): void {
    this.wakes.abandon(key);
  }

  /** An entity that was woken and whose timer stayed where it was counts as open work, so that the watermark passes it. */
  async unfired(key: EntityKey): Promise<void> {
    if (this.wakes.isPending(key)) return;
    const before = this.wakes.get(key);
    if (!isPlanted('unfired-timer-dropped') && !(await this.insertWork(key))) return;
    if (this.wakes.get(key) !== before) return;
    this.wakes.park(key);
    this.care.wake();
  }

  /** As the port of histories says: earliest first, fewer than `limit` only if there are no more. */
  due(namespace: string, until: number, limit: number): Promise<readonly DueEntity[]> {
    return this.alone(async () => {
      const earliest = new Map<string, DueEntity>();
      const now = Math.min(this.owner.clock.now(), until);
      const take = ({ entry, part }: Found): void => {
        const { id, type } = entry.key;
        const wakeAt = entry.key.namespace === namespace ? this.wakeAtOf(entry, part, now) : null;
        if (wakeAt === null || wakeAt > until) return;
        const text = `${type}\0${id}`;
        if (wakeAt < (earliest.get(text)?.wakeAt ?? Infinity)) earliest.set(text, { key: entry.key, wakeAt });
      };
      for await (const found of this.scan(this.edgesBeyond(until))) take(found);
      for await (const found of this.scan(this.slicesUpTo(until), Math.min(limit, INDEX_PAGE_ENTRIES))) {
        if (found.entry.at > until) break;
        take(found);
        if (earliest.size >= limit) break;
      }
      const due = [...earliest.values()].sort((a, b) => a.wakeAt - b.wakeAt).slice(0, limit);
      this.handedOut(due);
      return due;
    });
  }

  nextDue(namespace: string, after: number): Promise<number | null> {
    return this.alone(async () => {
      let next = Infinity;
      const parts = [...this.parts.of('timer')].sort(
        (a, b) => this.buckets.stretchOf(a.bucket).from - this.buckets.stretchOf(b.bucket).from,
      );
      for (const part of parts) {
        const { from, to } = this.buckets.stretchOf(part.bucket);
        if (from > next) break;
        const start = Math.max(after, this.watermarks.passed(part.epoch)) + 1;
        if (to <= start) continue;
        for await (const { entry } of this.scan([{ part, after: startOf(start) }])) {
          const wakeAt = entry.key.namespace === namespace ? this.wakeAtOf(entry, part, after) : null;
          if (wakeAt === null || wakeAt <= after) continue;
          next = Math.min(next, wakeAt);
          if (entry.at !== this.watermarks.edge(part.epoch)) break;
        }
      }
      return next === Infinity ? null : next;
    });
  }

  /** In the order of keys, after the given one. */
  openWork(namespace: string, after: EntityKey | null, limit: number): Promise<readonly EntityKey[]> {
    return this.alone(async () => {
      const found = new Map<string, EntityKey>();
      const from = after && { at: 0, key: after };
      const slices = this.parts.of('work').map((part) => ({ part, after: from }));
      for await (const { entry } of this.scan(slices, Math.min(limit, INDEX_PAGE_ENTRIES))) {
        const { key } = entry;
        if (key.namespace === namespace && !this.wakes.isIdle(key)) found.set(`${key.type}\0${key.id}`, key);
        if (found.size >= limit) break;
      }
      return [...found.values()];
    });
  }

  private placeOf(wakeAt: number, before: Wake | undefined): number {
    const same = before?.wakeAt === wakeAt ? before.at : null;
    return same ?? this.watermarks.place(wakeAt);
  }

  private issue(late: PlantedBug, write: () => Promise<boolean>): true | Promise<boolean> {
    if (!isPlanted(late)) return write();
    this.owner.clock.after(INDEX_CARE_MS, () => void write());
    return true;
  }

  private async insertTimer(key: EntityKey, at: number): Promise<boolean> {
    const { epoch, clock } = this.owner;
    const bucket = this.buckets.nameOf(at, clock.now());
    // At the watermark's edge only once that is at quorum: a later owner looks for it there.
    if (at === this.watermarks.edge(epoch) && !(await this.watermarks.settled)) return false;
    return this.parts.enter('timer', bucket, [{ at, key }]);
  }

  private async insertWork(key: EntityKey): Promise<boolean> {
    const bucket = this.moving.currentWork();
    const entered = await this.parts.enter('work', bucket, [{ at: 0, key }]);
    if (bucket !== this.moving.currentWork()) this.care.wake();
    return entered;
  }

  /** When the entity is to be woken for this entry, `soonest` when nobody knows; null when the entry is done. */
  private wakeAtOf(entry: IndexEntry, { epoch }: IndexPart, soonest: number): number | null {
    if (this.wakes.isDone(entry)) return null;
    const known = this.wakes.get(entry.key);
    if (known !== undefined) return known.wakeAt;
    return entry.at === this.watermarks.edge(epoch) ? Math.min(entry.at, soonest) : entry.at;
  }

  /** Of all timer parts that hold something due by then, from the watermark on. */
  private slicesUpTo(until: number): Slice[] {
    const fine = isPlanted('due-skips-coarse');
    return this.parts.of('timer').flatMap((part) => {
      const { from, to } = this.buckets.stretchOf(part.bucket);
      const start = this.watermarks.passed(part.epoch) + 1;
      if (from > until || to <= start || (fine && isCoarse(part.bucket))) return [];
      return [{ part, after: startOf(start) }];
    });
  }

  /** Places right above watermarks that are ahead of time. */
  private edgesBeyond(until: number): Slice[] {
    return this.parts.of('timer').flatMap((part) => {
      const { from, to } = this.buckets.stretchOf(part.bucket);
      const edge = this.watermarks.edge(part.epoch);
      return edge > until && from <= edge && edge < to ? [{ part, after: startOf(edge) }] : [];
    });
  }

  private async *scan(slices: readonly Slice[], pageEntries = INDEX_PAGE_ENTRIES): AsyncGenerator<Found, void> {
    yield* inOrder(this.read, slices, pageEntries);
  }

  /** They fire soon, and then the watermark may move. */
  private handedOut(due: readonly DueEntity[]): void {
    const last = due.at(-1)?.wakeAt ?? 0;
    if (last <= this.watermarks.behind) return;
    this.watermarks.behind = last;
    this.care.wake();
  }

  /** One after the other. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }
}

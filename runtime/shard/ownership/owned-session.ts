/**
 * Owned session: one ownership (shard, epoch) of a cluster's store, as the session a shard runs on.
 *
 * Owns: appending above a key's tail.
 * Does not own: what is known of a key (`known-keys`), its first touch (`first-touch`), pages of its history
 * (`history-pages`), pointers (`behind-snapshots`), repeating writes (`epoch-writes`), the fence (`session-guard`),
 * entries of timers and open work (`waking/shard-index`), rows of the directory (`lister`, `unlisted`, `relister`), steps
 * that took their host with them (`running-cells`), how the shard came to be owned (`takeover`).
 *
 * Invariants:
 * 1. A row is issued only above the tail that this session knows; whoever finds another tail is refused.
 * 2. Once closed, nothing is issued, confirmed or answered any more, for ever (C4).
 */

import { isPerdureError, PerdureError } from '../../../framework/errors';
import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';
import { isPlanted } from '../../../framework/planted-bugs';
import { PAGE_ROWS, UNLISTED_PART_MS } from '../../config';
import type { Clock } from '../../ports/clock';
import type { ClusterStore, Note } from '../../ports/cluster-store';
import type {
  Append,
  AppendResult,
  DueEntity,
  EntityFilter,
  EntityIndex,
  ListPage,
  ListQuery,
  LoadedPage,
  Row,
  StoreSession,
} from '../../ports/history-store';
import { Directory } from '../directory';
import type { IndexBounds } from '../waking/consolidation';
import { ShardIndex } from '../waking/shard-index';
import { BehindSnapshots } from './behind-snapshots';
import { BuildTouches } from './build-touches';
import { EpochNotes } from './epoch-notes';
import { EpochWrites } from './epoch-writes';
import { HistoryPages } from './history-pages';
import type { Known } from './known-keys';
import { KnownKeys } from './known-keys';
import type { Layout } from './layout';
import { LAYOUT } from './layout';
import { Lister } from './lister';
import type { LoadEntity } from './relister';
import { Relister } from './relister';
import { RunningCells } from './running-cells';
import type { SessionGuard } from './session-guard';
import { Unlisted } from './unlisted';
import type { Blob } from './wide-rows';
import { bytesInBucket, laidOut } from './wide-rows';

export interface OwnedSessionOptions {
  readonly store: ClusterStore;
  readonly guard: SessionGuard;
  readonly clock: Clock;
  readonly shard: number;
  readonly epoch: number;
  readonly build: string;
  /** What differs from LAYOUT. */
  readonly layout?: Partial<Layout>;
  readonly indexBounds?: IndexBounds;
}

export class OwnedSession implements StoreSession {
  readonly epoch: number;
  readonly lost: Promise<PerdureError>;
  readonly writes: EpochWrites;
  readonly apart = true;
  readonly running: RunningCells;
  private readonly entries: ShardIndex;
  /** Which builds have records of its entities (S29). */
  readonly touches: BuildTouches;
  private readonly keys: KnownKeys;
  private readonly pages: HistoryPages;
  private readonly behind: BehindSnapshots;
  private readonly layout: Layout;
  private readonly directory: Directory;
  private readonly notebook: EpochNotes;
  private readonly unlisted: Unlisted;
  private readonly lister: Lister;

  private constructor(private readonly options: OwnedSessionOptions) {
    const { store, guard, clock, shard, epoch, build, indexBounds } = options;
    this.epoch = epoch;
    this.lost = guard.lost;
    const writes = (this.writes = new EpochWrites(guard, clock));
    this.running = new RunningCells(store, writes, { shard, epoch });
    this.entries = new ShardIndex({ store, guard, writes, clock, shard, epoch }, indexBounds);
    this.directory = new Directory(store);
    this.notebook = new EpochNotes(store, writes, epoch);
    this.touches = new BuildTouches({ store, writes, shard, epoch, build });
    const toucher = { store, guard, writes, epoch, build };
    const keys = (this.keys = new KnownKeys(toucher));
    this.pages = new HistoryPages(store, guard);
    this.layout = { ...LAYOUT, ...options.layout };
    this.behind = new BehindSnapshots(toucher, this.pages, this.layout);
    const fence = (): Promise<boolean> => this.fence();
    const partMs = indexBounds?.unlistedPartMs ?? UNLISTED_PART_MS;
    const unlisted = (this.unlisted = new Unlisted({ store, writes, shard, epoch, fence, partMs }));
    this.lister = new Lister({ store, writes, clock, keys, unlisted, fence });
  }

  /**
   * Rejects with `unavailable` when the store cannot be read or the session is dead. Then nothing that it has issued is on
   * its way, and nothing more is issued: the shard may be opened again, or given back (C4).
   */
  static async open(options: OwnedSessionOptions): Promise<OwnedSession> {
    const session = new OwnedSession(options);
    const { entries, unlisted, running } = session;
    const opened = await Promise.allSettled([unlisted.open(), entries.open(), running.open()]);
    const failed = opened.find((part) => part.status === 'rejected');
    if (failed === undefined && session.open) {
      entries.tend();
      return session;
    }
    await session.close();
    throw failed?.reason ?? session.over('its shard');
  }

  get unsafe(): readonly string[] {
    return this.options.store.unsafe ?? [];
  }

  /** Something may still be issued and released. */
  get open(): boolean {
    return this.writes.open;
  }

  async append(batch: readonly Append[]): Promise<AppendResult[]> {
    return Promise.all(batch.map((record) => this.appendOne(record).catch(() => 'unknown' as const)));
  }

  async fence(): Promise<boolean> {
    return this.open && (await this.options.guard.confirm()) && this.open;
  }

  load(key: EntityKey): Promise<LoadedPage> {
    return this.keys.use(key, async (known) => {
      const { fresh, history } = known;
      known.fresh = null;
      if (history.tail === null) this.entries.absent(key);
      this.behind.follow(key, known);
      return fresh ?? this.pages.page(key, history, history.base?.seq ?? 1, PAGE_ROWS);
    });
  }

  rows(key: EntityKey, fromSeq: number, limit: number): Promise<LoadedPage> {
    return this.keys.use(key, ({ history }) => this.pages.page(key, history, Math.max(fromSeq, 1), limit));
  }

  segment(key: EntityKey, name: string): Promise<Uint8Array | null> {
    return this.options.store.blob(key, name);
  }

  /** As the directory has it, and open, as long as this epoch has not adopted it: a look costs little. */
  async index(key: EntityKey): Promise<{ readonly index: EntityIndex; readonly seq: number } | null> {
    const known = await this.knowBroken(key);
    const tail = known?.history.tail;
    if (tail === null) return null;
    if (tail !== undefined && known?.index != null) return { index: known.index, seq: tail.seq };
    const found = await this.lister.standing(key);
    return found && { index: { ...found.index, open: true }, seq: tail?.seq ?? found.seq };
  }

  /** Listed above what its last turn said, and found again as open work by every owner to come. */
  async mark(key: EntityKey, index: EntityIndex): Promise<void> {
    const known = await this.knowBroken(key);
    if (known?.history.tail === null) return;
    const marked = Promise.all([this.entries.insert(key, index), this.lister.mark(key, known, index)]);
    if ((await marked).includes(false)) throw this.over(keyText(key));
    if (known !== null) known.index = index;
    this.entries.settle(key, index);
  }

  async adopted(key: EntityKey, index: EntityIndex): Promise<void> {
    const known = await this.keys.know(key);
    const listed = { seq: known.history.tail?.seq ?? null, index };
    const change = isPlanted('adoption-lists-nothing') ? null : this.lister.begin(key, known, listed);
    const adopted = await Promise.all([
      isPlanted('adopted-not-indexed') || this.entries.insert(key, index),
      this.touches.adopt(key, known),
      change?.announced ?? true,
    ]);
    if (adopted.includes(false) || !(await this.fence())) throw this.over(keyText(key));
    known.index = index;
    this.entries.settle(key, index);
    change?.commit();
  }

  relist(load: LoadEntity): Promise<void> {
    const { writes, lister } = this;
    const { store, shard, epoch } = this.options;
    const isListed = (key: EntityKey): Promise<boolean> => lister.isListed(key);
    return new Relister({ store, writes, shard, epoch, fence: () => this.fence(), isListed }).run(load);
  }

  flush(): Promise<void> {
    return this.lister.flush();
  }

  sealsAfter(key: EntityKey, pending: readonly Row[]): boolean {
    const { rows, bytes } = this.keys.peek(key)?.history ?? { rows: 0, bytes: 0 };
    const { bucketRows, bucketBytes } = this.layout;
    const taken = pending.reduce((sum, row) => sum + bytesInBucket(row, this.layout), bytes);
    return taken >= bucketBytes || rows + pending.length + 1 >= bucketRows;
  }

  unfired(key: EntityKey): Promise<void> {
    return this.entries.unfired(key);
  }

  due(namespace: string, until: number, limit: number): Promise<readonly DueEntity[]> {
    return this.entries.due(namespace, until, limit);
  }

  nextDue(namespace: string, after: number): Promise<number | null> {
    return this.entries.nextDue(namespace, after);
  }

  openWork(namespace: string, after: EntityKey | null, limit: number): Promise<readonly EntityKey[]> {
    return this.entries.openWork(namespace, after, limit);
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.directory.list(query);
  }

  count(filter: EntityFilter): Promise<number> {
    return this.directory.count(filter);
  }

  async note(key: EntityKey, name: string, bytes: Uint8Array | null): Promise<void> {
    const { history } = await this.keys.know(key);
    if (history.tail !== null) await this.notebook.write(key, name, bytes);
  }

  notes(key: EntityKey): Promise<readonly Note[]> {
    return this.notebook.read(key);
  }

  /** Closes (shard, epoch) for ever, at once (C4). */
  async close(): Promise<void> {
    this.writes.close();
    this.lister.end();
  }

  private appendOne(append: Append): Promise<AppendResult> {
    const { key, row } = append;
    return this.keys.use(key, async (known) => {
      const follows = (known.history.tail?.seq ?? 0) === row.seq - 1;
      if (!follows || known.appending || this.touches.refuses(row)) return 'refused';
      known.appending = true;
      try {
        return await this.appendTo(known, append);
      } finally {
        known.appending = false;
      }
    });
  }

  private async appendTo(known: Known, append: Append): Promise<AppendResult> {
    const { key, row, index, segments = [] } = append;
    const { bucket } = known.history;
    const { stored, chunks } = laidOut(row, this.layout);
    const blobs = [...segments, ...chunks];
    const early = blobs.filter((blob) => !isLate(blob));
    if (!(await this.writeBlobs(key, early))) return 'unknown';
    if (isPlanted('pointer-before-snapshot')) this.behind.hurry(key, row, known.history);
    const { store } = this.options;
    const change = index && this.lister.begin(key, known, { seq: row.seq, index });
    const [result, ...beside] = await Promise.all([
      this.writes.once(() => store.writeRows(key, bucket, [stored])),
      index === null || this.entries.insert(key, index),
      this.touches.turn(key, known, row),
      change?.announced ?? true,
    ]);
    if (result === 'refused') {
      this.entries.abandon(key);
      change?.withdraw();
    }
    if (result !== 'ok') return result;
    if (beside.includes(false)) return 'unknown';
    this.wrote(known, append, stored);
    void this.writeBlobs(key, blobs.filter(isLate));
    change?.commit();
    return 'ok';
  }

  /** Null for a key whose history is corrupt. */
  private knowBroken(key: EntityKey): Promise<Known | null> {
    return this.keys.know(key).catch((error: unknown) => {
      if (isPerdureError(error) && error.code === 'internal') return null;
      throw error;
    });
  }

  private wrote(known: Known, { key, row, index, needs }: Append, stored: Row): void {
    known.history.grow(row, stored.bytes.length, needs);
    known.fresh = null;
    if (index !== null) {
      known.index = index;
      this.entries.settle(key, index);
    }
    this.behind.follow(key, known);
  }

  /** What a row names is at quorum before it. */
  private async writeBlobs(key: EntityKey, blobs: readonly Blob[]): Promise<boolean> {
    const { store } = this.options;
    const written = await Promise.all(
      blobs.map(({ name, bytes }) => this.writes.untilOk(() => store.writeBlob(key, name, bytes))),
    );
    return written.every((ok) => ok);
  }

  private over(what: string): PerdureError {
    const fact = `${what}: this host does not own shard ${this.options.shard} any more`;
    return new PerdureError('unavailable', `${fact}: send again with the same id`);
  }
}

/** None, but for the planted bugs. */
function isLate({ name }: Blob): boolean {
  return isPlanted(name.startsWith('row-') ? 'chunk-after-row' : 'segment-after-snapshot');
}

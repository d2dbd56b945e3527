/**
 * Owned session: one ownership (shard, epoch) of a cluster's store, as the session a shard runs on.
 *
 * Owns: appending above a key's tail, pages of its history, moving pointers behind snapshots.
 * Does not own: what is known of a key (`known-keys`), its first touch (`first-touch`), repeating writes
 * (`epoch-writes`), the fence (`session-guard`), entries of timers and open work (`waking/shard-index`), rows of the
 * directory (`lister`, `unlisted`, `relister`), steps that took their host with them (`running-cells`), how the shard
 * came to be owned (`takeover`).
 *
 * Invariants:
 * 1. A row is issued only above the tail that this session knows; whoever finds another tail is refused.
 * 2. A pointer moves to a snapshot only once that is at quorum and a later session read says alive (C2).
 * 3. Once closed, nothing is issued, confirmed or answered any more, for ever (C4).
 */

import { ROW_KIND } from '../../../framework/core/history';
import { isPerdureError, PerdureError } from '../../../framework/errors';
import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';
import { isPlanted } from '../../../framework/planted-bugs';
import { BUCKET_ROWS, PAGE_BYTES, PAGE_ROWS } from '../../config';
import type { Clock } from '../../ports/clock';
import type { ClusterStore, Note, Pointer } from '../../ports/cluster-store';
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
import type { Linked } from './chain';
import { EpochNotes } from './epoch-notes';
import { EpochWrites } from './epoch-writes';
import { bucketAfter } from './first-touch';
import type { Known } from './known-keys';
import { KnownKeys } from './known-keys';
import { Lister } from './lister';
import type { LoadEntity } from './relister';
import { Relister } from './relister';
import { RunningCells } from './running-cells';
import type { SessionGuard } from './session-guard';
import { Unlisted } from './unlisted';

export interface OwnedSessionOptions {
  readonly store: ClusterStore;
  readonly guard: SessionGuard;
  readonly clock: Clock;
  readonly shard: number;
  readonly epoch: number;
  readonly build: string;
  /** Rows of a bucket before its SEAL; BUCKET_ROWS when absent. */
  readonly bucketRows?: number;
  readonly indexBounds?: IndexBounds;
}

export class OwnedSession implements StoreSession {
  readonly epoch: number;
  readonly lost: Promise<PerdureError>;
  readonly writes: EpochWrites;
  readonly apart = true;
  readonly running: RunningCells;
  private readonly entries: ShardIndex;
  private readonly keys: KnownKeys;
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
    const keys = (this.keys = new KnownKeys({ store, guard, writes, epoch, build }));
    const fence = (): Promise<boolean> => this.fence();
    const unlisted = (this.unlisted = new Unlisted({ store, writes, clock, shard, epoch, fence }));
    this.lister = new Lister({ store, writes, clock, keys, unlisted, fence });
  }

  /** Rejects with `unavailable` when the store cannot be read or the session is dead. */
  static async open(options: OwnedSessionOptions): Promise<OwnedSession> {
    const session = new OwnedSession(options);
    const [, unlisted] = await Promise.all([session.entries.open(), session.unlisted.open(), session.running.open()]);
    if (!unlisted) throw session.over('its shard');
    return session;
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
      const { fresh, base, pointer } = known;
      known.fresh = null;
      if (known.tail === null) this.entries.absent(key);
      if (base !== null && (pointer === null || pointer.seq < base.seq)) void this.movePointer(key, known, base);
      const rows = fresh ?? (await this.keys.chain(key, known, base));
      return pageOf(fromSnapshot(rows), PAGE_ROWS);
    });
  }

  rows(key: EntityKey, fromSeq: number, limit: number): Promise<LoadedPage> {
    return this.keys.use(key, async (known) => {
      const { base, tail } = known;
      if (tail === null || fromSeq > tail.seq) return { rows: [], next: null };
      const near = base !== null && fromSeq >= base.seq;
      const rows = await this.keys.chain(key, known, near ? base : null, near ? base.seq : Math.max(fromSeq, 1));
      return pageOf(
        rows.filter(({ row }) => row.seq >= fromSeq),
        Math.min(limit, PAGE_ROWS),
      );
    });
  }

  segment(key: EntityKey, name: string): Promise<Uint8Array | null> {
    return this.options.store.blob(key, name);
  }

  /** As the directory has it, and open, as long as this epoch has not adopted it: a look costs little. */
  async index(key: EntityKey): Promise<{ readonly index: EntityIndex; readonly seq: number } | null> {
    const known = await this.knowBroken(key);
    if (known !== null && known.tail === null) return null;
    if (known?.tail != null && known.index !== null) return { index: known.index, seq: known.tail.seq };
    const found = await this.lister.standing(key);
    return found && { index: { ...found.index, open: true }, seq: known?.tail?.seq ?? found.seq };
  }

  /** Listed above what its last turn said, and found again as open work by every owner to come. */
  async mark(key: EntityKey, index: EntityIndex): Promise<void> {
    const known = await this.knowBroken(key);
    if (known !== null && known.tail === null) return;
    const marked = Promise.all([this.entries.insert(key, index), this.lister.mark(key, known, index)]);
    if ((await marked).includes(false)) throw this.over(keyText(key));
    if (known !== null) known.index = index;
    this.entries.settle(key, index);
  }

  async adopted(key: EntityKey, index: EntityIndex): Promise<void> {
    const known = await this.keys.know(key);
    const listed = { seq: known.tail?.seq ?? null, index };
    const change = isPlanted('adoption-lists-nothing') ? null : this.lister.begin(key, known, listed);
    const entered = isPlanted('adopted-not-indexed') || this.entries.insert(key, index);
    const adopted = await Promise.all([entered, change?.announced ?? true]);
    if (adopted.includes(false) || !(await this.fence())) throw this.over(keyText(key));
    known.index = index;
    this.entries.settle(key, index);
    change?.commit();
  }

  relist(load: LoadEntity): Promise<void> {
    const { writes, lister } = this;
    const { store, clock, shard, epoch } = this.options;
    const isListed = (key: EntityKey): Promise<boolean> => lister.isListed(key);
    return new Relister({ store, writes, clock, shard, epoch, fence: () => this.fence(), isListed }).run(load);
  }

  flush(): Promise<void> {
    return this.lister.flush();
  }

  /** By its number alone, so that every epoch seals a bucket at the same place, or a FENCE later (C8). */
  sealsAfter(key: EntityKey, seq: number): boolean {
    const bucket = this.keys.peek(key)?.bucket ?? 0;
    return seq + 1 >= (bucket + 1) * (this.options.bucketRows ?? BUCKET_ROWS);
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
    const { tail } = await this.keys.know(key);
    if (tail !== null) await this.notebook.write(key, name, bytes);
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
    const { key, row, index } = append;
    return this.keys.use(key, async (known) => {
      if ((known.tail?.seq ?? 0) !== row.seq - 1) return 'refused';
      if (!(await this.writeSegments(append))) return 'unknown';
      const { bucket } = known;
      const { store } = this.options;
      const change = index && this.lister.begin(key, known, { seq: row.seq, index });
      const [result, indexed, announced] = await Promise.all([
        this.writes.once(() => store.writeRows(key, bucket, [row])),
        index === null || this.entries.insert(key, index),
        change?.announced ?? true,
      ]);
      if (result === 'refused') {
        this.entries.abandon(key);
        change?.withdraw();
      }
      if (result !== 'ok') return result;
      if (!indexed || !announced) return 'unknown';
      this.wrote(key, known, append, bucket);
      change?.commit();
      return 'ok';
    });
  }

  /** Null for a key whose history is corrupt. */
  private knowBroken(key: EntityKey): Promise<Known | null> {
    return this.keys.know(key).catch((error: unknown) => {
      if (isPerdureError(error) && error.code === 'internal') return null;
      throw error;
    });
  }

  private wrote(key: EntityKey, known: Known, { row, index }: Append, bucket: number): void {
    known.tail = { seq: row.seq, epoch: row.epoch };
    known.bucket = bucketAfter({ row, bucket });
    known.fresh = null;
    if (index !== null) {
      known.index = index;
      this.entries.settle(key, index);
    }
    if (row.kind !== ROW_KIND.snapshot) return;
    known.base = { seq: row.seq, epoch: row.epoch, bucket };
    void this.movePointer(key, known, known.base);
  }

  private async movePointer(key: EntityKey, known: Known, pointer: Pointer): Promise<void> {
    known.pointer = pointer;
    if (!(await this.fence())) return;
    await this.writes.untilOk(() => this.options.store.writePointer(key, pointer));
  }

  private async writeSegments({ key, segments = [] }: Append): Promise<boolean> {
    const { store } = this.options;
    const written = await Promise.all(
      segments.map(({ name, bytes }) => this.writes.untilOk(() => store.writeBlob(key, name, bytes))),
    );
    return written.every((ok) => ok);
  }

  private over(what: string): PerdureError {
    const fact = `${what}: this host does not own shard ${this.options.shard} any more`;
    return new PerdureError('unavailable', `${fact}: send again with the same id`);
  }
}

/** A page begins at the last snapshot: what is before it does not count any more (S24). */
function fromSnapshot(rows: readonly Linked[]): readonly Linked[] {
  const at = rows.findLastIndex(({ row }) => row.kind === ROW_KIND.snapshot);
  return at < 0 ? rows : rows.slice(at);
}

function pageOf(rows: readonly Linked[], limit: number): LoadedPage {
  const page: Row[] = [];
  let bytes = 0;
  for (const { row } of rows) {
    bytes += row.bytes.length;
    if (page.length === limit || (page.length > 0 && bytes > PAGE_BYTES)) return { rows: page, next: row.seq };
    page.push(row);
  }
  return { rows: page, next: null };
}

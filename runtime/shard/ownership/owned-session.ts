/**
 * Owned session: one ownership (shard, epoch) of a cluster's store, as the session a shard runs on.
 *
 * Owns: appending above a key's tail, pages of its history, moving pointers behind snapshots.
 * Does not own: what is known of a key (`known-keys`), its first touch (`first-touch`), repeating writes
 * (`epoch-writes`), the fence (`session-guard`),
 * index rows (`shard-index`), how the shard came to be owned (`takeover`).
 *
 * Invariants:
 * 1. A row is issued only above the tail that this session knows; whoever finds another tail is refused.
 * 2. A pointer moves to a snapshot only once that is at quorum and a later session read says alive (C2).
 * 3. Once closed, nothing is issued, confirmed or answered any more, for ever (C4).
 *
 * Not here yet: rows of the directory (C10) are not written.
 */

import { ROW_KIND } from '../../../framework/core/history';
import { PerdureError } from '../../../framework/errors';
import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';
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
import type { Linked } from './chain';
import { EpochNotes } from './epoch-notes';
import { EpochWrites } from './epoch-writes';
import { bucketAfter } from './first-touch';
import type { Known } from './known-keys';
import { KnownKeys } from './known-keys';
import type { SessionGuard } from './session-guard';
import { ShardIndex } from './shard-index';

export interface OwnedSessionOptions {
  readonly store: ClusterStore;
  readonly guard: SessionGuard;
  readonly clock: Clock;
  readonly shard: number;
  readonly epoch: number;
  readonly build: string;
  /** Rows of a bucket before its SEAL; BUCKET_ROWS when absent. */
  readonly bucketRows?: number;
}

export class OwnedSession implements StoreSession {
  readonly epoch: number;
  readonly lost: Promise<PerdureError>;
  readonly writes: EpochWrites;
  readonly apart = true;
  private readonly entries: ShardIndex;
  private readonly keys: KnownKeys;
  private readonly directory: Directory;
  private readonly notebook: EpochNotes;

  private constructor(private readonly options: OwnedSessionOptions) {
    const { store, guard, clock, shard, epoch, build } = options;
    this.epoch = epoch;
    this.lost = guard.lost;
    this.writes = new EpochWrites(guard, clock);
    this.entries = new ShardIndex({ store, writes: this.writes, shard, epoch });
    this.directory = new Directory(store);
    this.notebook = new EpochNotes(store, this.writes, epoch);
    this.keys = new KnownKeys({ store, guard, writes: this.writes, epoch, build });
  }

  /** Rejects with `unavailable` when the store cannot be read or the session is dead. */
  static async open(options: OwnedSessionOptions): Promise<OwnedSession> {
    const session = new OwnedSession(options);
    if (!(await session.entries.open())) throw session.over('its shard');
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

  async index(key: EntityKey): Promise<{ readonly index: EntityIndex; readonly seq: number } | null> {
    const { index, tail } = await this.keys.know(key);
    return index === null || tail === null ? null : { index, seq: tail.seq };
  }

  async mark(key: EntityKey, index: EntityIndex): Promise<void> {
    const known = await this.keys.know(key);
    if (known.tail !== null) known.index = index;
  }

  async adopted(key: EntityKey, index: EntityIndex): Promise<void> {
    const known = await this.keys.know(key);
    if (!(await this.entries.insert(key, index)) || !(await this.fence())) throw this.over(keyText(key));
    known.index = index;
    this.entries.settle(key, index);
  }

  /** By its number alone, so that every epoch seals a bucket at the same place, or a FENCE later (C8). */
  sealsAfter(key: EntityKey, seq: number): boolean {
    const bucket = this.keys.peek(key)?.bucket ?? 0;
    return seq + 1 >= (bucket + 1) * (this.options.bucketRows ?? BUCKET_ROWS);
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
  }

  private appendOne(append: Append): Promise<AppendResult> {
    const { key, row, index } = append;
    return this.keys.use(key, async (known) => {
      if ((known.tail?.seq ?? 0) !== row.seq - 1) return 'refused';
      if (!(await this.writeSegments(append))) return 'unknown';
      const { bucket } = known;
      const { store } = this.options;
      const [result, indexed] = await Promise.all([
        this.writes.once(() => store.writeRows(key, bucket, [row])),
        index === null || this.entries.insert(key, index),
      ]);
      if (result !== 'ok') return result;
      if (!indexed) return 'unknown';
      this.wrote(key, known, append, bucket);
      return 'ok';
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

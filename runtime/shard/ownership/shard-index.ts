/**
 * Shard index: which entities of a shard have a timer or open work, without loading them (C9).
 *
 * Owns: index rows, insert-only, of one epoch; reading those of all epochs together; what is known better in memory.
 * Does not own: when a timer fires (`activation/timers`), the history, which alone says what is open.
 *
 * Invariants:
 * 1. A row is at quorum before the turn that needs it is fenced, and its part before a part's first row.
 * 2. A spurious row costs a look at the entity; after that look what the history says is known, and the row is ignored.
 *    Rows are not deleted.
 */

import type { EntityKey } from '../../../framework/model/identity';
import { INDEX_PAGE_ENTRIES, KNOWN_KEYS } from '../../config';
import type { ClusterStore, IndexEntry, IndexPart } from '../../ports/cluster-store';
import type { DueEntity, EntityIndex } from '../../ports/history-store';
import type { EpochWrites } from './epoch-writes';

type Indexed = Pick<EntityIndex, 'wakeAt' | 'open'>;
type Kind = 'timer' | 'work';

/** One part per epoch and kind. */
const WHOLE = 'all';
const NO_KEY: EntityKey = { namespace: '', type: '', id: '' };

export interface ShardIndexOptions {
  readonly store: ClusterStore;
  readonly writes: EpochWrites;
  readonly shard: number;
  readonly epoch: number;
}

export class ShardIndex {
  /** What the history says, as far as it was read in this epoch; the oldest entries go first. */
  private readonly known = new Map<string, Indexed>();
  private parts: readonly IndexPart[] = [];

  constructor(private readonly options: ShardIndexOptions) {}

  /** Finds the parts of all epochs and begins one's own. False when the shard is lost meanwhile. */
  async open(): Promise<boolean> {
    const { store, writes, shard, epoch } = this.options;
    const own = (['timer', 'work'] as const).map((kind) => ({ kind, epoch, bucket: WHOLE }));
    if (!(await writes.untilOk(() => store.writeParts(shard, own)))) return false;
    this.parts = await store.parts(shard);
    return true;
  }

  /** Makes an entity found again by what wakes it; false when the shard is lost first. */
  async insert(key: EntityKey, { wakeAt, open }: Indexed): Promise<boolean> {
    const before = this.known.get(textOf(key));
    const timer = wakeAt === null || before?.wakeAt === wakeAt || this.write('timer', { at: wakeAt, key });
    const work = !open || before?.open === true || this.write('work', { at: 0, key });
    const written = await Promise.all([timer, work]);
    return written.every((ok) => ok);
  }

  /** What holds for an entity once its turn is committed, or its history was read. */
  settle(key: EntityKey, { wakeAt, open }: Indexed): void {
    const text = textOf(key);
    this.known.delete(text);
    this.known.set(text, { wakeAt, open });
    if (this.known.size <= KNOWN_KEYS) return;
    const [oldest] = this.known.keys();
    if (oldest !== undefined) this.known.delete(oldest);
  }

  /** As the port of histories says: earliest first, fewer than `limit` only if there are no more. */
  async due(namespace: string, until: number, limit: number): Promise<readonly DueEntity[]> {
    const earliest = new Map<string, DueEntity>();
    for (const part of this.partsOf('timer')) {
      let taken = 0;
      for await (const { at, key } of this.scan(part, null)) {
        if (at > until || taken >= limit) break;
        if (!this.wakes(namespace, key, at)) continue;
        taken += 1;
        const text = textOf(key);
        if (at < (earliest.get(text)?.wakeAt ?? Infinity)) earliest.set(text, { key, wakeAt: at });
      }
    }
    return [...earliest.values()].sort((a, b) => a.wakeAt - b.wakeAt).slice(0, limit);
  }

  async nextDue(namespace: string, after: number): Promise<number | null> {
    let next: number | null = null;
    for (const part of this.partsOf('timer')) {
      for await (const { at, key } of this.scan(part, { at: after + 1, key: NO_KEY })) {
        if (!this.wakes(namespace, key, at)) continue;
        if (next === null || at < next) next = at;
        break;
      }
    }
    return next;
  }

  /** In the order of keys, after the given one. */
  async openWork(namespace: string, after: EntityKey | null, limit: number): Promise<readonly EntityKey[]> {
    const found = new Map<string, EntityKey>();
    for (const part of this.partsOf('work')) {
      let taken = 0;
      for await (const { key } of this.scan(part, after && { at: 0, key: after })) {
        if (taken >= limit) break;
        if (key.namespace !== namespace || this.known.get(textOf(key))?.open === false) continue;
        taken += 1;
        found.set(textOf(key), key);
      }
    }
    const inOrder = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
    return inOrder.slice(0, limit).map(([, key]) => key);
  }

  private wakes(namespace: string, key: EntityKey, at: number): boolean {
    if (key.namespace !== namespace) return false;
    const known = this.known.get(textOf(key));
    return known === undefined || known.wakeAt === at;
  }

  private partsOf(kind: Kind): readonly IndexPart[] {
    return this.parts.filter((part) => part.kind === kind);
  }

  private async *scan(part: IndexPart, after: IndexEntry | null): AsyncGenerator<IndexEntry> {
    const { store, shard } = this.options;
    for (let from = after; ;) {
      const page = await store.entries(shard, part, from, INDEX_PAGE_ENTRIES);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < INDEX_PAGE_ENTRIES) return;
      from = last;
    }
  }

  private write(kind: Kind, entry: IndexEntry): Promise<boolean> {
    const { store, writes, shard, epoch } = this.options;
    return writes.untilOk(() => store.writeEntries(shard, { kind, epoch, bucket: WHOLE }, [entry]));
  }
}

/** The order of a store's index rows within one time. */
function textOf({ namespace, type, id }: EntityKey): string {
  return `${namespace}\0${type}\0${id}`;
}

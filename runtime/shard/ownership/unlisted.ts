/**
 * Unlisted: which entities of a shard may have a row in the directory that is behind their history (C10).
 *
 * Owns: one epoch's announcements, insert-only, in parts that follow one another in time; dropping a part once nothing
 * in it is unlisted any more. Does not own: the rows of the directory (`lister`), parts of older epochs (`relister`).
 *
 * A host may die between a turn and its row in the directory, and nobody may touch the entity again. So the key is
 * announced at quorum before the turn is fenced, and the next owner looks at what was announced and not dropped. That
 * costs one small row per entity and part, however often the entity changes meanwhile, and nothing for turns that
 * change neither status nor indexed fields (C12). A part per stretch of time keeps what a next owner looks at short.
 *
 * Invariants:
 * 1. A part's own row is at quorum before its first entry; so nothing announced is missed by who reads the parts.
 * 2. A part is dropped only when it takes no more entries, each of its keys has been listed since, and a session read
 *    after that says alive (C2).
 */

import type { EntityKey } from '../../../framework/model/identity';
import { isPlanted } from '../../../framework/planted-bugs';
import type { ClusterStore, IndexPart } from '../../ports/cluster-store';
import type { EpochWrites } from './epoch-writes';
import { textOf } from './known-keys';

export interface UnlistedOptions {
  readonly store: Pick<ClusterStore, 'writeParts' | 'writeEntries' | 'clearPart' | 'deleteParts'>;
  readonly writes: EpochWrites;
  readonly shard: number;
  readonly epoch: number;
  /** As of a store session (C2). */
  readonly fence: () => Promise<boolean>;
  /** How long a part takes entries. */
  readonly partMs: number;
}

interface Part {
  readonly part: IndexPart;
  /** Its own row is at quorum; false when the shard was lost before. */
  readonly begun: Promise<boolean>;
  readonly entries: Map<string, Promise<boolean>>;
  /** Keys in it that are not listed yet. */
  readonly unlisted: Map<string, EntityKey>;
}

export class Unlisted {
  private parts = 0;
  private current: Part;
  private next: Part | null = null;
  /** Those that take no more entries. */
  private readonly full = new Set<Part>();

  constructor(private readonly options: UnlistedOptions) {
    this.current = this.begin();
  }

  /** True once its first part can be written to; false when the shard is lost first. */
  open(): Promise<boolean> {
    return this.current.begun;
  }

  /** The key is found by the next owner from now on, until it is settled; false when the shard is lost first. */
  announce(key: EntityKey): Promise<boolean> {
    const name = textOf(key);
    const { current } = this;
    current.unlisted.set(name, key);
    let entry = current.entries.get(name);
    if (entry === undefined) {
      if (current.entries.size === 0) this.begun(current);
      entry = current.begun.then((begun) => begun && this.insert(current, key));
      current.entries.set(name, entry);
    }
    return entry;
  }

  /** Everything that was announced of the key is listed, or never came to be. */
  settle(key: EntityKey): void {
    const name = textOf(key);
    this.current.unlisted.delete(name);
    for (const part of this.full) {
      part.unlisted.delete(name);
      void this.dropIfDone(part);
    }
  }

  /** Everything that was announced and is not settled; a key may come twice. */
  *keys(): Generator<EntityKey> {
    for (const part of [...this.full, this.current]) yield* part.unlisted.values();
  }

  /** The present part takes no more entries. Resolves when it is dropped, or at once if something in it is unlisted. */
  async turn(): Promise<void> {
    const { current } = this;
    if (current.entries.size === 0) return;
    this.current = this.next ?? this.begin();
    this.next = null;
    this.full.add(current);
    await this.dropIfDone(current);
  }

  private begin(): Part {
    const { store, writes, shard, epoch } = this.options;
    this.parts += 1;
    const part = { kind: 'unlisted', epoch, bucket: String(this.parts) } as const;
    const begun = writes.untilOk(() => store.writeParts(shard, [part]));
    return { part, begun, entries: new Map(), unlisted: new Map() };
  }

  /** After its first entry: the next part is begun ahead, so that no turn waits for it. */
  private begun(current: Part): void {
    this.next ??= this.begin();
    const { writes, partMs } = this.options;
    void writes.pause(partMs).then(() => {
      if (writes.open && this.current === current) void this.turn();
    });
  }

  private insert({ part }: Part, key: EntityKey): Promise<boolean> {
    const { store, writes, shard } = this.options;
    return writes.untilOk(() => store.writeEntries(shard, part, [{ at: 0, key }]));
  }

  private async dropIfDone(full: Part): Promise<void> {
    const { part, unlisted } = full;
    if ((unlisted.size > 0 && !isPlanted('unlisted-dropped-early')) || !this.full.delete(full)) return;
    const { store, writes, shard, fence } = this.options;
    if (await fence()) await dropPart(store, writes, shard, part);
  }
}

/** Its entries first, so that it can be found as long as there are any. False when the shard is lost before. */
export async function dropPart(
  store: Pick<ClusterStore, 'clearPart' | 'deleteParts'>,
  writes: EpochWrites,
  shard: number,
  part: IndexPart,
): Promise<boolean> {
  const cleared = await writes.untilOk(() => store.clearPart(shard, part));
  return cleared && writes.untilOk(() => store.deleteParts(shard, [part]));
}

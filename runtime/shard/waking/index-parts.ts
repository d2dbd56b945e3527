/**
 * Index parts: the partitions of a shard's index, of all epochs (C9).
 *
 * Owns: which there are, entering something into one of this epoch, its row first; taking parts away. Does not own: which
 * entries (`shard-index`), when a part may go (`consolidation`).
 *
 * Invariants:
 * 1. A part is at quorum before its first entry is issued, so that every owner after this one finds it.
 * 2. A part that was taken away is never written again: its row would not come back (C8a). Timers are only ever entered
 *    above the watermark, and a part of open work is current once.
 */

import { isPlanted } from '../../../framework/planted-bugs';
import type { Clock } from '../../ports/clock';
import type { ClusterStore, IndexEntry, IndexPart } from '../../ports/cluster-store';
import type { EpochWrites } from '../ownership/epoch-writes';
import type { SessionGuard } from '../ownership/session-guard';

/** An ownership of a shard, as its index sees it. */
export interface Owner {
  readonly store: ClusterStore;
  readonly guard: SessionGuard;
  readonly writes: EpochWrites;
  readonly clock: Clock;
  readonly shard: number;
  readonly epoch: number;
}

export class IndexParts {
  private parts: readonly IndexPart[] = [];
  /** Of this epoch. */
  private readonly written = new Map<string, Promise<boolean>>();
  /** How many writes into a part of this epoch are on their way. */
  private readonly entering = new Map<string, number>();

  constructor(private readonly owner: Owner) {}

  /** Finds those of the epochs before. */
  async read(): Promise<void> {
    const { store, shard, epoch } = this.owner;
    const found = await store.parts(shard);
    const first = isPlanted('parts-of-last-epoch-only') ? epoch - 1 : 0;
    this.parts = found.filter(({ kind, epoch: of }) => (kind === 'timer' || kind === 'work') && of >= first);
  }

  of(kind: IndexPart['kind']): readonly IndexPart[] {
    return this.parts.filter((part) => part.kind === kind);
  }

  /** True once the entries are at quorum in a part of this epoch, false when the shard is lost first. */
  async enter(kind: IndexPart['kind'], bucket: string, entries: readonly IndexEntry[]): Promise<boolean> {
    const { store, writes, shard, epoch } = this.owner;
    const part = { kind, epoch, bucket };
    const name = nameOf(part);
    this.entering.set(name, (this.entering.get(name) ?? 0) + 1);
    try {
      if (!(await this.ensure(part))) return false;
      return await writes.untilOk(() => store.writeEntries(shard, part, entries));
    } finally {
      const left = (this.entering.get(name) ?? 0) - 1;
      if (left > 0) this.entering.set(name, left);
      else this.entering.delete(name);
    }
  }

  /** Nothing is on its way into the part: what came after it was cleared would never be seen (C8a). */
  isQuiet(part: IndexPart): boolean {
    return part.epoch !== this.owner.epoch || !this.entering.has(nameOf(part));
  }

  private ensure(part: IndexPart): Promise<boolean> {
    const name = nameOf(part);
    const before = this.written.get(name);
    if (before !== undefined) return before;
    const { store, writes, shard } = this.owner;
    this.parts = [...this.parts, part];
    const skip = isPlanted('part-row-left-out');
    const writing = skip ? Promise.resolve(true) : writes.untilOk(() => store.writeParts(shard, [part]));
    this.written.set(name, writing);
    return writing;
  }

  /** Clears the partitions, then deletes their rows: one that is only half gone is found again. */
  async remove(parts: readonly IndexPart[]): Promise<boolean> {
    if (parts.length === 0) return true;
    const { store, writes, shard, epoch } = this.owner;
    const cleared = await Promise.all(parts.map((part) => writes.untilOk(() => store.clearPart(shard, part))));
    if (cleared.includes(false)) return false;
    if (!(await writes.untilOk(() => store.deleteParts(shard, parts)))) return false;
    this.parts = this.parts.filter((part) => !parts.includes(part));
    for (const part of parts) if (part.epoch === epoch) this.written.delete(nameOf(part));
    return true;
  }
}

function nameOf({ kind, bucket }: IndexPart): string {
  return `${kind} ${bucket}`;
}

/**
 * Index parts: the partitions of a shard's index, of all epochs (C9).
 *
 * Owns: which there are, writing a part's row before its first entry, taking parts away. Does not own: entries
 * (`shard-index`), when a part may go (`consolidation`).
 *
 * Invariants:
 * 1. A part is at quorum before its first entry is issued, so that every owner after this one finds it.
 * 2. A part that was taken away is never written again: its row would not come back (C8a). Timers are only ever entered
 *    above the watermark, and a part of open work is current once.
 */

import { isPlanted } from '../../../framework/planted-bugs';
import type { Clock } from '../../ports/clock';
import type { ClusterStore, IndexPart } from '../../ports/cluster-store';
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

  /** A part of this epoch; true once it is at quorum, false when the shard is lost first. */
  ensure(kind: IndexPart['kind'], bucket: string): Promise<boolean> {
    const name = `${kind} ${bucket}`;
    const before = this.written.get(name);
    if (before !== undefined) return before;
    const { store, writes, shard, epoch } = this.owner;
    const part = { kind, epoch, bucket };
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
    for (const part of parts) if (part.epoch === epoch) this.written.delete(`${part.kind} ${part.bucket}`);
    return true;
  }
}

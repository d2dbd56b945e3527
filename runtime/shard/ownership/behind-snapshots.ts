/**
 * Behind snapshots: what follows a snapshot that is at quorum: the pointer moves to it, old buckets go (C2, C8).
 *
 * Owns: one move of a key at a time, each to the newest snapshot; which buckets are kept; deleting the others, and the
 * chunks that their rows name. Does not own: taking snapshots (`commit`), repeating writes (`epoch-writes`).
 * Segments of message ids stay: later snapshots may name them.
 *
 * Invariants:
 * 1. A pointer is issued only after its snapshot is at quorum and a session read that began after that says alive: so it
 *    never leads to a row that a successor has not adopted.
 * 2. What this epoch takes for the stored pointer is at quorum. A move that never ends costs nothing but reading more:
 *    the next owner finds the snapshot above the old pointer, and moves it when the key is loaded.
 * 3. A bucket goes only after the pointer that leaves it out is at quorum and a session read that began after that says
 *    alive (C2), and only if no outcome in it may still be asked for (S11, S16). What a dying owner leaves, the next
 *    one deletes: the pointer says from where.
 */

import { ROW_KIND } from '../../../framework/core/history';
import type { EntityKey } from '../../../framework/model/identity';
import { isPlanted } from '../../../framework/planted-bugs';
import type { Row } from '../../ports/history-store';
import { storedPages } from './buckets';
import type { Toucher } from './first-touch';
import type { HistoryPages } from './history-pages';
import type { Base, KeyHistory } from './key-history';
import type { Known } from './known-keys';
import { bucketsKept } from './layout';
import type { Layout } from './layout';
import { chunkNames } from './wide-rows';

export class BehindSnapshots {
  constructor(
    private readonly toucher: Pick<Toucher, 'store' | 'guard' | 'writes'>,
    private readonly pages: Pick<HistoryPages, 'reach'>,
    private readonly layout: Layout,
  ) {}

  /** Begins unless a move is under way, which will see the newer snapshot. */
  follow(key: EntityKey, known: Known): void {
    if (known.following || !isBehind(known.history)) return;
    known.following = true;
    known.busy += 1;
    void this.moveAll(key, known.history).finally(() => {
      known.following = false;
      known.busy -= 1;
    });
  }

  /** The planted bug: the pointer is on its way while its snapshot is. */
  hurry(key: EntityKey, { seq, epoch, kind }: Row, { bucket, rows, bytes }: KeyHistory): void {
    if (kind !== ROW_KIND.snapshot) return;
    const pointer = { seq, epoch, bucket, rows, bytes, kept: 0, gone: 0 };
    void this.toucher.writes.untilOk(() => this.toucher.store.writePointer(key, pointer));
  }

  private async moveAll(key: EntityKey, history: KeyHistory): Promise<void> {
    while (isBehind(history)) if (!(await this.move(key, history))) return;
  }

  /** False when the shard is lost first. */
  private async move(key: EntityKey, history: KeyHistory): Promise<boolean> {
    const { store, guard, writes } = this.toucher;
    const { base, needs } = history;
    if (base === null || !(await guard.confirm())) return false;
    const kept = await this.keptFrom(key, history, base, needs);
    const pointer = { ...base, kept, gone: history.gone };
    if (isPlanted('bucket-gone-before-pointer')) await this.deleteBelow(key, history, kept);
    if (!(await writes.untilOk(() => store.writePointer(key, pointer)))) return false;
    history.pointer = pointer;
    return this.deleteOld(key, history, kept);
  }

  /** The first bucket that must stay. */
  private async keptFrom(key: EntityKey, history: KeyHistory, base: Base, needs: number): Promise<number> {
    const { kept, outline } = history;
    const most = base.bucket - bucketsKept(this.layout, key.type);
    if (most <= kept) return kept;
    const seq = isPlanted('asked-for-outcome-deleted') ? base.seq : Math.min(needs, base.seq);
    try {
      await this.pages.reach(key, history, seq);
    } catch {
      return kept;
    }
    return seq < outline.first ? kept : Math.max(kept, Math.min(most, outline.bucketOf(seq)));
  }

  private async deleteOld(key: EntityKey, history: KeyHistory, kept: number): Promise<boolean> {
    if (history.gone >= kept) return true;
    if (!(await this.toucher.guard.confirm())) return false;
    history.forgetDeleted();
    return this.deleteBelow(key, history, kept);
  }

  private async deleteBelow(key: EntityKey, history: KeyHistory, kept: number): Promise<boolean> {
    const { store, writes } = this.toucher;
    for (let bucket = history.gone; bucket < kept; bucket += 1) {
      const chunks = await this.chunksIn(key, bucket);
      if (chunks === null) return true;
      const deleted = await Promise.all(chunks.map((name) => writes.untilOk(() => store.deleteBlob(key, name))));
      if (deleted.includes(false) || !(await writes.untilOk(() => store.deleteBucket(key, bucket)))) return false;
      history.gone = bucket + 1;
    }
    return true;
  }

  /** Null when the bucket cannot be read now. */
  private async chunksIn(key: EntityKey, bucket: number): Promise<readonly string[] | null> {
    const names: string[] = [];
    try {
      for await (const page of storedPages(this.toucher.store, key, bucket, 0)) names.push(...page.flatMap(chunkNames));
    } catch {
      return null;
    }
    return names;
  }
}

function isBehind({ base, pointer }: KeyHistory): boolean {
  return base !== null && (pointer === null || pointer.seq < base.seq);
}

/**
 * Behind snapshots: what follows a snapshot that is at quorum: the pointer moves to it (C2, C8).
 *
 * Owns: one move of a key at a time, each to the newest snapshot. Does not own: taking snapshots (`commit`), repeating
 * writes (`epoch-writes`).
 *
 * Invariants:
 * 1. A pointer is issued only after its snapshot is at quorum and a session read that began after that says alive: so it
 *    never leads to a row that a successor has not adopted.
 * 2. What this epoch takes for the stored pointer is at quorum. A move that never ends costs nothing but reading more:
 *    the next owner finds the snapshot above the old pointer, and moves it when the key is loaded.
 */

import { ROW_KIND } from '../../../framework/core/history';
import type { EntityKey } from '../../../framework/model/identity';
import type { Row } from '../../ports/history-store';
import type { Toucher } from './first-touch';
import type { KeyHistory } from './key-history';
import type { Known } from './known-keys';

export class BehindSnapshots {
  constructor(private readonly toucher: Pick<Toucher, 'store' | 'guard' | 'writes'>) {}

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
    const { base } = history;
    if (base === null || !(await guard.confirm())) return false;
    const { kept, gone } = history.pointer ?? { kept: 0, gone: 0 };
    const pointer = { ...base, kept, gone };
    if (!(await writes.untilOk(() => store.writePointer(key, pointer)))) return false;
    history.pointer = pointer;
    return true;
  }
}

function isBehind({ base, pointer }: KeyHistory): boolean {
  return base !== null && (pointer === null || pointer.seq < base.seq);
}

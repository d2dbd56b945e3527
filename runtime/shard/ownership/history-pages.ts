/**
 * History pages: a key's history in pages, from any place, each row read about once (C6, C8).
 *
 * Owns: reading forward along the outline; reading the outline down to rows below the last snapshot, a bucket at a time
 * and once: a page at the beginning of a long history reads what is above it, the pages after it read only themselves.
 * Does not own: the chain's rules (`chain`), deleting buckets (`behind-snapshots`).
 *
 * Invariants: a page ends at the tail, whatever lies above it in the store; a row or chunk that should be there and is not
 * is `corrupt`, never left out, unless the session is dead and its successor has deleted it.
 */

import { PerdureError } from '../../../framework/errors';
import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';
import { PAGE_BYTES, PAGE_ROWS } from '../../config';
import type { ClusterStore } from '../../ports/cluster-store';
import type { LoadedPage, Row } from '../../ports/history-store';
import { readBucket } from './buckets';
import { chainDown } from './chain';
import type { KeyHistory } from './key-history';
import type { SessionGuard } from './session-guard';
import { isWide, madeWhole } from './wide-rows';

/** Rows of other epochs that a read leaves room for. */
const SPARE_ROWS = 8;

export class HistoryPages {
  constructor(
    private readonly store: ClusterStore,
    private readonly guard: SessionGuard,
  ) {}

  async page(key: EntityKey, history: KeyHistory, fromSeq: number, limit: number): Promise<LoadedPage> {
    await this.reach(key, history, fromSeq);
    const { tail, outline } = history;
    const most = Math.min(limit, PAGE_ROWS);
    const rows: Row[] = [];
    let bytes = 0;
    for (let seq = Math.max(fromSeq, outline.first); tail !== null && seq <= tail.seq;) {
      if (seq < outline.first) seq = outline.first;
      for (const stored of await this.stretch(key, history, seq, most - rows.length)) {
        const row = isWide(stored) ? await madeWhole(this.store, key, stored) : stored;
        if (row === null && seq < outline.first) break;
        if (row === null) throw await this.lost(key, seq);
        bytes += row.bytes.length;
        if (rows.length > 0 && bytes > PAGE_BYTES) return { rows, next: seq };
        rows.push(row);
        seq += 1;
        if (seq > tail.seq) return { rows, next: null };
        if (rows.length === most) return { rows, next: seq };
      }
    }
    return { rows, next: null };
  }

  /** Rows of the chain from a seq on, as far as one read of its bucket goes; none if they were deleted meanwhile. */
  private async stretch(key: EntityKey, { outline }: KeyHistory, seq: number, limit: number): Promise<readonly Row[]> {
    const bucket = outline.bucketOf(seq);
    const from = { seq, epoch: outline.epochOf(seq) };
    const page = await this.store.readRows(key, bucket, from, limit + SPARE_ROWS);
    const rows: Row[] = [];
    for (const row of page.rows) {
      const next = seq + rows.length;
      if (row.seq === next && row.epoch === outline.epochOf(next) && outline.bucketOf(next) === bucket) rows.push(row);
    }
    if (rows.length === 0 && seq >= outline.first) throw await this.lost(key, seq);
    return rows;
  }

  /** Reads the outline down to a seq, or to where the history begins. */
  async reach(key: EntityKey, history: KeyHistory, seq: number): Promise<void> {
    while (history.outline.first > seq && history.floor !== null) await this.deepen(key, history);
  }

  /** Follows the chain down through the bucket below what is known. */
  private async deepen(key: EntityKey, history: KeyHistory): Promise<void> {
    const { floor } = history;
    if (floor === null) return;
    const { link, bucket } = floor;
    const found = await readBucket(this.store, key, bucket, 0, link.seq);
    const rows = chainDown(found ?? [], link);
    if (history.floor !== floor) return;
    const [first] = rows;
    if (bucket < history.kept) return history.forgetDeleted();
    if (first === undefined) throw await this.lost(key, link.seq);
    history.outline.prepend(rows.map(({ row: { seq, epoch } }) => ({ seq, epoch, bucket })));
    history.floor = first.prev && { link: first.prev, bucket: bucket - 1 };
  }

  private async lost(key: EntityKey, seq: number): Promise<PerdureError> {
    const name = keyText(key);
    if (!(await this.guard.confirm()))
      return new PerdureError('unavailable', `${name}: this host does not own its shard any more: ask again`);
    const fact = `record ${seq} or a part of it is missing though those above it are there`;
    return new PerdureError('internal', `${name}: ${fact}: the store has lost rows; restore it from a backup`, {
      reason: 'corrupt',
    });
  }
}

/**
 * Buckets: reading the rows of a history from where they lie, all epochs together (C6, C8).
 *
 * Owns: page after page, bucket after bucket. Does not own: which of the rows form the chain (`chain`).
 */

import type { EntityKey } from '../../../framework/model/identity';
import { isPlanted } from '../../../framework/planted-bugs';
import { readRow } from '../../activation/loader';
import { BUCKET_PAGE_ROWS } from '../../config';
import type { ClusterStore } from '../../ports/cluster-store';
import type { Row } from '../../ports/history-store';
import type { Linked } from './chain';

/** From a seq on, through all buckets from the given one until the first that has none. */
export async function readBuckets(
  store: ClusterStore,
  key: EntityKey,
  from: { readonly bucket: number; readonly seq: number },
): Promise<Linked[]> {
  const all: Linked[] = [];
  for (let { bucket } = from; ; bucket += 1) {
    const found = await readBucket(store, key, bucket, from.seq);
    if (found.length === 0) return all;
    for (const linked of found) all.push(linked);
    if (isPlanted('tail-in-one-bucket')) return all;
  }
}

/** The rows of one bucket from a seq through another. */
export async function readBucket(
  store: ClusterStore,
  key: EntityKey,
  bucket: number,
  fromSeq: number,
  throughSeq = Infinity,
): Promise<Linked[]> {
  const found: Linked[] = [];
  let next: { readonly seq: number; readonly epoch: number } | null = { seq: fromSeq, epoch: 0 };
  while (next !== null && next.seq <= throughSeq) {
    const page = await store.readRows(key, bucket, next, BUCKET_PAGE_ROWS);
    for (const row of page.rows) if (row.seq <= throughSeq) found.push(linkedOf(key, row, bucket));
    next = page.next;
  }
  return found;
}

function linkedOf(key: EntityKey, row: Row, bucket: number): Linked {
  const { record, hash } = readRow(key, row);
  return { row, bucket, prev: record.prev, hash };
}

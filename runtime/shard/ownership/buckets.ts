/**
 * Buckets: reading the rows of a history from where they lie, all epochs together (C6, C8).
 *
 * Owns: page after page, bucket after bucket. Does not own: which of the rows form the chain (`chain`), what a row is made
 * of (`wide-rows`).
 */

import type { EntityKey } from '../../../framework/model/identity';
import { isPlanted } from '../../../framework/planted-bugs';
import { readRow } from '../../activation/loader';
import { BUCKET_PAGE_ROWS } from '../../config';
import type { BucketPage, ClusterStore } from '../../ports/cluster-store';
import type { Row } from '../../ports/history-store';
import type { Linked } from './chain';
import { isWide, madeWhole } from './wide-rows';

/** From a seq on, through all buckets from the given one until the first that has none; null when a chunk is missing. */
export async function readBuckets(
  store: ClusterStore,
  key: EntityKey,
  from: { readonly bucket: number; readonly seq: number },
): Promise<Linked[] | null> {
  const all: Linked[] = [];
  for (let { bucket } = from; ; bucket += 1) {
    const found = await readBucket(store, key, bucket, from.seq);
    if (found === null) return null;
    if (found.length === 0) return all;
    for (const linked of found) all.push(linked);
    if (isPlanted('tail-in-one-bucket')) return all;
  }
}

/** The rows of one bucket from a seq through another; null when a chunk is missing. */
export async function readBucket(
  store: ClusterStore,
  key: EntityKey,
  bucket: number,
  fromSeq: number,
  throughSeq = Infinity,
): Promise<Linked[] | null> {
  const found: Linked[] = [];
  for await (const page of storedPages(store, key, bucket, fromSeq)) {
    for (const stored of page) {
      if (stored.seq > throughSeq) return found;
      const row = isWide(stored) ? await madeWhole(store, key, stored) : stored;
      if (row === null) return null;
      const read = readRow(key, row);
      found.push({ row: { ...row, read }, stored, bucket, prev: read.record.prev, hash: read.hash });
    }
  }
  return found;
}

/** The rows of one bucket from a seq on, as they lie there, page by page. */
export async function* storedPages(
  store: ClusterStore,
  key: EntityKey,
  bucket: number,
  fromSeq: number,
): AsyncGenerator<readonly Row[]> {
  let next: { readonly seq: number; readonly epoch: number } | null = { seq: fromSeq, epoch: 0 };
  while (next !== null) {
    const page: BucketPage = await store.readRows(key, bucket, next, BUCKET_PAGE_ROWS);
    yield page.rows;
    next = page.next;
  }
}

/**
 * Layout: the sizes that shape how a key's history lies in a cluster's store (C8).
 *
 * Owns: their names and defaults. Does not own: when a bucket is sealed (`commit`), splitting rows, deleting buckets.
 *
 * None of them is compared with what another build wrote: what lies in the store says itself where it ends.
 */

import { BUCKET_BYTES, BUCKET_ROWS, CHUNK_BYTES, ROW_BYTES } from '../../config';

export interface Layout {
  /** Rows, and bytes, at which a bucket is closed by a SEAL. */
  readonly bucketRows: number;
  readonly bucketBytes: number;
  /** A longer record lies in chunks, of this length. */
  readonly rowBytes: number;
  readonly chunkBytes: number;
  /** Whole buckets kept behind the one of the last snapshot; Infinity: nothing is ever deleted. */
  readonly keepBuckets: number;
  /** The same, by type, for types that differ. */
  readonly keepBucketsOf: Readonly<Record<string, number>>;
}

export const LAYOUT: Layout = {
  bucketRows: BUCKET_ROWS,
  bucketBytes: BUCKET_BYTES,
  rowBytes: ROW_BYTES,
  chunkBytes: CHUNK_BYTES,
  keepBuckets: Infinity,
  keepBucketsOf: {},
};

export function bucketsKept({ keepBuckets, keepBucketsOf }: Layout, type: string): number {
  return (Object.hasOwn(keepBucketsOf, type) ? keepBucketsOf[type] : undefined) ?? keepBuckets;
}

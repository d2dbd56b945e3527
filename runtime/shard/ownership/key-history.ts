/**
 * Key history: where one key's history ends and begins, as its owner knows it.
 *
 * Owns: tail, last snapshot, how full the last bucket is, what lies below, in memory; it grows row by row.
 * Does not own: reading and writing rows, when a key is touched (`known-keys`).
 *
 * Invariant: a row stands in the bucket of the one before it, or in the next one after a SEAL, whatever its epoch: no
 * place is computed from a number of rows (C8).
 */

import { assert } from '../../../framework/assert';
import { ROW_KIND } from '../../../framework/core/history';
import type { Link } from '../../../framework/core/history';
import type { Pointer } from '../../ports/cluster-store';
import type { Row } from '../../ports/history-store';
import type { Linked, Place } from './chain';
import { Outline } from './outline';

/** A snapshot's place, and what its bucket holds before it. */
export type Base = Omit<Pointer, 'kept' | 'gone'>;

/** The row below the first known one, and the bucket that holds it. */
export interface Floor {
  readonly link: Link;
  readonly bucket: number;
}

export class KeyHistory {
  /** The last row at quorum; null as long as there is no history. */
  tail: Place | null = null;
  /** Of the next row. */
  bucket = 0;
  /** What that bucket holds. */
  rows = 0;
  bytes = 0;
  /** The last snapshot; null without one. */
  base: Base | null = null;
  /** The least seq of a row that it refers to; 0 where that is not known. */
  needs = 0;
  /** Buckets below it are deleted. */
  gone = 0;
  /** Where what is known begins; null when nothing is below. */
  floor: Floor | null = null;
  readonly outline = new Outline();

  private constructor(
    /** As it stands in the store, at quorum. */
    public pointer: Pointer | null,
  ) {}

  static empty(): KeyHistory {
    return new KeyHistory(null);
  }

  /** Of an adopted chain, from where the pointer leads. */
  static of(rows: readonly Linked[], pointer: Pointer | null): KeyHistory {
    const [first] = rows;
    assert(first !== undefined, 'an adopted chain has rows');
    const history = new KeyHistory(pointer);
    if (pointer !== null) {
      history.gone = pointer.gone;
      history.bucket = pointer.bucket;
      history.rows = pointer.rows;
      history.bytes = pointer.bytes;
    }
    if (first.prev !== null) history.floor = { link: first.prev, bucket: first.bucket - (history.rows > 0 ? 0 : 1) };
    for (const { row, stored, bucket } of rows) {
      assert(bucket === history.bucket, 'a row stands in the bucket that the SEAL rows below it say (C8)');
      history.grow(row, stored.bytes.length);
    }
    return history;
  }

  /** Buckets below it may be deleted at any time. */
  get kept(): number {
    return this.pointer?.kept ?? 0;
  }

  /** Nothing below what is kept is read any more. */
  forgetDeleted(): void {
    const { outline, kept, floor } = this;
    if (outline.bucketOf(outline.first) < kept) {
      outline.cut(kept);
      this.floor = null;
    } else if (floor !== null && floor.bucket < kept) this.floor = null;
  }

  /** The row above the tail is at quorum; it takes so many bytes of its bucket. */
  grow(row: Row, bytesInBucket: number, needs = 0): void {
    const { bucket, rows, bytes } = this;
    const place = { seq: row.seq, epoch: row.epoch };
    this.outline.add({ ...place, bucket });
    this.tail = place;
    if (row.kind === ROW_KIND.snapshot) [this.base, this.needs] = [{ ...place, bucket, rows, bytes }, needs];
    if (row.kind === ROW_KIND.seal) {
      this.bucket = bucket + 1;
      this.rows = this.bytes = 0;
    } else {
      this.rows = rows + 1;
      this.bytes = bytes + bytesInBucket;
    }
  }
}

/**
 * Timer buckets: which partition of the index holds a due time (C9).
 *
 * Owns: the stretches of time that buckets are, and which is chosen: the further away, the coarser. Pure.
 * Does not own: which buckets there are (`index-parts`), entries (`shard-index`).
 *
 * A bucket's name says its stretch, so that a time is found again whenever and however far ahead it was written. A month
 * has 30 days and a year 365: they are stretches, no dates.
 */

import { assert } from '../../../framework/assert';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MONTH_MS = 30 * DAY_MS;
const YEAR_MS = 365 * DAY_MS;

/** A kind of bucket: how long its stretches are, and for which distances it is taken. */
export interface BucketKind {
  /** What names of such buckets begin with. */
  readonly letter: string;
  readonly lengthMs: number;
  readonly withinMs: number;
}

export const BUCKET_KINDS: readonly BucketKind[] = [
  { letter: 'm', lengthMs: MINUTE_MS, withinMs: HOUR_MS },
  { letter: 'h', lengthMs: HOUR_MS, withinMs: DAY_MS },
  { letter: 'd', lengthMs: DAY_MS, withinMs: MONTH_MS },
  { letter: 'o', lengthMs: MONTH_MS, withinMs: YEAR_MS },
  { letter: 'y', lengthMs: YEAR_MS, withinMs: Infinity },
];

export interface Stretch {
  /** Milliseconds since the epoch, this one included. */
  readonly from: number;
  /** This one not included. */
  readonly to: number;
}

export class TimerBuckets {
  /** The same for all hosts and for ever: a bucket's name means its stretch by them. Finest first, the last for all. */
  constructor(private readonly kinds: readonly BucketKind[] = BUCKET_KINDS) {}

  /** `at` and `now` in milliseconds since the epoch; what is overdue goes to the finest kind. */
  nameOf(at: number, now: number): string {
    const kind = this.kinds.find(({ withinMs }) => at - now < withinMs);
    assert(kind !== undefined, 'the last kind of bucket is for all distances');
    return `${kind.letter}${Math.floor(at / kind.lengthMs)}`;
  }

  stretchOf(bucket: string): Stretch {
    const kind = this.kinds.find(({ letter }) => bucket.startsWith(letter));
    assert(kind !== undefined, () => `bucket ${bucket} is of a known kind`);
    const from = Number(bucket.slice(1)) * kind.lengthMs;
    return { from, to: from + kind.lengthMs };
  }
}

/** Whether it is longer than the two finest. */
export function isCoarse(bucket: string): boolean {
  return !/^[mh]/.test(bucket);
}

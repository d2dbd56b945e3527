/**
 * Timer buckets: which partition of the index holds a due time (C9).
 *
 * Owns: the stretches of time that buckets are, and which is chosen: the further away, the coarser. Pure.
 * Does not own: which buckets there are (`index-parts`), entries (`shard-index`).
 *
 * A bucket's name says its stretch, so that a time is found again whenever and however far ahead it was written. A month
 * has 30 days and a year 365: they are stretches, no dates.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MONTH_MS = 30 * DAY_MS;
const YEAR_MS = 365 * DAY_MS;

/** Length of each, and for which distances it is taken. */
const STRETCHES = [
  { letter: 'm', lengthMs: MINUTE_MS, withinMs: HOUR_MS },
  { letter: 'h', lengthMs: HOUR_MS, withinMs: DAY_MS },
  { letter: 'd', lengthMs: DAY_MS, withinMs: MONTH_MS },
  { letter: 'o', lengthMs: MONTH_MS, withinMs: YEAR_MS },
  { letter: 'y', lengthMs: YEAR_MS, withinMs: Infinity },
] as const;

export interface Stretch {
  /** Milliseconds since the epoch, this one included. */
  readonly from: number;
  /** This one not included. */
  readonly to: number;
}

/** `at` and `now` in milliseconds since the epoch; what is overdue goes to a minute. */
export function bucketOf(at: number, now: number): string {
  for (const { letter, lengthMs, withinMs } of STRETCHES)
    if (at - now < withinMs) return `${letter}${Math.floor(at / lengthMs)}`;
  return `y${Math.floor(at / YEAR_MS)}`;
}

export function stretchOf(bucket: string): Stretch {
  const lengthMs = STRETCHES.find(({ letter }) => bucket.startsWith(letter))?.lengthMs ?? Infinity;
  const from = Number(bucket.slice(1)) * lengthMs;
  return { from, to: from + lengthMs };
}

/** Whether it is longer than an hour. */
export function isCoarse(bucket: string): boolean {
  return !/^[mh]/.test(bucket);
}

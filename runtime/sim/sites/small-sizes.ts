/**
 * Small sizes: what simulated hosts run with, so that every run reaches what takes long histories elsewhere.
 *
 * Owns: the numbers. Does not own: what happens at them.
 */

import type { IndexBounds } from '../../shard/waking/consolidation';

/** Every run closes buckets, deletes old ones and cuts long records into chunks, */
export const LAYOUT = { bucketRows: 6, bucketBytes: 500, rowBytes: 120, chunkBytes: 1_500, keepBuckets: 0 };
/** takes snapshots, seals segments of ids and puts entities out of memory. */
export const LIMITS = { snapshotTurns: 5, residentEntities: 2, segmentIds: 8 };
/** Hosts die so often here that sessions would never be stable, and an innocent step would be suspected twice (S20). */
export const STABLE_MS = 200;
/** Old parts of the index are moved at once, timers of seconds stand in buckets of all kinds, the watermark is near. */
export const INDEX_BOUNDS: IndexBounds = {
  oldTimerParts: 1,
  closedWorkEntries: 2,
  watermarkLagMs: 500,
  watermarkMs: 1_000,
  unlistedPartMs: 1_500,
  bucketKinds: [
    { letter: 'm', lengthMs: 500, withinMs: 2_000 },
    { letter: 'h', lengthMs: 2_000, withinMs: 5_000 },
    { letter: 'd', lengthMs: 5_000, withinMs: 10_000 },
    { letter: 'o', lengthMs: 20_000, withinMs: 60_000 },
    { letter: 'y', lengthMs: 100_000, withinMs: Infinity },
  ],
};

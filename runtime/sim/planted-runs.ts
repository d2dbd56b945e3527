/**
 * Planted runs: under which faults and workloads each planted bug is sought.
 *
 * Owns: the table. Does not own: the bugs (`framework/planted-bugs`), seeking them (`planted`).
 *
 * What an entry leaves open is drawn as in any run. A bug without an entry is sought under drawn scenarios.
 */

import type { PlantedBug } from '../../framework/planted-bugs';
import { PROFILES, profileOf } from './fault-profile';
import type { Prescribed } from './scenario';

/** Hosts die with a row half way, which is then on any of the replicas, and nothing repairs what a read finds. */
const DEADLY: Prescribed = {
  site: 'cluster',
  profile: profileOf('half-way', { hosts: { halfWay: 0.3, halfWayAgain: 0.3 } }, PROFILES['half-way']),
  waves: null,
  patienceMs: 60_000,
  ids: 1,
  shards: 1,
  operations: 60,
};

/** Two hosts in a row leave a row on one replica each, and the host after them reads but the older one (C6). */
const LONE: Prescribed = {
  site: 'cluster',
  profile: profileOf('lone-rows', { hosts: { downMs: [100, 2_000] } }, PROFILES['lone-rows']),
  waves: null,
  patienceMs: 60_000,
  ids: 1,
  shards: 1,
  callers: 4,
  operations: 100,
  pace: 0.1,
};
/** Entities that nobody touches again, on hosts that come and go. */
const VISITS: Prescribed = { site: 'cluster', profiles: ['lossy'], workloads: ['visits'] };

const LOSSY: Prescribed = { site: 'cluster', profiles: ['lossy'] };

export const PLANTED_RUNS: Readonly<Partial<Record<PlantedBug, Prescribed>>> = {
  'adoption-lists-nothing': VISITS,
  'attempt-not-raised': { site: 'cluster', profiles: ['slow-network'], workloads: ['bursts'], ids: 4 },
  'chunk-after-row': { ...DEADLY, workloads: ['list-append'] },
  'coalescing-drops-the-last': VISITS,
  'dedupe-evicted-by-count': { ...LOSSY, workloads: ['list-append'] },
  'dedupe-lost-in-snapshot': { ...LOSSY, workloads: ['list-append'] },
  'directory-before-commit': { ...VISITS, profiles: ['storm'] },
  'directory-stamp-counts-writes': VISITS,
  'done-before-answered': { site: 'cluster', profiles: ['lossy'], workloads: ['bursts'] },
  'frame-taken-twice': { site: 'cluster', profiles: ['slow-network'], workloads: ['bursts'], ids: 4 },
  'hand-over-forgets-listings': VISITS,
  'hint-outlives-host': { site: 'cluster', workloads: ['bursts'] },
  'id-renewed-on-resend': { site: 'cluster', profiles: ['lossy'], workloads: ['list-append'] },
  'late-reply-for-another': { site: 'cluster', profiles: ['slow-network'], workloads: ['bursts'] },
  'links-not-followed': { ...LONE, workloads: ['list-append'] },
  'pointer-before-snapshot': { ...DEADLY, workloads: ['list-append'] },
  'rewrite-without-fences': { ...DEADLY, workloads: ['list-append'] },
  'seal-not-again': { ...DEADLY, workloads: ['list-append'] },
  'segment-after-snapshot': { ...DEADLY, workloads: ['given-ids'] },
  'silence-as-not-served': { site: 'cluster', profiles: ['lossy'], workloads: ['list-append'], patienceMs: 5_000 },
  'skip-fence-read': { site: 'cluster', profiles: ['suspicion'], workloads: ['list-append'] },
  'skip-fence-row': { ...LONE, workloads: ['list-append'] },
  'skip-tail-rewrite': { ...DEADLY, workloads: ['list-append'] },
  'snapshot-of-uncommitted': { site: 'cluster', profiles: ['calm'], workloads: ['list-append'] },
  'tail-in-one-bucket': { site: 'cluster', profiles: ['calm'], workloads: ['list-append'] },
  'unknown-as-refused': { ...LOSSY, workloads: ['list-append'] },
  'unlisted-dropped-early': VISITS,
  'unlisted-never-read': VISITS,
};

export function plantedRun(bug: PlantedBug): Prescribed {
  return PLANTED_RUNS[bug] ?? {};
}

/** Whether the table names faults for it. */
export function isPrescribed(bug: PlantedBug): boolean {
  return PLANTED_RUNS[bug] !== undefined;
}

/**
 * Planted runs: under which faults and workloads each planted bug is sought.
 *
 * Owns: the table. Does not own: the bugs (`framework/planted-bugs`), seeking them (`planted`).
 *
 * What an entry leaves open is drawn as in any run. A bug without an entry is sought under drawn scenarios.
 */

import type { PlantedBug } from '../../../framework/planted-bugs';
import { PROFILES, profileOf } from '../faults/fault-profile';
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

/** Activities begin just before their hosts die, in entities that are seldom asked anything. */
const SELDOM: Prescribed = {
  site: 'cluster',
  profile: profileOf('seldom', { hosts: { crashEveryMs: 4_000, crashWithin: 10 } }),
  workloads: ['effects'],
  waves: null,
  ids: 4,
  callers: 2,
  operations: 100,
  pace: 8,
  releaseEveryMs: 0,
};

/** Entities that the index alone wakes, on hosts that come and go. */
const LONERS: Prescribed = { site: 'cluster', profiles: ['lossy'], workloads: ['loners'], releaseEveryMs: 0 };

/** Clocks jump ahead and back all the time: watermarks are far ahead of what is set after them. */
const JUMPS: Prescribed = {
  ...LONERS,
  profile: profileOf('jumps', {
    process: { jumpEveryMs: 3_000, jumpMaxMs: 60_000 },
    hosts: { crashEveryMs: 8_000, drainEveryMs: 0 },
  }),
};

/** Hosts of the first version take shards back that newer ones had, for these are down for long. */
const ROLLOUTS: Prescribed = {
  ...LONERS,
  profile: profileOf('rollouts', { hosts: { crashEveryMs: 40_000, downMs: [12_000, 20_000], drainEveryMs: 30_000 } }),
  waves: null,
  hosts: 3,
  latecomers: 0,
  shards: 2,
  pace: 3,
  releaseEveryMs: 15_000,
};

/** Hosts die with a row half way, whose entries in the index are not written then, and live for some seconds else. */
const UNINDEXED: Prescribed = {
  ...LONERS,
  profile: profileOf('unindexed', { store: { readRepair: false }, hosts: { halfWay: 0.05, crashEveryMs: 15_000 } }),
  waves: null,
  patienceMs: 60_000,
  callers: 4,
  shards: 1,
  pace: 0.5,
  operations: 100,
};

const LOSSY: Prescribed = { site: 'cluster', profiles: ['lossy'] };

/** Far more entities than there is room for in memory. */
const CROWDED: Prescribed = { site: 'cluster', ids: 4, shards: 1 };
/** No other caller's last message keeps old buckets from being deleted (S11). */
const ALONE: Prescribed = {
  ...LOSSY,
  waves: null,
  patienceMs: 60_000,
  callers: 1,
  ids: 1,
  shards: 1,
  operations: 100,
};

/** Hosts sleep until they are replaced; what was sent to them just before they wake is answered first. */
const LATE_WAKES: Prescribed = {
  site: 'cluster',
  profile: profileOf('late-wakes', { process: { stallEveryMs: 20_000, stallMs: [10_500, 16_000] } }),
  waves: null,
  patienceMs: 60_000,
  hosts: 3,
  ids: 1,
  shards: 2,
  callers: 8,
  pace: 6,
};

/** Hosts that serve are taken for dead, and the write that says so is lost half the time (C3). */
const LOST_MARKS: Prescribed = {
  site: 'cluster',
  profile: profileOf('lost-marks', { hosts: { muteEveryMs: 10_000, markLoss: 0.6 } }),
  waves: null,
  patienceMs: 60_000,
  hosts: 3,
  ids: 2,
  shards: 2,
};

/** Writes take several attempts, and hosts die before they have come through. */
const UNTOLD: Prescribed = {
  site: 'cluster',
  profile: profileOf('untold', { store: { coordinatorDeath: 0.5 }, hosts: { crashEveryMs: 3_000, crashWithin: 10 } }),
  workloads: ['given-ids'],
  waves: null,
  patienceMs: 60_000,
  ids: 1,
  shards: 1,
  callers: 8,
  pace: 0.1,
};

/** Hosts die of what they run, and not often of anything else (S20). */
const POISON: Prescribed = { site: 'cluster', profiles: ['lossy'], workloads: ['poison'] };
const SUSPECTED: Prescribed = { site: 'cluster', profiles: ['suspicion'], workloads: ['list-append'] };

export const PLANTED_RUNS: Readonly<Partial<Record<PlantedBug, Prescribed>>> = {
  'acknowledge-before-write': { workloads: ['list-append'] },
  'admitted-last-first': { workloads: ['holds'] },
  'admitted-lost-in-snapshot': { workloads: ['holds'] },
  'adopted-not-indexed': UNINDEXED,
  'adoption-lists-nothing': VISITS,
  'again-lost-in-snapshot': { workloads: ['rounds'] },
  'answer-without-session-read': { ...LATE_WAKES, workloads: ['list-append'] },
  'asked-for-outcome-deleted': { ...LOSSY, workloads: ['list-append'] },
  'attempt-not-raised': { site: 'cluster', profiles: ['slow-network'], workloads: ['bursts'], ids: 4 },
  'attempts-begin-anew': { site: 'embedded', workloads: ['effects'] },
  'bucket-gone-before-pointer': { ...ALONE, workloads: ['list-append'] },
  'chunk-after-row': { ...DEADLY, workloads: ['list-append'] },
  'claim-before-dead': SUSPECTED,
  'coalescing-drops-the-last': VISITS,
  'condition-deaf-after-load': { turnSteps: 1, workloads: ['conditions'] },
  'conflict-before-commit': UNTOLD,
  'conflict-unseen': { workloads: ['given-ids'] },
  'dedupe-evicted-by-count': { ...LOSSY, workloads: ['list-append'] },
  'dedupe-lost-in-snapshot': { ...LOSSY, workloads: ['list-append'] },
  'delete-before-copy': LONERS,
  'directory-before-commit': { ...VISITS, profiles: ['storm'] },
  'directory-stamp-counts-writes': VISITS,
  'done-before-answered': { site: 'cluster', profiles: ['lossy'], workloads: ['bursts'] },
  'done-below-newest': { workloads: ['counter'] },
  'due-skips-coarse': LONERS,
  'effects-before-commit': { workloads: ['effects'] },
  'epoch-not-raised': SUSPECTED,
  'exclusivity-ignored': { workloads: ['conditions'] },
  'finished-activity-stays-open': { workloads: ['effects'] },
  'forget-running-of-others': POISON,
  'frame-taken-twice': { site: 'cluster', profiles: ['slow-network'], workloads: ['bursts'], ids: 4 },
  'hand-over-forgets-listings': VISITS,
  'held-told-before-recorded': { workloads: ['holds'] },
  'hint-outlives-host': { site: 'cluster', workloads: ['bursts'] },
  'id-renewed-on-resend': { site: 'cluster', profiles: ['lossy'], workloads: ['list-append'] },
  'key-per-attempt': { workloads: ['transfers'] },
  'late-reply-for-another': { site: 'cluster', profiles: ['slow-network'], workloads: ['bursts'] },
  'links-not-followed': { ...LONE, workloads: ['list-append'] },
  'mark-uncertain': { ...LOST_MARKS, workloads: ['list-append'] },
  'monitor-keeps-lock': { workloads: ['conditions'] },
  'never-careful': POISON,
  'numbers-restart-at-load': { workloads: ['transfers'] },
  'operation-forgotten': { workloads: ['submits'] },
  'ordinal-unclaimed': { site: 'cluster', profiles: ['suspicion'], workloads: ['holds'], releaseEveryMs: 10_000 },
  'part-row-left-out': LONERS,
  'parts-of-last-epoch-only': LONERS,
  'passivate-while-writing': { ...CROWDED, workloads: ['account', 'counter', 'list-append'] },
  'poison-unrecorded': POISON,
  'pointer-before-snapshot': { ...DEADLY, workloads: ['list-append'] },
  'promise-completed-twice': { workloads: ['promises'] },
  'query-sees-uncommitted': { workloads: ['list-append'] },
  'refusal-forgets-id': { workloads: ['account'] },
  'refusal-unrecorded': { workloads: ['account'] },
  'release-before-close': { site: 'cluster', profiles: ['calm'], workloads: ['list-append'], pace: 0.2 },
  'reminder-not-forgotten': { workloads: ['reminders'] },
  'reminder-not-replaced': { workloads: ['reminders'] },
  'repeat-from-wrong-place': { workloads: ['counter'] },
  'replay-at-another-time': { workloads: ['timers'] },
  'rewrite-without-fences': { ...DEADLY, workloads: ['list-append'] },
  'run-poison': POISON,
  'seal-not-again': { ...DEADLY, workloads: ['list-append'] },
  'segment-after-snapshot': { ...DEADLY, workloads: ['given-ids'] },
  'silence-as-not-served': { site: 'cluster', profiles: ['lossy'], workloads: ['list-append'], patienceMs: 5_000 },
  'skip-fence-read': { site: 'cluster', profiles: ['suspicion'], workloads: ['list-append'] },
  'skip-fence-row': { ...LONE, workloads: ['list-append'] },
  'skip-tail-rewrite': { ...DEADLY, workloads: ['list-append'] },
  'snapshot-of-uncommitted': { site: 'cluster', profiles: ['calm'], workloads: ['list-append'] },
  'snapshot-while-parked': { workloads: ['timers'] },
  'tail-in-one-bucket': { site: 'cluster', profiles: ['calm'], workloads: ['list-append'] },
  'timeout-before-predicate': { workloads: ['conditions'] },
  'timer-behind-watermark': JUMPS,
  'timer-early': { workloads: ['timers'] },
  'timer-index-late': LONERS,
  'undo-forgets-field': { workloads: ['account'] },
  'undo-keeps-effects': { workloads: ['effects'] },
  'unfired-timer-dropped': ROLLOUTS,
  'unknown-as-refused': { ...LOSSY, workloads: ['list-append'] },
  'unknown-claim-is-lost': { site: 'cluster', profiles: ['paxos-unknown'], workloads: ['list-append'], waves: null },
  'unlisted-dropped-early': VISITS,
  'unlisted-never-read': VISITS,
  'watermark-before-firing': LONERS,
  'watermark-of-all-epochs': JUMPS,
  'work-index-late': SELDOM,
};

export function plantedRun(bug: PlantedBug): Prescribed {
  return PLANTED_RUNS[bug] ?? {};
}

/** Whether the table names faults for it. */
export function isPrescribed(bug: PlantedBug): boolean {
  return PLANTED_RUNS[bug] !== undefined;
}

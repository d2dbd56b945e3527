import { plantBug } from '../../framework/planted-bugs';
import { runCluster } from './cluster-run';
import type { ProfileName } from './fault-profile';
import { PROFILES, profileOf } from './fault-profile';

const SEEDS: readonly (readonly [ProfileName, number])[] = [
  ['calm', 2],
  ['lossy', 13],
  ['pauses', 7],
  ['storm', 11],
  ['paxos-unknown', 6],
  ['late-writes', 3],
];

/**
 * Hosts die with a row half way, which is then on any of the replicas, and nothing repairs what a read finds: what the
 * protocol alone is left to do.
 */
const halfWay = {
  profile: profileOf('half-way', { store: { readRepair: false } }),
  operations: 40,
  crashWithin: 100_000,
  deadlyWrites: 0.3,
  keys: 1,
  shards: 1,
  pauseMs: [20, 1_500],
} as const;

describe('a cluster of three hosts, two shards and journals, whose hosts crash', () => {
  afterEach(() => plantBug(null));

  it.each(SEEDS)('keeps what it acknowledged, once each, under %s faults: seed %i (C1 to C7)', async (name, seed) => {
    const run = await runCluster({ seed, profile: PROFILES[name], operations: 20 });
    expect(run.fault).toBeNull();
    expect(run.operations).toBe(4 * 20 + 3);
    expect(run.counts.get('process.crash')).toBeGreaterThan(0);
    expect(run.counts.get('cluster.epoch')).toBeGreaterThan(2);
  });

  it.each([5, 6])('keeps it when hosts die with a row half way: seed %i (C6, C7)', async (seed) => {
    const run = await runCluster({ seed, ...halfWay });
    expect(run.fault).toBeNull();
    expect(run.counts.get('cluster.deadly-write')).toBeGreaterThan(10);
  });

  it('runs the same way with the same seed', async () => {
    const options = { seed: 5, profile: PROFILES.storm, operations: 10 };
    const [first, second] = [await runCluster(options), await runCluster(options)];
    expect(second.hash).toBe(first.hash);
  });

  it('is found out when a turn is released without a session read (C2, C7)', async () => {
    plantBug('skip-fence-read');
    const run = await runCluster({ seed: 1, profile: PROFILES.pauses });
    expect(run.fault).toMatch('is not linearizable');
  });

  it.each([5, 6])('is found out when a tail is not written again: seed %i (C6, C7)', async (seed) => {
    plantBug('skip-tail-rewrite');
    const run = await runCluster({ seed, ...halfWay });
    expect(run.fault).not.toBeNull();
  });
});

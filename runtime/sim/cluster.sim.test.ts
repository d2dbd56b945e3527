import { plantBug } from '../shard/ownership/planted-bugs';
import { runCluster } from './cluster-run';
import type { ProfileName } from './fault-profile';
import { PROFILES } from './fault-profile';

const SEEDS: readonly (readonly [ProfileName, number])[] = [
  ['calm', 2],
  ['lossy', 13],
  ['pauses', 7],
  ['storm', 11],
  ['paxos-unknown', 6],
  ['late-writes', 3],
];

describe('a cluster of three hosts, two shards and journals, whose hosts crash', () => {
  afterEach(() => plantBug(null));

  it.each(SEEDS)('keeps what it acknowledged, once each, under %s faults: seed %i (C1 to C7)', async (name, seed) => {
    const run = await runCluster({ seed, profile: PROFILES[name] });
    expect(run.fault).toBeNull();
    expect(run.operations).toBe(163);
    expect(run.counts.get('process.crash')).toBeGreaterThan(0);
    expect(run.counts.get('cluster.epoch')).toBeGreaterThan(2);
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
});

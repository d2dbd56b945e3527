import { plantBug } from '../../../framework/planted-bugs';
import { PROFILES, profileOf } from '../faults/fault-profile';
import { drawScenario } from './scenario';
import type { Prescribed } from './scenario';
import { EPOCHS, runSeed } from './seed-run';

const SEEDS = [1, 4, 7, 11, 12, 13, 16, 20];

/** Hosts die with a row half way, which is then on any of the replicas, and nothing repairs what a read finds. */
const halfWay = {
  site: 'cluster',
  profile: profileOf('half-way', { hosts: { halfWay: 0.3, halfWayAgain: 0.3 } }, PROFILES['half-way']),
  waves: null,
  patienceMs: 60_000,
  ids: 1,
  shards: 1,
  operations: 60,
} as const;

describe('a cluster under a scenario out of a seed', () => {
  afterEach(() => plantBug(null));

  it.each(SEEDS)('keeps what it acknowledged, once each: seed %i (C1 to C7)', async (seed) => {
    const run = await runSeed(drawScenario(seed, { site: 'cluster' }));
    expect(run.fault).toBeNull();
    expect(run.operations).toBeGreaterThanOrEqual(200);
    expect(run.epochs).toBeGreaterThanOrEqual(EPOCHS);
  });

  it.each([8, 9])('keeps it when hosts die with a row half way: seed %i (C6, C7)', async (seed) => {
    const run = await runSeed(drawScenario(seed, halfWay));
    expect(run.fault).toBeNull();
    expect(run.counts.get('host.half-way')).toBeGreaterThan(10);
  });

  it('runs the same way with the same seed', async () => {
    const [first, second] = [await runSeed(drawScenario(5)), await runSeed(drawScenario(5))];
    expect(second.hash).toBe(first.hash);
  });

  it('is found out when a store forgets: replicas that come back empty lose what was acknowledged (C1)', async () => {
    expect(await firstFault({ site: 'cluster', profiles: ['amnesia'], workloads: ['list-append'] })).not.toBeNull();
  });

  it('is found out when a turn is released without a session read (C2, C7)', async () => {
    plantBug('skip-fence-read');
    expect(await firstFault({ site: 'cluster', profiles: ['suspicion'], workloads: ['list-append'] })).toMatch(
      /is not linearizable|is not in the history/,
    );
  });

  it('is found out when a tail is not written again (C6, C7)', async () => {
    plantBug('skip-tail-rewrite');
    expect(await firstFault(halfWay)).not.toBeNull();
  });
});

/** Of the first seeds, far more than are needed. */
async function firstFault(prescribed: Prescribed): Promise<string | null> {
  for (let seed = 1; seed <= 40; seed += 1) {
    const { fault } = await runSeed(drawScenario(seed, prescribed));
    if (fault !== null) return fault;
  }
  return null;
}

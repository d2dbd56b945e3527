import type { PlantedBug } from '../../../framework/planted-bugs';
import { plantBug } from '../../../framework/planted-bugs';
import { PROFILES, profileOf } from '../faults/fault-profile';
import { runMovingShard } from './moving-shard.fixture';
import { freshSeed } from '../world/sim-world.fixture';

/** Messages that come later than a silence lasts, as after a pause. */
const slow = profileOf('slow', { network: { late: 0.2, lateMs: [2, 6_000] } }, PROFILES.lossy);
const SEEDS = 10;
const LONGEST_HUNT = 60;

describe('real clients and two hosts that hand a shard back and forth', () => {
  afterEach(() => plantBug(null));

  it.each([PROFILES.calm, PROFILES.lossy, slow])(
    'apply awaited calls once and in their order under $name faults, and what is told not to be applied never is (C14, C15, S13)',
    async (profile) => {
      const first = freshSeed();
      console.log(`seed ${first}`);
      for (let seed = first; seed < first + SEEDS; seed += 1) {
        const { fault, calls } = await runMovingShard(seed, profile);
        expect([seed, fault]).toEqual([seed, null]);
        expect(calls.filter(({ known }) => known === 'applied').length).toBeGreaterThan(calls.length / 3);
      }
    },
  );

  it.each<[PlantedBug, RegExp]>([
    ['attempt-not-raised', /was told not/],
    ['done-before-answered', /was answered conflict/],
    ['frame-taken-twice', /was told not/],
    ['hint-outlives-host', /had no answer/],
    ['id-renewed-on-resend', /2 times/],
    ['late-reply-for-another', /was answered conflict|was told/],
    ['silence-as-not-served', /was told not/],
  ])('are found out with %s', async (bug, fault) => {
    plantBug(bug);
    const faults: string[] = [];
    for (let seed = 1; seed <= LONGEST_HUNT && faults.length === 0; seed += 1) {
      const run = await runMovingShard(seed, slow);
      if (run.fault !== null) faults.push(run.fault);
    }
    expect(faults.join()).toMatch(fault);
  });
});

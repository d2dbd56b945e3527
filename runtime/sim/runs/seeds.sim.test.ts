/**
 * The seeds of `npm test`: a fixed block and a fresh one, in processes of the compiled program.
 */

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../system/clock';
import type { FleetSummary } from './fleet';
import { runFleet, seedsFrom, TERMS } from './fleet';
import { notReached } from './reached';
import { freshSeed } from '../world/sim-world.fixture';

const PROGRAMS = join(__dirname, '../../../dist/runtime/sim/runs');
const FIXED = 2_900;
const FRESH = 100;
const LEAST_REACHED = 100;
const MINUTES = 15;

describe('3,000 seeds of the simulator', () => {
  const fresh = freshSeed();
  let summary: FleetSummary;

  beforeAll(async () => {
    process.stdout.write(`first fresh seed ${fresh}\n`);
    summary = await runFleet({
      seeds: [...seedsFrom(1, FIXED), ...seedsFrom(fresh, FRESH)],
      terms: TERMS,
      jobs: availableParallelism(),
      limitMs: Infinity,
      clock: systemClock,
      shrunk: 1,
      told: () => undefined,
      programs: PROGRAMS,
    });
    const { elapsedMs, operations } = summary;
    const perSecond = ((FIXED + FRESH) / (elapsedMs / 1_000)).toFixed(1);
    process.stdout.write(`${FIXED + FRESH} seeds, ${operations} operations, ${perSecond} seeds/s\n`);
  }, MINUTES * 60_000);

  it('all hold: what was acknowledged is there, once each, and the healed cluster rests (C1 to C10)', () => {
    const told = summary.failed.map(({ seed, fault, scenario }) => `seed ${seed}: ${fault}\n  ${scenario}`);
    expect(told).toEqual([]);
  });

  it('ask at least 200 operations each', () => {
    expect(summary.operations).toBeGreaterThanOrEqual((FIXED + FRESH) * 200);
  });

  it(`reach every kind of fault and every branch of recovery at least ${LEAST_REACHED} times`, () => {
    expect(notReached(summary.counts, LEAST_REACHED)).toEqual([]);
  });
});

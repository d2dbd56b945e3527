import { plantBug } from '../../../framework/planted-bugs';
import type { PlantedBug } from '../../../framework/planted-bugs';
import { plantedRun } from '../runs/planted-runs';
import { drawScenario } from '../runs/scenario';
import { runSeed } from '../runs/seed-run';
import { WORKLOAD_NAMES } from './workloads';

const SEEDS_MOST = 60;

/** What the workload itself says, not the invariants; the rule it is about. */
const CAUGHT: readonly (readonly [PlantedBug, RegExp, string])[] = [
  ['timer-early', /^timers: sleeper .* early/, 'S6'],
  ['promise-completed-twice', /^promises: waiter .* was acknowledged/, 'S7'],
  ['conflict-unseen', /^given-ids: order book .* was taken with/, 'S12'],
  ['operation-forgotten', /^submits: operation .* is not known/, 'S16'],
  ['exclusivity-ignored', /^conditions: stock .* while .* counts/, 'S7'],
  ['admitted-last-first', /^holds: conveyor .* stands before/, 'S6'],
  ['run-poison', /^poison: .* had died of it/, 'S20'],
  ['reminder-not-replaced', /^reminders: alarm clock .* rings, and .* is set/, 'S22'],
  ['done-below-newest', /^counter: .* is no longer kept/, 'S11'],
];

describe('workloads', () => {
  afterEach(() => plantBug(null));

  it.each(WORKLOAD_NAMES)('hold on a cluster and on an embedded host: %s', async (name) => {
    for (const site of ['cluster', 'embedded'] as const) {
      const run = await runSeed(drawScenario(1, { site, workloads: [name], profiles: ['lossy'] }));
      expect(run.fault).toBeNull();
    }
  });

  it.each(CAUGHT)('complain about the planted bug %s: %s (%s)', async (bug, words) => {
    let fault: string | null = null;
    for (let seed = 1; fault === null && seed <= SEEDS_MOST; seed += 1) {
      plantBug(bug);
      ({ fault } = await runSeed(drawScenario(seed, plantedRun(bug))));
    }
    expect(fault).toMatch(words);
  });
});

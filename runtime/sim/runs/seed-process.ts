/**
 * Seed process: one process of a fleet: runs the seeds it is sent, one after the other, and reports each.
 *
 * Owns: the messages between a fleet and its processes; running a seed a second time, and making a failing run's choices
 * fewer. Does not own: which seeds are run (`fleet`).
 */

import '../../node-floor';
import type { PlantedBug } from '../../../framework/planted-bugs';
import { plantBug } from '../../../framework/planted-bugs';
import type { ProfileName } from '../faults/fault-profile';
import { plantedRun } from './planted-runs';
import type { Choice } from '../world/random';
import { drawScenario, scenarioText } from './scenario';
import type { Prescribed } from './scenario';
import { runSeed } from './seed-run';
import { shrink } from './shrink';
import type { WorkloadName } from '../workloads/workloads';

/** What all seeds of a fleet have in common. */
export interface Terms {
  readonly profile: ProfileName | null;
  readonly workload: WorkloadName | null;
  /** Sought under what is prescribed for it. */
  readonly bug: PlantedBug | null;
  /** False: runs what is prescribed for the bug without it. */
  readonly planted: boolean;
}

export interface SeedOrder {
  readonly seed: number;
  readonly terms: Terms;
  /** Run it twice and compare the traces. */
  readonly twice: boolean;
  /** If it fails, look for fewer choices that make it fail; runs of the seed that this may cost. */
  readonly shrinkRuns: number;
}

export interface SeedReport {
  readonly seed: number;
  readonly scenario: string;
  readonly fault: string | null;
  readonly operations: number;
  readonly simulatedMs: number;
  readonly counts: readonly (readonly [string, number])[];
  readonly hash: string;
  /** Runs of the simulator that this report took. */
  readonly runs: number;
  /** Of a failing run, fewer if that was asked for. */
  readonly choices: readonly Choice[] | null;
}

export async function reportOf({ seed, terms, twice, shrinkRuns }: SeedOrder): Promise<SeedReport> {
  plantBug(terms.planted ? terms.bug : null);
  const scenario = drawScenario(seed, prescribedBy(terms));
  const run = await runSeed(scenario);
  let { fault } = run;
  if (twice && fault === null) {
    const { hash } = await runSeed(scenario);
    if (hash !== run.hash) fault = `not deterministic: the second run's trace has the hash ${hash}, not ${run.hash}`;
  }
  let runs = twice ? 2 : 1;
  let choices: readonly Choice[] | null = null;
  if (fault !== null) {
    const fails = async (only: readonly Choice[]): Promise<boolean> => {
      runs += 1;
      return (await runSeed(scenario, { only })).fault !== null;
    };
    choices = shrinkRuns === 0 ? run.choices : await shrink(run.choices, fails, shrinkRuns);
  }
  const { operations, simulatedMs, hash } = run;
  return {
    seed,
    scenario: scenarioText(scenario),
    fault,
    operations,
    simulatedMs,
    counts: [...run.counts],
    hash,
    runs,
    choices,
  };
}

export function prescribedBy({ profile, workload, bug }: Terms): Prescribed {
  return {
    ...(bug === null ? {} : plantedRun(bug)),
    ...(profile === null ? {} : { profiles: [profile] }),
    ...(workload === null ? {} : { workloads: [workload] }),
  };
}

if (require.main === module && process.send !== undefined) {
  process.on('message', (order: SeedOrder) => {
    void reportOf(order).then((report) => process.send?.(report));
  });
  process.on('disconnect', () => process.exit());
}

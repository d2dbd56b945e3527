/**
 * Scenario: everything about a run that is chosen before it begins, out of its seed.
 *
 * Owns: what is drawn and how often, and what a run may prescribe instead. Does not own: carrying it out (`seed-run`),
 * faults of single events (they are drawn where they happen).
 *
 * Each choice has a stream of its own: prescribing one moves no other.
 */

import type { FaultProfile, HostFaults, ProfileName } from '../faults/fault-profile';
import { mixOf, PROFILES, profileOf } from '../faults/fault-profile';
import type { Range, SimStream } from '../world/random';
import { World } from '../world/world';
import type { WorkloadName } from '../workloads/workloads';
import { WORKLOAD_NAMES } from '../workloads/workloads';

export interface Scenario {
  readonly seed: number;
  readonly site: 'cluster' | 'embedded';
  readonly profile: FaultProfile;
  readonly workloads: readonly WorkloadName[];
  readonly hosts: number;
  /** Of the hosts, how many boot only while callers are at work already. */
  readonly latecomers: number;
  readonly shards: number;
  /** Business ids of each workload. */
  readonly ids: number;
  /** Callers of each workload. */
  readonly callers: number;
  /** Steps that may share a record. */
  readonly turnSteps: number;
  /** Client operations of all callers together, at least. */
  readonly operations: number;
  /** By how much callers stretch the pauses between their operations. */
  readonly pace: number;
  /** How long a call is sent again before it is given up. */
  readonly patienceMs: number;
  /** Faults come in waves of these lengths, in milliseconds; null: they never cease. */
  readonly waves: { readonly roughMs: Range; readonly calmMs: Range } | null;
  /** Mean time between two versions of the code; 0: there is one. */
  readonly releaseEveryMs: number;
  /** When everything stands still for an hour; null for never. */
  readonly hourAtMs: number | null;
}

/** What is prescribed rather than drawn. */
export interface Prescribed extends Partial<Omit<Scenario, 'seed'>> {
  /** In place of the drawn ones; how hosts die is drawn all the same. */
  readonly profiles?: readonly ProfileName[];
}

const SECOND_MS = 1_000;
/** Client operations of a seed. */
export const OPERATIONS = 200;
const PATIENCE_MS = 60 * SECOND_MS;
/** Where they are few, what belongs together is often written apart. */
const TURN_STEPS = [1, 2, 1_000] as const;

/** Profiles that a scenario may draw, each with its weight; `amnesia` breaks what a store promises. */
const WEIGHTS: Readonly<Record<Exclude<ProfileName, 'amnesia'>, number>> = {
  calm: 1,
  lossy: 3,
  'slow-network': 2,
  'late-writes': 2,
  'paxos-unknown': 2,
  'replica-down': 2,
  'replica-cut': 2,
  'host-cut': 2,
  'network-cut': 2,
  'no-read-repair': 2,
  clocks: 2,
  pauses: 2,
  suspicion: 3,
  'half-way': 2,
  'lone-rows': 1,
  disk: 1,
  storm: 3,
};
const DRAWN = Object.entries(WEIGHTS).flatMap(([name, weight]) =>
  Array.from({ length: weight }, () => name as keyof typeof WEIGHTS),
);

export function drawScenario(seed: number, { profiles, ...prescribed }: Prescribed = {}): Scenario {
  const { random } = new World({ seed });
  const of = (name: string): SimStream => random.stream(`scenario.${name}`);
  const site = prescribed.site ?? (of('site').float() < 0.1 ? 'embedded' : 'cluster');
  const hosts = Math.min(3 + of('hosts').below(3), 3 + of('hosts').below(3));
  const drawn: Scenario = {
    seed,
    site,
    profile: profileWith(profiles ?? drawProfile(of('profile'), site), of('deaths')),
    workloads: drawWorkloads(of('workloads')),
    hosts,
    latecomers: of('latecomers').float() < 0.3 ? 1 : 0,
    shards: Math.min(2 + of('shards').below(7), 2 + of('shards').below(7)),
    ids: 1 + of('ids').below(4),
    callers: 2 + of('callers').below(3),
    turnSteps: of('turn-steps').of(TURN_STEPS),
    operations: OPERATIONS,
    pace: 2 ** (of('pace').float() * 4 - 4.5),
    patienceMs: drawPatience(of('patience')),
    waves: drawWaves(of('waves')),
    releaseEveryMs: of('release').float() < 0.3 ? 20 * SECOND_MS : 0,
    hourAtMs: of('hour').float() < 0.06 ? 30 * SECOND_MS * of('hour').float() : null,
  };
  return { ...drawn, ...prescribed };
}

/** One line. */
export function scenarioText({ profile, workloads, waves, ...rest }: Scenario): string {
  const told = Object.entries(rest).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? round(value) : value}`,
  );
  const waved =
    waves === null ? 'no waves' : `waves ${waves.roughMs.map(round).join('-')}/${waves.calmMs.map(round).join('-')}`;
  const { crashEveryMs, drainEveryMs, halfWay } = profile.hosts;
  const deaths = `crash every ${round(crashEveryMs)}, drain every ${round(drainEveryMs)}, half-way ${round(halfWay)}`;
  return `${profile.name}; ${workloads.join(', ')}; ${told.join(', ')}, ${waved}, ${deaths}`;
}

function drawProfile(draw: SimStream, site: Scenario['site']): readonly ProfileName[] {
  const many = draw.float();
  const names: ProfileName[] = Array.from({ length: many < 0.4 ? 1 : many < 0.85 ? 2 : 3 }, () => draw.of(DRAWN));
  if (site === 'embedded') names.push('disk');
  return [...new Set(names)];
}

/** The named profiles together, and how hosts die beside. */
function profileWith(names: readonly ProfileName[], deaths: SimStream): FaultProfile {
  const mixed = mixOf(names.map((name) => PROFILES[name]));
  const [pauseMaxMs, jumpMaxMs] = [10 ** (3 + deaths.float() * 2), 10 ** (3 + deaths.float() * 3)];
  const hosts: Partial<HostFaults> = {
    crashEveryMs: deaths.between([2.5 * SECOND_MS, 12 * SECOND_MS]),
    drainEveryMs: deaths.between([3 * SECOND_MS, 15 * SECOND_MS]),
    crashWithin: 10 ** (1 + Math.floor(deaths.float() * 2)),
    ...(deaths.float() < 0.2 ? { halfWay: 0.03 } : {}),
  };
  return profileOf(mixed.name, { hosts, process: { pauseMaxMs, jumpMaxMs } }, mixed);
}

function drawWorkloads(draw: SimStream): readonly WorkloadName[] {
  const count = 1 + draw.below(3);
  const drawn = new Set(Array.from({ length: count }, () => draw.of(WORKLOAD_NAMES)));
  return WORKLOAD_NAMES.filter((name) => drawn.has(name));
}

function drawPatience(draw: SimStream): number {
  const [least, most] = draw.float() < 0.1 ? [SECOND_MS, 5 * SECOND_MS] : [PATIENCE_MS / 2, PATIENCE_MS * 2];
  return draw.between([least, most]);
}

function drawWaves(draw: SimStream): Scenario['waves'] {
  const [unceasing, rough, calm] = [draw.float() < 0.05, draw.float(), draw.float()];
  if (unceasing) return null;
  return { roughMs: [SECOND_MS, (2 + 12 * rough) * SECOND_MS], calmMs: [SECOND_MS, (2 + 12 * calm) * SECOND_MS] };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/**
 * Seed run: one scenario from its first boot to its verdict.
 *
 * Owns: the order of a run: work under faults until there were enough operations and epochs, healing, rest, the verdicts
 * of the workloads. Does not own: what is drawn (`scenario`), hosts (`cluster`), what callers do (`workload`).
 *
 * A run fails with the first of: an alarm of a host, a verdict, no answer or no rest after healing, an error of the
 * simulation itself.
 */

import { TIMER_RECHECK_MS } from '../../config';
import { directoryDifference } from '../audit/directory-audit';
import { States } from '../audit/states';
import { unfiredTimer, unfoundWake } from '../audit/wake-audit';
import type { SimCaller } from '../workloads/caller';
import { callerOf } from '../workloads/caller';
import type { ExportedHistory } from '../checkers/export';
import { SimCluster } from '../sites/cluster';
import { EmbeddedSite } from '../sites/embedded-site';
import { FaultDial } from '../faults/fault-profile';
import type { ReadHistory } from '../audit/invariants';
import { Invariants } from '../audit/invariants';
import type { Choice } from '../world/random';
import type { Scenario } from './scenario';
import type { Code, Site } from '../sites/site';
import { label } from '../world/trace';
import type { TraceListener } from '../world/trace';
import { Weather } from '../faults/weather';
import { Witness } from '../network/witness';
import type { More, RunContext, Workload } from '../workloads/workload';
import { WORKLOADS } from '../workloads/workloads';
import { World } from '../world/world';

export interface SeedOptions {
  /** Only these choices may be made. */
  readonly only?: readonly Choice[];
  readonly listener?: TraceListener;
}

export interface SeedRun {
  /** Null when everything holds. */
  readonly fault: string | null;
  /** Calls that callers made. */
  readonly operations: number;
  /** Of the shard that changed hands least often. */
  readonly epochs: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly choices: readonly Choice[];
  readonly simulatedMs: number;
  readonly events: number;
  readonly hash: string;
  /** What was asked and answered, for the real Porcupine. */
  readonly histories: () => readonly ExportedHistory[];
}

/** Epochs of each shard that a run goes on for. */
export const EPOCHS = 6;
const LONGEST_WORK_MS = 24 * 3_600_000;
/** Longer than it takes until a host is taken for dead. */
const DEATH_MS = 10_000;
/** Most hosts have handed over their shards within this time, and are back. */
const HAND_OVER_MS = 3_000;
const HAND_OVERS = 100;
/** The healed site answers and comes to rest within this time. */
const HEALED_MS = 60_000;
/** Within this time a host has seen that its wall clock was set, and an activity has been tried again. */
const CLOCKS_SET_MS = TIMER_RECHECK_MS + 1_000;
/** Within this time the healed site's index has come after its histories. */
const WAKES_MS = 10_000;
/** It rests when nothing but heartbeats was written for so long. */
const REST_MS = 3_000;
const AUDIT_MS = 30 * 60_000;
const VERSIONS = 3;
/** When hosts boot that join a cluster at work. */
const LATE_BOOT_MS = 20_000;
const RELEASE = label('run.release');

export async function runSeed(scenario: Scenario, options: SeedOptions = {}): Promise<SeedRun> {
  const { stackTraceLimit } = Error;
  if (options.listener === undefined) Error.stackTraceLimit = 0;
  try {
    return await new Run(scenario, options).go();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** One workload of a run. */
interface Part {
  readonly workload: Workload;
  /** Its callers have not made its share of the operations yet, all together: none waits for a slow one. */
  readonly more: More;
}

class Run {
  private readonly world: World;
  private readonly dial: FaultDial;
  private readonly parts: readonly Part[];
  private readonly workloads: readonly Workload[];
  private readonly site: Site;
  private readonly weather: Weather;
  private readonly callers: SimCaller[] = [];
  private readonly ids: readonly string[];
  private readonly witness = new Witness();
  private readonly states = new States();
  private invariants: Invariants | null = null;
  private readonly auditor: SimCaller;
  private readonly readHistory: ReadHistory;
  private ticks = 0;
  private healed = false;

  constructor(
    private readonly scenario: Scenario,
    options: SeedOptions,
  ) {
    this.world = new World({ seed: scenario.seed, ...options });
    this.dial = new FaultDial(scenario.profile);
    this.ids = Array.from({ length: scenario.ids }, (_, i) => `k-${i + 1}`);
    const { world, versions, ids } = this;
    const context: Omit<RunContext, 'tick'> = {
      world,
      ids,
      versions,
      witness: this.witness,
      positionOf: (request) => this.invariants?.positionOf(request),
    };
    this.parts = scenario.workloads.map((name) => this.part((tick) => WORKLOADS[name]({ ...context, tick })));
    this.workloads = this.parts.map(({ workload }) => workload);
    this.site = this.siteOf();
    this.auditor = this.caller('auditor', HEALED_MS);
    this.readHistory = this.site.historiesFor(this.auditor.process);
    this.weather = new Weather(world, {
      dial: this.dial,
      scenario,
      processes: () => this.processes(),
      progress: () => this.ticks,
      mend: () => this.site.mend(),
    });
  }

  async go(): Promise<SeedRun> {
    const { world } = this;
    let fault: string | null;
    try {
      fault = await this.course();
    } catch (error) {
      fault = `the run itself failed at ${world.nowMs} ms: ${String(error instanceof Error ? (error.stack ?? error) : error)}`;
    }
    return {
      fault,
      operations: this.operations,
      epochs: this.site.leastEpoch,
      counts: world.counts,
      choices: world.random.choices,
      simulatedMs: world.nowMs,
      events: world.events,
      hash: world.trace.hash,
      histories: () => this.workloads.flatMap((workload) => workload.histories?.() ?? []),
    };
  }

  private get versions(): number {
    return this.scenario.releaseEveryMs === 0 ? 1 : VERSIONS;
  }

  private get operations(): number {
    return Math.floor(this.ticks / 2);
  }

  private async course(): Promise<string | null> {
    const { world, site } = this;
    const working = this.parts.flatMap((part) => this.callersOf(part));
    const { weather } = this;
    this.release();
    await world.complete(Promise.all(working), LONGEST_WORK_MS);
    weather.end();
    await this.rotate();
    this.healed = true;
    site.heal();
    for (const { process } of this.callers) process.resume();
    const unfound = await this.wakes();
    this.auditor.clock.catchUp();
    await world.run({ untilMs: world.nowMs + CLOCKS_SET_MS });
    const unfired = unfound ?? (await this.fires());
    await this.settle();
    const fault = site.alarms[0] ?? unfired ?? (await this.rest()) ?? (await this.audit()) ?? (await this.rest());
    return site.alarms[0] ?? fault;
  }

  private part(make: (tick: () => number) => Workload): Part {
    const { operations, workloads } = this.scenario;
    const share = Math.ceil(operations / workloads.length);
    let ticks = 0;
    const workload = make(() => {
      ticks += 1;
      return (this.ticks += 1);
    });
    return { workload, more: () => ticks < 2 * share };
  }

  private callersOf({ workload, more }: Part): Promise<void>[] {
    return Array.from({ length: this.scenario.callers }, (_, i) => {
      const caller = this.caller(`${workload.name}.${i + 1}`);
      this.callers.push(caller);
      return workload.call(caller, more);
    });
  }

  private caller(name: string, patienceMs = this.scenario.patienceMs): SimCaller {
    const { site, dial, scenario } = this;
    const { pace } = scenario;
    return callerOf({ name, site, dial, witness: this.witness, pace, patienceMs, ahead: () => this.ahead });
  }

  /** Callers are further on than the epochs and than the weather: what is left of their work is spread over both. */
  private get ahead(): boolean {
    const { world, site, weather, scenario } = this;
    if (this.healed || world.nowMs > weather.endsMs || this.enoughEpochs) return false;
    return this.operations / scenario.operations > Math.max((site.leastEpoch + 1) / EPOCHS, weather.passed);
  }

  private get enoughEpochs(): boolean {
    return this.site.leastEpoch >= EPOCHS;
  }

  /** All die at once; then one host after the other ends in order, until each shard has changed hands often enough. */
  private async rotate(): Promise<void> {
    const { machines } = this.site;
    if (this.enoughEpochs) return;
    for (const machine of machines) {
      machine.heal();
      machine.process?.crash();
    }
    await this.pass(DEATH_MS);
    for (let turn = 0; turn < HAND_OVERS && !this.enoughEpochs; turn += 1) {
      const machine = machines[turn % machines.length];
      machine?.heal();
      machine?.drain();
      await this.pass(HAND_OVER_MS);
    }
  }

  private async pass(withinMs: number): Promise<void> {
    await this.world.run({ untilMs: this.world.nowMs + withinMs, stop: () => this.enoughEpochs });
  }

  /** Null once nothing but heartbeats is written any more. */
  private async rest(): Promise<string | null> {
    const { world, site } = this;
    const untilMs = world.nowMs + HEALED_MS;
    const sinceMs = world.nowMs;
    const resting = (): boolean => world.nowMs - Math.max(site.writtenAtMs, sinceMs) > REST_MS;
    await world.run({ untilMs, stop: resting });
    return resting() ? null : `the healed site is still writing ${HEALED_MS} ms after it was healed`;
  }

  /** Ends what would never come to rest by itself. */
  private async settle(): Promise<void> {
    const { world, auditor } = this;
    for (const workload of this.workloads) {
      if (workload.settle) await world.complete(workload.settle(auditor), world.nowMs + AUDIT_MS);
    }
  }

  private async audit(): Promise<string | null> {
    const { world, workloads, auditor } = this;
    const behind = await this.directory(auditor);
    if (behind !== null) return behind;
    const broken = await this.histories(auditor);
    for (const workload of workloads) {
      const verdict = await world.complete(workload.verdict(auditor), world.nowMs + AUDIT_MS);
      if (verdict !== null) return `${workload.name}: ${verdict}`;
    }
    return broken;
  }

  private get looked() {
    const { world, ids, witness, readHistory, versions, states } = this;
    const entities = this.workloads.flatMap((workload) => workload.entities(versions));
    return { world, states, readHistory, entities, ids, told: witness.told };
  }

  /** Before anybody asks for an entity: its owner would enter it again. */
  private wakes(): Promise<string | null> {
    const store = this.site.sharedStore(this.auditor.process);
    return store === null ? Promise.resolve(null) : unfoundWake({ ...this.looked, store, withinMs: WAKES_MS });
  }

  /** Before anybody asks for an entity: it would look at its timers. */
  private fires(): Promise<string | null> {
    return unfiredTimer({ ...this.looked, clock: this.auditor.clock, withinMs: HEALED_MS });
  }

  /** Before anybody asks for an entity: its owner would list it again. */
  private directory(auditor: SimCaller): Promise<string | null> {
    const { listed } = this.site;
    const oneBuild = this.versions === 1;
    return directoryDifference({ ...this.looked, auditor, listed, oneBuild, withinMs: HEALED_MS });
  }

  /** What holds of any entity, whatever was asked of it. */
  private async histories(auditor: SimCaller): Promise<string | null> {
    const { world, site, workloads, ids, witness, states } = this;
    const invariants = new Invariants({
      entities: workloads.flatMap((workload) => workload.entities(this.versions)),
      ids,
      told: witness.told,
      states,
      attempts: workloads.flatMap(({ outside }) => outside?.attempts ?? []),
      notesKept: site.notesKept,
      isUnseen: (key) => site.isUnseen(key),
    });
    const gathered = invariants.gather(auditor, this.readHistory);
    await world.complete(gathered, world.nowMs + AUDIT_MS);
    const broken = await invariants.judge();
    this.invariants = invariants;
    return broken;
  }

  private release(): void {
    const { releaseEveryMs } = this.scenario;
    if (releaseEveryMs === 0) return;
    const draw = this.world.random.stream('releases');
    const next = (): void => {
      if (this.healed) return;
      if (draw.chance(1)) this.site.release();
      this.world.inside(this.world.nowMs + draw.between([0, 2 * releaseEveryMs]), RELEASE, next);
    };
    this.world.inside(draw.between([0, 2 * releaseEveryMs]), RELEASE, next);
  }

  private processes() {
    const hosts = this.site.machines.flatMap(({ process }) => process ?? []);
    return [...hosts, ...this.callers.map(({ process }) => process)];
  }

  private siteOf(): Site {
    const { world, dial, scenario, workloads } = this;
    const { hosts, latecomers, shards } = scenario;
    const code: Code = {
      versions: this.versions,
      turnSteps: scenario.turnSteps,
      entities: (version) => workloads.flatMap((workload) => workload.entities(version)),
      activities: (host) => workloads.flatMap((workload) => workload.activities?.(host) ?? []),
    };
    if (scenario.site === 'embedded') return new EmbeddedSite(world, { dial, code });
    const bootsMs = Array.from({ length: hosts }, (_, i) => (i < hosts - latecomers ? 0 : LATE_BOOT_MS));
    return new SimCluster(world, { dial, bootsMs, shards, code });
  }
}

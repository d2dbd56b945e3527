/**
 * Machine: one computer of a simulated site, on which a process runs after another.
 *
 * Owns: booting, being down, the processes' clocks, that a process begins with the newest code. Does not own: what the
 * process runs (the site), what goes wrong with it (`disturbance`).
 *
 * Invariant: at most one process of a machine lives. Wall-clock jumps outlive it, for they are the machine's.
 */

import { disturbHost, disturbProcess, drawDriftPpm } from '../faults/disturbance';
import type { FaultDial } from '../faults/fault-profile';
import type { SimStream } from './random';
import { SimClock } from './sim-clock';
import { SimProcess } from './sim-process';
import type { StoreLinks } from '../store/store-links';
import { label } from './trace';
import type { World } from './world';

/** One process of a machine, from its boot to its death. */
export interface Life {
  readonly process: SimProcess;
  readonly clock: SimClock;
  /** Of the code it runs, 1 being the first. */
  readonly version: number;
  /** Ends the program in order; set by what runs, null while it cannot. */
  drain: (() => Promise<void>) | null;
}

export interface MachineOptions {
  readonly name: string;
  readonly dial: FaultDial;
  /** To the store, where there are any. */
  readonly links: StoreLinks | null;
  readonly version: () => number;
  /** Called inside the process. */
  readonly run: (life: Life) => void;
}

const BOOT = label('machine.boot');

export class Machine {
  readonly name: string;
  private life: Life | null = null;
  private readonly draw: SimStream;
  private draining = false;
  private healed = false;

  constructor(
    private readonly world: World,
    private readonly options: MachineOptions,
  ) {
    this.name = options.name;
    this.draw = world.random.stream(`machine.${options.name}`);
  }

  /** Null while the machine is down. */
  get process(): SimProcess | null {
    return this.life?.process ?? null;
  }

  /** Starts the machine at that virtual time. */
  bootAt(timeMs: number, startMs?: number): void {
    this.world.inside(timeMs, BOOT, () => this.boot(startMs));
  }

  /** Its clock is set, who is paused wakes, no death is on its way, and old code gives way to the newest. */
  heal(): void {
    this.healed = true;
    const { life } = this;
    if (life === null) return;
    life.clock.catchUp();
    life.process.crashAtIssue(Infinity);
    life.process.resume();
    if (life.version === this.options.version()) return;
    if (life.drain === null) life.process.exit();
    else this.drain();
  }

  /** Ends the process in order, if it can; the machine starts again afterwards. */
  drain(): void {
    const { life } = this;
    if (life === null || this.draining || life.drain === null) return;
    this.world.count('machine.drain');
    this.draining = true;
    const { drain, process } = life;
    process.enter(() => void drain().then(() => process.exit()));
  }

  private boot(startMs: number | undefined): void {
    const { world, draw } = this;
    const { name, dial, links, version, run } = this.options;
    const process = new SimProcess(world, name);
    const driftPpm = drawDriftPpm(world, dial);
    const clock = new SimClock(process, startMs === undefined ? { driftPpm } : { driftPpm, startMs });
    if (this.healed) clock.catchUp();
    const life: Life = { process, clock, version: version(), drain: null };
    this.life = life;
    this.draining = false;
    disturbProcess(process, clock, dial);
    disturbHost(process, links, dial, () => this.drain());
    process.onDeath(() => {
      this.life = null;
      this.bootAt(world.nowMs + draw.between(dial.profile.hosts.downMs), clock.startMs);
    });
    process.enter(() => run(life));
  }
}

/**
 * Weather: faults come in waves, and once in a long while everything stands still for an hour.
 *
 * Owns: when the dial is turned, what is mended with it, and who wakes when after the hour. Does not own: what goes
 * wrong meanwhile.
 *
 * A calm lasts until callers have got on, within bounds: a world in which nothing is ever answered tests little. In most
 * calms what is cut or down comes back at once; in the others it takes its time.
 */

import type { FaultDial } from './fault-profile';
import { PROFILES, profileOf } from './fault-profile';
import type { SimEvent } from '../world/event-queue';
import type { SimStream } from '../world/random';
import type { Scenario } from '../runs/scenario';
import type { SimProcess } from '../world/sim-process';
import { label } from '../world/trace';
import type { World } from '../world/world';

export interface WeatherOptions {
  readonly dial: FaultDial;
  readonly scenario: Pick<Scenario, 'profile' | 'waves' | 'hourAtMs'>;
  /** Those that live when it is asked. */
  readonly processes: () => readonly SimProcess[];
  /** Grows with every answer that a caller gets. */
  readonly progress: () => number;
  /** Whatever is cut off or down is back. */
  readonly mend: () => void;
}

const TURN = label('weather.turn');
const HOUR = label('weather.hour');
const HOUR_MS = 3_600_000;
/** Who sleeps through the hour is that much later than the others at most. */
const AWAKE_EARLY_MS = 120_000;
/** By then a machine that was down has booted, and sleeps too. */
const BOOTED_MS = 15_000;
/** Nothing goes wrong any more after so long, the hour apart: callers that are not done yet get done. */
const ROUGH_MS = 50_000;
/** A calm in which nothing gets on is longer by as much as this, so many times at most. */
const LONGER_MS = 2_000;
const LONGER_TIMES = 8;
const MENDS = 0.75;

export class Weather {
  private readonly draw: SimStream;
  private pending: SimEvent | null = null;
  private over = false;

  constructor(
    private readonly world: World,
    private readonly options: WeatherOptions,
  ) {
    this.draw = world.random.stream('weather');
    const { hourAtMs } = options.scenario;
    if (hourAtMs !== null) world.inside(hourAtMs, HOUR, () => this.hour());
    this.rough();
  }

  /** When it becomes calm by itself, for ever. */
  get endsMs(): number {
    return ROUGH_MS + (this.options.scenario.hourAtMs === null ? 0 : HOUR_MS);
  }

  /** Of the time in which things go wrong, that part of it which is behind; negative before the hour, 1 at the end. */
  get passed(): number {
    return 1 - (this.endsMs - this.world.nowMs) / ROUGH_MS;
  }

  /** Calm for ever. */
  end(): void {
    this.over = true;
    this.turn(PROFILES.calm);
  }

  private rough(): void {
    const { waves, profile } = this.options.scenario;
    if (this.world.nowMs >= this.endsMs) return this.end();
    this.turn(profile);
    if (waves === null) this.next(ROUGH_MS, () => this.rough());
    else this.next(this.draw.between(waves.roughMs), () => this.calm(this.draw.between(waves.calmMs)));
  }

  /** Hosts are still ended in order and started again: that is what calm weather is used for. */
  private calm(forMs: number): void {
    const { drainEveryMs } = this.options.scenario.profile.hosts;
    this.turn(profileOf('calm', { hosts: { drainEveryMs } }));
    if (this.draw.float() < MENDS) this.options.mend();
    const before = this.options.progress();
    const later = (times: number) => (): void => {
      if (this.options.progress() > before || times === LONGER_TIMES) this.rough();
      else this.next(LONGER_MS, later(times + 1));
    };
    this.next(forMs, later(0));
  }

  private turn(profile: Scenario['profile']): void {
    if (this.pending !== null) this.world.cancel(this.pending);
    this.pending = null;
    this.options.dial.turn(profile);
  }

  private next(inMs: number, then: () => void): void {
    this.pending = this.world.inside(this.world.nowMs + inMs, TURN, then);
  }

  /** One process sleeps the whole hour; the others wake before it, and may have replaced it by then. */
  private hour(): void {
    const processes = this.options.processes();
    const last = processes[this.draw.below(processes.length)] ?? null;
    if (this.over || !this.draw.chance(1)) return;
    this.world.count('process.hour');
    const untilMs = this.world.nowMs + HOUR_MS;
    for (const process of processes) process.resume();
    this.sleep(untilMs, last);
    this.world.inside(this.world.nowMs + BOOTED_MS, HOUR, () => this.sleep(untilMs, last));
    this.turn(PROFILES.calm);
    this.next(HOUR_MS - AWAKE_EARLY_MS, () => this.rough());
  }

  private sleep(untilMs: number, last: SimProcess | null): void {
    for (const process of this.options.processes()) {
      const earlyMs = process === last ? 0 : this.draw.float() * AWAKE_EARLY_MS;
      process.pause(untilMs - earlyMs - this.world.nowMs);
    }
  }
}

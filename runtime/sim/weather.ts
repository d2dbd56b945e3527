/**
 * Weather: faults come in waves, and once in a long while everything stands still for an hour.
 *
 * Owns: when the dial is turned, and who wakes when after the hour. Does not own: what goes wrong meanwhile.
 */

import type { FaultDial } from './fault-profile';
import { PROFILES } from './fault-profile';
import type { SimEvent } from './event-queue';
import type { SimStream } from './random';
import type { Scenario } from './scenario';
import type { SimProcess } from './sim-process';
import { label } from './trace';
import type { World } from './world';

const TURN = label('weather.turn');
const HOUR = label('weather.hour');
const HOUR_MS = 3_600_000;
/** Who sleeps through the hour is that much later than the others at most. */
const AWAKE_EARLY_MS = 120_000;
/** Nothing goes wrong any more after so long, the hour apart: callers that are not done yet get done. */
export const ROUGH_MS = 10 * 60_000;

export class Weather {
  private readonly draw: SimStream;
  private pending: SimEvent | null = null;

  /** `processes`: those that live when it is asked. */
  constructor(
    private readonly world: World,
    private readonly dial: FaultDial,
    private readonly scenario: Scenario,
    private readonly processes: () => readonly SimProcess[],
  ) {
    this.draw = world.random.stream('weather');
    const { hourAtMs } = scenario;
    if (hourAtMs !== null) world.inside(hourAtMs, HOUR, () => this.hour());
    this.rough();
  }

  /** When it becomes calm by itself, for ever. */
  get endsMs(): number {
    return ROUGH_MS + (this.scenario.hourAtMs === null ? 0 : HOUR_MS);
  }

  /** Calm for ever. */
  end(): void {
    this.turn(true, null);
  }

  private rough(): void {
    const { waves } = this.scenario;
    if (this.world.nowMs > this.endsMs) return this.turn(true, null);
    this.turn(false, {
      forMs: waves === null ? ROUGH_MS : this.draw.between(waves.roughMs),
      then: () => this.calm(),
    });
  }

  private calm(): void {
    const { waves } = this.scenario;
    this.turn(true, { forMs: waves === null ? 0 : this.draw.between(waves.calmMs), then: () => this.rough() });
  }

  private turn(calm: boolean, next: { readonly forMs: number; readonly then: () => void } | null): void {
    const { world, dial } = this;
    if (this.pending !== null) world.cancel(this.pending);
    dial.turn(calm ? PROFILES.calm : this.scenario.profile);
    this.pending = next && world.inside(world.nowMs + next.forMs, TURN, next.then);
  }

  /** One process sleeps the whole hour; the others wake before it, and may have replaced it by then. */
  private hour(): void {
    const processes = this.processes();
    const last = this.draw.below(processes.length);
    if (!this.draw.chance(1)) return;
    this.world.count('process.hour');
    for (const [i, process] of processes.entries()) {
      process.resume();
      process.pause(HOUR_MS - (i === last ? 0 : this.draw.float() * AWAKE_EARLY_MS));
    }
    this.turn(true, { forMs: HOUR_MS - AWAKE_EARLY_MS, then: () => this.rough() });
  }
}

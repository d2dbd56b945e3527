/**
 * Heartbeat: the row by which the other hosts know that this session lives (C3).
 *
 * Owns: writing it every HEARTBEAT_MS, and at once when what it says has changed; one write at a time, each with a beat
 * of its own. Does not own: what it says (`member`), what others make of it (`membership`).
 *
 * Invariant: a host that has not been answered for D stops beating: one that writes but cannot read serves nobody, and
 * the others must be able to take its shards.
 */

import { HEARTBEAT_MS } from '../config';
import type { Clock } from '../ports/clock';
import type { Beat, ClusterStore } from '../ports/cluster-store';
import { pause, untilOk } from './until-ok';

export interface HeartbeatSettings {
  readonly store: Pick<ClusterStore, 'writeBeat'>;
  readonly clock: Clock;
  readonly says: (beat: number) => Beat;
  /** Whether a write was acknowledged. */
  readonly told: (acknowledged: boolean) => void;
  /** The session lives. */
  readonly alive: () => boolean;
  /** The store has answered it not long ago. */
  readonly answered: () => boolean;
}

export class Heartbeat {
  private beat = 0;
  private writing = false;
  private changed = false;

  constructor(private readonly settings: HeartbeatSettings) {}

  /** Until the row is at quorum for the first time; false when `wanted` said no before. */
  first(wanted: () => boolean): Promise<boolean> {
    const { store, clock, says } = this.settings;
    return untilOk(clock, wanted, () => store.writeBeat(says((this.beat += 1))));
  }

  /** Goes on until the session is dead. */
  async start(): Promise<void> {
    const { clock, alive, answered } = this.settings;
    while (alive()) {
      if (answered()) await this.write();
      await pause(clock, HEARTBEAT_MS);
    }
  }

  /** What the row says has changed. */
  soon(): void {
    this.changed = true;
    if (!this.writing && this.settings.alive() && this.settings.answered()) void this.write();
  }

  private async write(): Promise<void> {
    const { store, says, told, alive } = this.settings;
    if (this.writing) return;
    this.writing = true;
    do {
      this.changed = false;
      told((await store.writeBeat(says((this.beat += 1)))) === 'ok');
    } while (this.changed && alive());
    this.writing = false;
  }
}

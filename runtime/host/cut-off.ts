/**
 * Cut off: whether a host that its clients cannot reach should give its shards to another (C3).
 *
 * Owns: for how long it has been cut off. Pure: time is handed in. Does not own: what is done about it (`member`).
 *
 * Invariant: it gives its shards away only while another live host, that is not leaving itself, says that clients reach
 * it: where nobody is reached, nobody moves.
 */

import { HEARTBEAT_DEAD_MS } from '../config';
import type { Beat } from '../ports/cluster-store';

export class CutOff {
  private sinceMs: number | null = null;

  note(connected: boolean, nowMs: number): void {
    this.sinceMs = connected ? null : (this.sinceMs ?? nowMs);
  }

  /** `others`: rows of the other live hosts. */
  standsAside(others: readonly Beat[], nowMs: number): boolean {
    if (this.sinceMs === null || nowMs - this.sinceMs < HEARTBEAT_DEAD_MS) return false;
    return others.some(({ connected, draining }) => connected && !draining);
  }
}

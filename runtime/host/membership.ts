/**
 * Membership: which of the other hosts may be taken for dead (C3).
 *
 * Owns: what one observer has seen of the heartbeat rows, and for how long of its own running time. Pure: time is handed
 * in. Does not own: reading the rows, marking a session dead, who takes its shards (`placement`).
 *
 * Invariant: a session is suspected only if its row stood unchanged over at least HEARTBEAT_READS answered reads in
 * HEARTBEAT_DEAD_MS, while every heartbeat of the observer itself was acknowledged.
 */

import { HEARTBEAT_DEAD_MS, HEARTBEAT_READS } from '../config';
import type { Beat } from '../ports/cluster-store';

/** A session that owns a shard in an epoch, by its heartbeat row: a hint, never a proof. */
export interface Owner {
  readonly session: string;
  readonly epoch: number;
}

interface Seen {
  readonly beat: Beat;
  /** Since when, and over how many answered reads, the row has stood unchanged. */
  readonly sinceMs: number;
  readonly reads: number;
}

export class Membership {
  private readonly seen = new Map<string, Seen>();
  private owners = new Map<number, Owner>();

  constructor(private readonly self: string) {}

  /** One answered read of all rows, at a time of the observer's monotonic clock. */
  observe(beats: readonly Beat[], nowMs: number): void {
    for (const beat of beats) {
      const before = this.seen.get(beat.session);
      const same = before !== undefined && before.beat.beat === beat.beat;
      this.seen.set(beat.session, same ? { ...before, reads: before.reads + 1 } : { beat, sinceMs: nowMs, reads: 1 });
    }
    this.owners = ownersIn(beats);
  }

  /** The owner of the shard's greatest epoch in the newest rows, dead or not; null if no row names the shard. */
  owner(shard: number): Owner | null {
    return this.owners.get(shard) ?? null;
  }

  /** The observer's own heartbeat was not acknowledged: what it saw so far proves nothing. */
  falter(nowMs: number): void {
    for (const [session, { beat }] of this.seen) this.seen.set(session, { beat, sinceMs: nowMs, reads: 0 });
  }

  suspects(session: string, nowMs: number): boolean {
    const seen = this.seen.get(session);
    if (seen === undefined || session === this.self) return false;
    return nowMs - seen.sinceMs >= HEARTBEAT_DEAD_MS && seen.reads >= HEARTBEAT_READS;
  }

  /** Rows of the hosts that are not suspected. */
  live(nowMs: number): readonly Beat[] {
    return [...this.seen.values()].map(({ beat }) => beat).filter(({ session }) => !this.suspects(session, nowMs));
  }
}

function ownersIn(beats: readonly Beat[]): Map<number, Owner> {
  const owners = new Map<number, Owner>();
  for (const { session, shards } of beats) {
    for (const [shard, epoch] of shards) {
      if (epoch > (owners.get(shard)?.epoch ?? 0)) owners.set(shard, { session, epoch });
    }
  }
  return owners;
}

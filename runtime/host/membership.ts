/**
 * Membership: which hosts there are, and which of them may be taken for dead (C3).
 *
 * Owns: what one observer has seen of the heartbeat rows, and for how long of its own running time. Pure: time is handed
 * in. Does not own: reading the rows, marking a session dead (`death-marks`), who takes its shards (`placement`).
 *
 * Invariants: a session is suspected only if its row stood unchanged over at least HEARTBEAT_READS answered reads in
 * HEARTBEAT_DEAD_MS, while the observer's own heartbeats were acknowledged, at least as many, and none failed. A gap
 * between two reads counts for a third of that time at most: an observer that was paused has seen nothing meanwhile.
 * Rows that are gone are forgotten.
 */

import { HEARTBEAT_DEAD_MS, HEARTBEAT_READS } from '../config';
import type { Beat } from '../ports/cluster-store';
import type { Owner } from '../wire/frame';

interface Seen {
  readonly beat: Beat;
  /** For how long, over how many answered reads and own heartbeats, the row has stood unchanged. */
  readonly watchedMs: number;
  readonly reads: number;
  readonly ownBeats: number;
}

/** Each in the order of the sessions. */
interface Found {
  readonly live: readonly Beat[];
  readonly others: readonly Beat[];
  readonly suspected: readonly Beat[];
}

const LONGEST_GAP_MS = HEARTBEAT_DEAD_MS / HEARTBEAT_READS;

export class Membership {
  private seen = new Map<string, Seen>();
  /** In the order of their sessions. */
  private rows: readonly Beat[] = [];
  private found: Found = { live: [], others: [], suspected: [] };
  private owners = new Map<number, Owner>();
  private readAtMs = 0;
  /** Own heartbeats acknowledged since the last read. */
  private ownBeats = 0;

  constructor(private readonly self: string) {}

  /** One answered read of all rows, at a time of the observer's monotonic clock. */
  observe(beats: readonly Beat[], nowMs: number): void {
    const gapMs = Math.min(nowMs - this.readAtMs, LONGEST_GAP_MS);
    this.seen = new Map(beats.map((beat) => [beat.session, this.look(beat, gapMs)]));
    this.rows = [...beats].sort((a, b) => (a.session < b.session ? -1 : 1));
    this.owners = ownersIn(beats);
    this.readAtMs = nowMs;
    this.ownBeats = 0;
    this.judge();
  }

  /** The owner of the shard's greatest epoch in the newest rows, dead or not; null if no row names the shard. */
  owner(shard: number): Owner | null {
    return this.owners.get(shard) ?? null;
  }

  /** The observer's own heartbeat was acknowledged; or it was not, and what it saw so far proves nothing. */
  told(acknowledged: boolean): void {
    if (acknowledged) {
      this.ownBeats += 1;
      return;
    }
    this.ownBeats = 0;
    for (const [session, { beat }] of this.seen) this.seen.set(session, fresh(beat));
    this.judge();
  }

  has(session: string): boolean {
    return this.seen.has(session);
  }

  suspects(session: string): boolean {
    const seen = this.seen.get(session);
    if (seen === undefined || session === this.self) return false;
    const { watchedMs, reads, ownBeats } = seen;
    return watchedMs >= HEARTBEAT_DEAD_MS && reads >= HEARTBEAT_READS && ownBeats >= HEARTBEAT_READS;
  }

  /** It has a row and is not suspected. */
  lives(session: string): boolean {
    return this.has(session) && !this.suspects(session);
  }

  /** Rows of the hosts that are not suspected, in the order of their sessions. */
  get live(): readonly Beat[] {
    return this.found.live;
  }

  /** Of the live ones, all but the observer's own. */
  get others(): readonly Beat[] {
    return this.found.others;
  }

  get suspected(): readonly Beat[] {
    return this.found.suspected;
  }

  /** Asked for many times between two reads. */
  private judge(): void {
    const live = this.rows.filter(({ session }) => !this.suspects(session));
    const others = live.filter(({ session }) => session !== this.self);
    const suspected = live.length === this.rows.length ? [] : this.rows.filter(({ session }) => this.suspects(session));
    this.found = { live, others, suspected };
  }

  private look(beat: Beat, gapMs: number): Seen {
    const before = this.seen.get(beat.session);
    if (before === undefined || before.beat.beat !== beat.beat) return fresh(beat);
    const { watchedMs, reads, ownBeats } = before;
    return { beat, watchedMs: watchedMs + gapMs, reads: reads + 1, ownBeats: ownBeats + this.ownBeats };
  }
}

function fresh(beat: Beat): Seen {
  return { beat, watchedMs: 0, reads: 1, ownBeats: 0 };
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

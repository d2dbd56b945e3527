/**
 * Placement: which live host should own which shard.
 *
 * Owns: a pure function from the live hosts to an owner per shard, by rendezvous hashing (Thaler and Ravishankar, 1996)
 * with a cap, so that hosts differ by at most one shard and a change moves few of them.
 * Does not own: who is alive (`membership`), moving a shard (`shard/ownership`).
 *
 * Invariant: every host computes the same placement from the same hosts, in whatever order it saw them.
 */

/** A host that may own shards. `ordinal` is that of its build: during a rollout shards move to the newest only (S29). */
export interface Candidate {
  readonly session: string;
  readonly ordinal: number;
}

/** The owner of each shard, by index; empty without hosts. */
export function place(shards: number, hosts: readonly Candidate[]): string[] {
  const newest = Math.max(...hosts.map((host) => host.ordinal));
  const sessions = hosts
    .filter((host) => host.ordinal === newest)
    .map((host) => host.session)
    .sort();
  if (sessions.length === 0) return [];
  const room = new Map(sessions.map((session, index) => [session, roomOf(index, shards, sessions.length)]));
  const owners: string[] = [];
  for (let shard = 0; shard < shards; shard += 1) {
    const owner = bestWithRoom(shard, sessions, room);
    room.set(owner, (room.get(owner) ?? 0) - 1);
    owners.push(owner);
  }
  return owners;
}

function roomOf(index: number, shards: number, hosts: number): number {
  return Math.floor(shards / hosts) + (index < shards % hosts ? 1 : 0);
}

function bestWithRoom(shard: number, sessions: readonly string[], room: ReadonlyMap<string, number>): string {
  let best = '';
  let bestWeight = -1;
  for (const session of sessions) {
    const weight = weigh(shard, session);
    if ((room.get(session) ?? 0) > 0 && weight > bestWeight) [best, bestWeight] = [session, weight];
  }
  return best;
}

/** FNV-1a over the session and the shard, finished as murmur3 does. */
function weigh(shard: number, session: string): number {
  let hash = 0x811c9dc5 ^ shard;
  for (let at = 0; at < session.length; at += 1) hash = Math.imul(hash ^ session.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

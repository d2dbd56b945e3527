/**
 * Placement: which live host should own which shard.
 *
 * Owns: a pure function from the live hosts to an owner per shard, by rendezvous hashing (Thaler and Ravishankar, 1996)
 * with a cap, so that hosts differ by at most one shard and a change moves few of them.
 * Does not own: who is alive (`membership`), moving a shard (`shard/ownership`), which shards were offered (`offers`).
 *
 * Invariants: every host computes the same placement from the same hosts and offers, in whatever order it saw them.
 * During a rollout shards go to the newest build alone, but for those that it has offered to an older one; where no
 * older one is left, those too (S29).
 */

/** A host that may own shards. `ordinal` is that of its build: during a rollout shards move to the newest only (S29). */
export interface Candidate {
  readonly session: string;
  readonly ordinal: number;
}

/** Whether hosts of that build have offered the shard to an older one. */
export type IsOffered = (shard: number, ordinal: number) => boolean;

const NOTHING: IsOffered = () => false;

/** The owner of each shard, by index; empty without hosts. */
export function place(shards: number, hosts: readonly Candidate[], isOffered: IsOffered = NOTHING): string[] {
  if (hosts.length === 0) return [];
  const ordinals = [...new Set(hosts.map(({ ordinal }) => ordinal))].sort((a, b) => b - a);
  const newest = ordinals[0] as number;
  const groups = new Map(ordinals.map((ordinal) => [ordinal, [] as number[]]));
  for (let shard = 0; shard < shards; shard += 1)
    groups.get(ordinals.find((ordinal) => !isOffered(shard, ordinal)) ?? newest)?.push(shard);
  const owners: string[] = [];
  for (const [ordinal, group] of groups) {
    const sessions = hosts.filter((host) => host.ordinal === ordinal).map(({ session }) => session);
    placeAmong(sessions.sort(), group, owners);
  }
  return owners;
}

function placeAmong(sessions: readonly string[], shards: readonly number[], owners: string[]): void {
  const room = new Map(sessions.map((session, index) => [session, roomOf(index, shards.length, sessions.length)]));
  for (const shard of shards) {
    const owner = bestWithRoom(shard, sessions, room);
    room.set(owner, (room.get(owner) ?? 0) - 1);
    owners[shard] = owner;
  }
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

import { HEARTBEAT_DEAD_MS } from '../config';
import type { Beat } from '../ports/cluster-store';
import { Membership } from './membership';

const beat = (session: string, number: number): Beat => {
  return { session, beat: number, build: 'b-1', ordinal: 1, connected: true, draining: false, shards: [] };
};

/** Watches rows that never change, with an own heartbeat before each read. */
function watch(seen: Membership, sessions: readonly string[], times: readonly number[]): void {
  for (const at of times) {
    seen.told(true);
    seen.observe(
      sessions.map((session) => beat(session, 7)),
      at,
    );
  }
}

const EVERY_SECOND = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((second) => second * 1_000);

describe('membership', () => {
  it('suspects a host whose row stood over enough reads for long enough (C3)', () => {
    const seen = new Membership('me');
    watch(seen, ['other'], EVERY_SECOND.slice(0, -1));
    expect(seen.suspects('other')).toBe(false);
    expect(seen.live.map(({ session }) => session)).toEqual(['other']);
    watch(seen, ['other'], [HEARTBEAT_DEAD_MS]);
    expect(seen.suspects('other')).toBe(true);
    expect(seen.live).toEqual([]);
    expect(seen.suspected.map(({ session }) => session)).toEqual(['other']);
  });

  it('counts no more than a third of the time for a gap between two reads, as in an hour of pause (C3)', () => {
    const seen = new Membership('me');
    const hour = 3_600_000;
    watch(seen, ['other'], [0, hour, hour + 1_000, hour + 2_000]);
    expect(seen.suspects('other')).toBe(false);
    watch(seen, ['other'], [2 * hour]);
    expect(seen.suspects('other')).toBe(false);
    watch(seen, ['other'], [3 * hour]);
    expect(seen.suspects('other')).toBe(true);
  });

  it('begins anew with each beat, and when a heartbeat of its own fails (C3)', () => {
    const seen = new Membership('me');
    watch(seen, ['other'], EVERY_SECOND.slice(0, -1));
    seen.observe([beat('other', 8)], HEARTBEAT_DEAD_MS);
    expect(seen.suspects('other')).toBe(false);
    const later = new Membership('me');
    watch(later, ['other'], EVERY_SECOND.slice(0, -1));
    later.told(false);
    watch(later, ['other'], [HEARTBEAT_DEAD_MS, HEARTBEAT_DEAD_MS + 1_000]);
    expect(later.suspects('other')).toBe(false);
  });

  it('suspects nobody while no heartbeat of its own is acknowledged (C3)', () => {
    const seen = new Membership('me');
    for (const at of EVERY_SECOND) seen.observe([beat('other', 7)], at);
    expect(seen.suspects('other')).toBe(false);
  });

  it('knows the owner of a shard by its greatest epoch in the newest rows (C3)', () => {
    const seen = new Membership('me');
    const owning = (session: string, ...shards: [number, number][]): Beat => ({ ...beat(session, 1), shards });
    expect(seen.owner(0)).toBeNull();
    seen.observe([owning('a', [0, 4], [1, 7]), owning('b', [1, 6]), owning('c', [0, 5])], 0);
    expect([0, 1, 2].map((shard) => seen.owner(shard))).toEqual([
      { session: 'c', epoch: 5 },
      { session: 'a', epoch: 7 },
      null,
    ]);
    seen.observe([owning('a', [0, 4]), owning('b', [1, 6]), owning('c')], 1);
    expect(seen.owner(0)).toEqual({ session: 'a', epoch: 4 });
  });

  it('suspects neither itself nor whom it has never seen (C3)', () => {
    const seen = new Membership('me');
    watch(seen, ['me'], EVERY_SECOND);
    expect(seen.suspects('me')).toBe(false);
    expect(seen.suspects('stranger')).toBe(false);
    expect(seen.lives('stranger')).toBe(false);
  });

  it('forgets a host whose row is gone, and begins anew if it comes back (C3)', () => {
    const seen = new Membership('me');
    watch(seen, ['me', 'other'], EVERY_SECOND);
    watch(seen, ['me'], [HEARTBEAT_DEAD_MS + 1_000]);
    expect(seen.suspected).toEqual([]);
    watch(seen, ['me', 'other'], [HEARTBEAT_DEAD_MS + 2_000]);
    expect(seen.lives('other')).toBe(true);
  });
});

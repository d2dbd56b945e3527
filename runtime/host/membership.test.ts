import { HEARTBEAT_DEAD_MS } from '../config';
import type { Beat } from '../ports/cluster-store';
import { Membership } from './membership';

const beat = (session: string, number: number): Beat => {
  return { session, beat: number, build: 'b-1', ordinal: 1, connected: true, draining: false, shards: [] };
};

describe('membership', () => {
  it('suspects a host whose row stood over enough reads for long enough (C3)', () => {
    const seen = new Membership('me');
    for (const at of [0, 3_000, 6_000]) seen.observe([beat('other', 7)], at);
    expect(seen.suspects('other', HEARTBEAT_DEAD_MS - 1)).toBe(false);
    expect(seen.suspects('other', HEARTBEAT_DEAD_MS)).toBe(true);
    expect(seen.live(HEARTBEAT_DEAD_MS)).toEqual([]);
  });

  it('does not suspect after a long pause with too few reads (C3)', () => {
    const seen = new Membership('me');
    for (const at of [0, 3_600_000]) seen.observe([beat('other', 7)], at);
    expect(seen.suspects('other', 3_600_000)).toBe(false);
  });

  it('begins anew with each beat, and when a heartbeat of its own fails (C3)', () => {
    const seen = new Membership('me');
    for (const at of [0, 3_000, 6_000]) seen.observe([beat('other', 7)], at);
    seen.observe([beat('other', 8)], 7_000);
    expect(seen.suspects('other', HEARTBEAT_DEAD_MS)).toBe(false);
    for (const at of [9_000, 12_000]) seen.observe([beat('other', 8)], at);
    seen.falter(14_000);
    expect(seen.suspects('other', 15_000)).toBe(false);
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
    for (const at of [0, 1, 2, 3]) seen.observe([beat('me', 1)], at);
    expect(seen.suspects('me', 99_000)).toBe(false);
    expect(seen.suspects('stranger', 99_000)).toBe(false);
  });
});

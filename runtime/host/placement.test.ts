import { place } from './placement';

const host = (session: string, ordinal = 1) => ({ session, ordinal });
const hosts = ['a', 'b', 'c', 'd', 'e'].map((session) => host(session));

function loads(owners: readonly string[]): number[] {
  const counts = new Map<string, number>();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return [...counts.values()];
}

describe('placement', () => {
  it('is the same for the same hosts in any order (C3)', () => {
    expect(place(256, [...hosts].reverse())).toEqual(place(256, hosts));
  });

  it('gives hosts numbers of shards that differ by at most one (C3)', () => {
    for (let many = 1; many <= hosts.length; many += 1) {
      const counts = loads(place(256, hosts.slice(0, many)));
      expect(counts).toHaveLength(many);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });

  it('moves fewer than half of the shards that stay when a fifth host is gone', () => {
    const [before, after] = [place(256, hosts), place(256, hosts.slice(0, 4))];
    const moved = before.filter((owner, shard) => owner !== 'e' && owner !== after[shard]);
    expect(moved.length).toBeLessThan(128);
  });

  it('gives nothing to an older build while a newer one is there (S29)', () => {
    expect(new Set(place(16, [host('old'), host('new', 2)]))).toEqual(new Set(['new']));
  });

  it('gives a shard that the newest build has offered to the next older one, and evenly (S29)', () => {
    const mixed = [host('o1'), host('o2'), host('mid', 2), host('new', 3)];
    const offered = new Map([
      [3, [3]],
      [5, [3]],
      [7, [3, 2]],
      [8, [3, 2]],
    ]);
    const owners = place(16, mixed, (shard, ordinal) => offered.get(shard)?.includes(ordinal) ?? false);
    expect([owners[3], owners[5]]).toEqual(['mid', 'mid']);
    expect([owners[7], owners[8]].sort()).toEqual(['o1', 'o2']);
    expect(owners.filter((owner) => owner === 'new')).toHaveLength(12);
  });

  it('gives an offered shard to the newest build after all when no older one is left (S29)', () => {
    const offered = (shard: number, ordinal: number): boolean => shard === 3 && ordinal === 2;
    expect(place(4, [host('old'), host('new', 2)], offered)[3]).toBe('old');
    expect(place(4, [host('new', 2)], offered)).toEqual(['new', 'new', 'new', 'new']);
    expect(place(4, [host('new', 2), host('newer', 3)], offered)[3]).toBe('newer');
  });

  it('gives nothing to nobody', () => {
    expect(place(16, [])).toEqual([]);
  });
});

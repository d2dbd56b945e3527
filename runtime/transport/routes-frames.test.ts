import { routesFrames } from './routes-frames';

const table = (shards: number, hosts: number) => ({
  session: 's',
  shards,
  owner: (shard: number) => (shard === 3 ? null : { session: `host-${shard % hosts}`, epoch: shard + 1 }),
});
const ownersOf = (frames: ReturnType<typeof routesFrames>): unknown[] =>
  frames.flatMap(({ owners, hosts }) => owners.map(([shard, host, epoch]) => [shard, hosts[host], epoch]));

describe('routes in frames (C14)', () => {
  it('are one frame where they fit', () => {
    const frames = routesFrames(table(6, 2), 100_000);
    expect(frames).toHaveLength(1);
    expect(frames[0]?.more).toBeUndefined();
    expect(ownersOf(frames)).toEqual([0, 1, 2, 4, 5].map((shard) => [shard, `host-${shard % 2}`, shard + 1]));
  });

  it('are several where they do not, all but the last of which say that more is to come', () => {
    const frames = routesFrames(table(10_000, 50), 65_024);
    expect(frames.length).toBeGreaterThan(1);
    expect(frames.map(({ more = false }) => more)).toEqual(frames.map((_, i) => i < frames.length - 1));
    expect(ownersOf(frames)).toEqual(ownersOf(routesFrames(table(10_000, 50), 10_000_000)));
  });
});

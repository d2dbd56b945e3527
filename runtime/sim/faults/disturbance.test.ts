import { disturbProcess, drawDriftPpm, pauseMs } from './disturbance';
import { FaultDial, PROFILES } from './fault-profile';
import { SimClock } from '../world/sim-clock';
import { SimProcess } from '../world/sim-process';
import { storeWorld } from '../world/sim-world.fixture';
import { World } from '../world/world';

const HOUR_MS = 3_600_000;

describe('disturbance', () => {
  it('crashes, cuts and brings back replicas until the dial is turned to calm, then lets them heal', async () => {
    const { world, dial, cluster } = storeWorld({ seed: 2 }, PROFILES.storm);
    await world.run({ untilMs: HOUR_MS });
    const before = new Map(world.counts);
    for (const what of ['crash', 'cut', 'back', 'joined'])
      expect(before.get(`store.replica-${what}`) ?? 0).toBeGreaterThan(20);
    dial.turn(PROFILES.calm);
    await world.run();
    expect(cluster.set.nodes.every(({ up, cut }) => up && !cut)).toBe(true);
    expect(world.counts.get('store.replica-crash')).toBe(before.get('store.replica-crash'));
    expect(world.nowMs).toBeLessThan(HOUR_MS + 60_000);
  });

  it('has no event of its own in a calm world', async () => {
    const { world } = storeWorld({ seed: 2 });
    await world.run();
    expect([world.events, world.nowMs]).toEqual([0, 0]);
  });

  it('does nothing of its own where no choice is allowed', async () => {
    const { world } = storeWorld({ seed: 2, only: [] }, PROFILES.storm);
    await world.run({ untilMs: HOUR_MS });
    expect([...world.counts.keys()]).toEqual([]);
  });

  it('pauses a process and makes its clock jump, until it dies', async () => {
    const world = new World({ seed: 4 });
    const dial = new FaultDial(PROFILES.storm);
    const process = new SimProcess(world, 'h');
    const clock = new SimClock(process, { driftPpm: drawDriftPpm(world, dial) });
    disturbProcess(process, clock, dial);
    await world.run({ untilMs: 48 * HOUR_MS });
    for (const what of ['process.pause', 'clock.jump-back', 'clock.jump-ahead'])
      expect(world.counts.get(what) ?? 0).toBeGreaterThan(20);
    expect(clock.monotonicMs()).toBeLessThan(world.nowMs);
    process.crash();
    await world.run();
    expect(world.nowMs).toBeLessThan(50 * HOUR_MS);
  });

  it('draws pauses of every decade, from 10 ms to an hour', () => {
    const draw = new World({ seed: 6 }).random.stream('pauses');
    const decades = new Map<number, number>();
    for (let i = 0; i < 6_000; i += 1) {
      const length = pauseMs([draw.float(), draw.float()], HOUR_MS);
      expect(length >= 10 && length < HOUR_MS).toBe(true);
      const decade = String(Math.floor(length)).length;
      decades.set(decade, (decades.get(decade) ?? 0) + 1);
    }
    expect([...decades.keys()].sort()).toEqual([2, 3, 4, 5, 6, 7]);
    for (const often of decades.values()) expect(often).toBeGreaterThan(800);
    expect(pauseMs([0.5, 0.5], 5)).toBe(5);
  });
});

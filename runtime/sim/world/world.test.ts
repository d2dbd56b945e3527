import { SimClock } from './sim-clock';
import { SimProcess } from './sim-process';
import { label } from './trace';
import { World } from './world';

const X = label('x');

describe('world', () => {
  it('runs events by time, whatever the order they were set in, and skips what lies between', async () => {
    const world = new World({ seed: 1 });
    const seen: [string, number][] = [];
    for (const timeMs of [3_600_000, 5, 0.5]) world.at(timeMs, X, () => seen.push(['event', world.nowMs]));
    await world.run();
    expect(seen).toEqual([0.5, 5, 3_600_000].map((timeMs) => ['event', timeMs]));
  });

  it('lets promise chains of any length end before the next event, at the same time too', async () => {
    const world = new World({ seed: 1 });
    const seen: string[] = [];
    for (const name of ['a', 'b']) {
      world.at(1, X, () => {
        void (async () => {
          for (let i = 0; i < 100; i += 1) await Promise.resolve();
          seen.push(name, `${name} end`);
        })();
      });
    }
    await world.run();
    expect([seen[1], seen[3]]).toEqual([`${seen[0]} end`, `${seen[2]} end`]);
  });

  it('answers a drain after the microtasks and before the next event (S4)', async () => {
    const world = new World({ seed: 1 });
    const clock = new SimClock(new SimProcess(world, 'h'));
    const seen: string[] = [];
    world.at(1, X, () => {
      clock.drain(() => {
        seen.push('drained');
        void Promise.resolve().then(() => clock.drain(() => seen.push('drained again')));
      });
      void (async () => {
        for (let i = 0; i < 10; i += 1) await Promise.resolve();
        seen.push('microtasks');
      })();
    });
    world.at(1.1, X, () => seen.push('next'));
    await world.run();
    expect(seen).toEqual(['microtasks', 'drained', 'drained again', 'next']);
  });

  it('breaks ties by the seed, and any order comes up', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 60; seed += 1) {
      const world = new World({ seed });
      let order = '';
      for (const name of ['a', 'b', 'c']) world.inside(1, X, () => void (order += name));
      await world.run();
      orders.add(order);
    }
    expect(orders.size).toBe(6);
  });

  it('stops at the limit of time and goes on from there, and stops when it is told to', async () => {
    const world = new World({ seed: 1 });
    let ticks = 0;
    const tick = (): void => {
      ticks += 1;
      world.at(world.nowMs + 10, X, tick);
    };
    tick();
    await world.run({ untilMs: 95 });
    expect([ticks, world.nowMs]).toEqual([10, 95]);
    await world.run({ stop: () => ticks === 15 });
    expect(world.nowMs).toBe(140);
  });

  it('gives up on a livelock, and rejects with what an event throws', async () => {
    const world = new World({ seed: 1 });
    const again = (): void => void world.inside(world.nowMs, X, again);
    again();
    await expect(world.run({ eventsMax: 1_000 })).rejects.toThrow('a run ends within 1000 events');
    const broken = new World({ seed: 1 });
    broken.at(1, X, () => {
      throw new Error('broken');
    });
    await expect(broken.run()).rejects.toThrow('broken');
  });

  it('never runs a cancelled event, even among thousands of them', async () => {
    const world = new World({ seed: 1 });
    let ran = 0;
    const events = Array.from({ length: 5_000 }, (_, i) => world.inside(i, X, () => void (ran += 1)));
    for (const [i, event] of events.entries()) if (i % 5 !== 0) world.cancel(event);
    await world.run();
    expect([ran, world.nowMs]).toEqual([1_000, 4_995]);
  });

  it('has another trace hash as soon as one event has another time, detail, name or order', async () => {
    const hashOf = async (events: readonly [number, string, number][]): Promise<string> => {
      const world = new World({ seed: 1 });
      for (const [timeMs, name, detail] of events) world.inside(timeMs, label(name), () => undefined, detail);
      await world.run();
      return world.trace.hash;
    };
    const hashes = await Promise.all([
      hashOf([
        [1, 'a', 0],
        [2, 'b', 0],
      ]),
      hashOf([
        [1, 'a', 0],
        [2.000001, 'b', 0],
      ]),
      hashOf([
        [1, 'a', 0],
        [2, 'b', 1],
      ]),
      hashOf([
        [1, 'a', 0],
        [2, 'c', 0],
      ]),
      hashOf([
        [1, 'b', 0],
        [2, 'a', 0],
      ]),
      hashOf([[1, 'a', 0]]),
    ]);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashes[0]).toBe(
      await hashOf([
        [1, 'a', 0],
        [2, 'b', 0],
      ]),
    );
  });
});

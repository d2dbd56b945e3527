import { simEntropy } from './sim-entropy';
import { SimClock, START_MS } from './sim-clock';
import { SimProcess } from './sim-process';
import { label } from './trace';
import { World } from './world';

const X = label('x');
const HOUR_MS = 3_600_000;

function setUp(options: { startMs?: number; driftPpm?: number } = {}): {
  world: World;
  process: SimProcess;
  clock: SimClock;
} {
  const world = new World({ seed: 3 });
  const process = new SimProcess(world, 'h');
  return { world, process, clock: new SimClock(process, options) };
}

describe('simulated clock', () => {
  it('fires a timer once, never early and at most a millisecond late', async () => {
    const { world, clock } = setUp();
    const fired: number[] = [];
    for (let delay = 0; delay < 100; delay += 1) clock.after(delay, () => fired.push(clock.monotonicMs() - delay));
    await world.run();
    expect(fired).toHaveLength(100);
    expect(Math.min(...fired)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...fired)).toBeLessThanOrEqual(1);
  });

  it('fires no cancelled timer', async () => {
    const { world, clock } = setUp();
    let fired = false;
    const cancel = clock.after(10, () => (fired = true));
    clock.after(5, () => cancel());
    await world.run();
    expect(fired).toBe(false);
  });

  it('drifts with both clocks, by as much as it was told', async () => {
    const { world, clock } = setUp({ driftPpm: 500 });
    await world.run({ untilMs: 1_000_000 });
    expect(clock.monotonicMs()).toBeCloseTo(1_000_500, 6);
    expect(clock.now()).toBe(START_MS + 1_000_500);
  });

  it('jumps with the wall clock alone, and moves no timer', async () => {
    const { world, clock } = setUp();
    let firedMs = 0;
    clock.after(1_000, () => (firedMs = world.nowMs));
    world.at(500, X, () => clock.jump(-HOUR_MS));
    await world.run();
    expect(Math.floor(firedMs)).toBe(1_000);
    expect(clock.now()).toBe(Math.floor(START_MS - HOUR_MS + firedMs));
    expect(new SimClock(new SimProcess(world, 'h'), clock).now()).toBe(clock.now());
  });

  it.each([10, 1_000, HOUR_MS])('fires nothing in a pause of %d ms; its monotonic clock stands', async (pauseMs) => {
    const { world, process, clock } = setUp();
    const fired: number[] = [];
    for (const delay of [5, 15, 50]) clock.after(delay, () => fired.push(world.nowMs - delay));
    world.at(10, X, () => process.pause(pauseMs));
    let frozen = 0;
    world.at(10 + pauseMs / 2, X, () => (frozen = clock.monotonicMs()));
    await world.run();
    expect(frozen).toBe(10);
    expect(fired.map((late) => late >= pauseMs)).toEqual([false, true, true]);
    expect(Math.max(...fired)).toBeLessThanOrEqual(pauseMs + 2);
    expect(clock.monotonicMs()).toBeCloseTo(world.nowMs - pauseMs, 6);
    expect(clock.now()).toBe(Math.floor(START_MS + world.nowMs));
  });

  it('never fires a timer of a dead process, nor ends its breath or drain', async () => {
    const { world, process, clock } = setUp();
    const seen: string[] = [];
    clock.after(10, () => seen.push('timer'));
    world.at(5, X, () => {
      void clock.breathe().then(() => seen.push('breath'));
      clock.drain(() => seen.push('drain'));
      process.crash();
    });
    await world.run();
    clock.after(1, () => seen.push('posthumous'));
    await world.run();
    expect(seen).toEqual([]);
  });

  it('lets time pass in a breath, so that who breathes until something happens sees it happen', async () => {
    const { world, clock } = setUp();
    let happened = false;
    world.at(20, X, () => (happened = true));
    const waiting = (async () => {
      while (!happened) await clock.breathe();
      return world.nowMs;
    })();
    expect(await world.complete(waiting)).toBeLessThan(21);
  });
});

describe('simulated process', () => {
  it('dies with the request it was told to die with, which still goes out', () => {
    const { process } = setUp();
    process.crashAtIssue(2);
    expect([process.issue(), process.alive, process.issue(), process.alive, process.issue()]).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('takes in after its pause what came meanwhile, and nothing if it died in it', async () => {
    const { world, process } = setUp();
    const seen: string[] = [];
    world.at(1, X, () => process.pause(100));
    world.at(50, X, () => process.enter(() => seen.push(`at ${world.nowMs}`)));
    await world.run({ untilMs: 200 });
    expect(seen).toEqual(['at 101']);
    process.pause(100);
    process.enter(() => seen.push('never'));
    process.crash();
    await world.run();
    expect(seen).toHaveLength(1);
  });
});

describe('simulated entropy', () => {
  it('comes from the seed, goes on in a restarted process and differs between machines', () => {
    const world = new World({ seed: 9 });
    const [first, second, other] = ['h', 'h', 'g'].map((name) => simEntropy(new SimProcess(world, name)).bytes(16));
    const again = simEntropy(new SimProcess(new World({ seed: 9 }), 'h'));
    expect(again.bytes(16)).toEqual(first);
    expect(again.bytes(16)).toEqual(second);
    expect(second).not.toEqual(first);
    expect(other).not.toEqual(first);
    expect(() => again.bytes(65)).toThrow('1 to 64 bytes');
  });
});

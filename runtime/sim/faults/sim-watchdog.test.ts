import { STEP_KILL_MS } from '../../config';
import type { WatchedStep } from '../../ports/watchdog';
import { casualtiesOf } from './casualties';
import { clusterRows, exhaust, hang, SimWatchdog } from './sim-watchdog';
import { storeWorld } from '../world/sim-world.fixture';

const KEY = { namespace: 'default', type: 'job', id: 'A' };
const STEP: WatchedStep = {
  place: { shard: 1, epoch: 4 },
  order: 2,
  written: false,
  key: KEY,
  input: 'timer 1',
  build: 'b1',
};
const ROW = { epoch: 4, key: KEY, input: 'timer 1', build: 'b1' };

function bench() {
  const staged = storeWorld({ seed: 7 });
  const process = staged.processOf('host-1');
  const watchdog = new SimWatchdog(process, clusterRows(staged.cluster));
  const reader = staged.storeOf(staged.processOf('reader'));
  let entered = 0;
  const deaths: number[] = [];
  process.onDeath(() => deaths.push(staged.world.nowMs));
  /** A step of the process that begins now; another event of the process is due while it runs. */
  const step = (code: () => unknown, about: WatchedStep = STEP): void =>
    process.enter(() => {
      watchdog.begin(about);
      try {
        code();
      } catch {
        // What hangs says so by throwing.
      }
      staged.world.drain(() => process.enter(() => (entered += 1)));
    });
  const { world } = staged;
  return {
    world,
    process,
    watchdog,
    step,
    deaths,
    entered: () => entered,
    rows: () => world.complete(reader.running(1)),
  };
}

describe('simulated watchdog', () => {
  it('leaves the row of a step that never ends, kills its process, and lets nothing else of it run (S20)', async () => {
    const { world, step, deaths, entered, rows } = bench();
    step(() => hang('it'));
    await world.run({ untilMs: 2_000 });
    expect(deaths).toEqual([]);
    expect(await rows()).toEqual([ROW]);
    await world.run({ untilMs: 2 * STEP_KILL_MS });
    expect(deaths).toHaveLength(1);
    expect(deaths[0]).toBeGreaterThanOrEqual(STEP_KILL_MS - 100);
    expect(deaths[0]).toBeLessThanOrEqual(STEP_KILL_MS);
    expect(entered()).toBe(0);
  });

  it('does not count the time in which the process stands still (S20)', async () => {
    const { world, process, step, deaths } = bench();
    step(() => hang('it'));
    process.pause(60_000);
    await world.run({ untilMs: 120_000 });
    expect(deaths[0]).toBeGreaterThanOrEqual(60_000);
  });

  it('is dead at once, without a row, of a step that takes all memory (S20)', async () => {
    const { world, step, deaths, rows } = bench();
    step(() => exhaust('it'));
    expect(deaths).toEqual([0]);
    await world.run({ untilMs: 10_000 });
    expect(await rows()).toEqual([]);
  });

  it('lets a step be that ends, and finds whose step it is that hangs (S20)', async () => {
    const { world, watchdog, step, deaths } = bench();
    step(() => watchdog.end());
    expect(() => hang('it')).toThrow('watches');
    await world.run({ untilMs: 10_000 });
    expect(deaths).toEqual([]);
  });

  it('notes what fell, and nothing that left-over code does (S20)', async () => {
    const { world, step } = bench();
    step(() => hang('it'));
    step(() => hang('left over'));
    await world.run({ untilMs: 10_000 });
    expect(casualtiesOf(world).takenBy('it')).toBe(1);
    step(() => exhaust('left over'));
    expect(casualtiesOf(world).takenBy('left over')).toBe(0);
  });
});

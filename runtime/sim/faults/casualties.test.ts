import { storeWorld } from '../world/sim-world.fixture';
import { Casualties } from './casualties';

const KEY = { namespace: 'default', type: 'job', id: 'A' };
const RUNNING = { key: KEY, input: 'timer 1', build: 'b1' };

/** One shard whose sessions, each of a process of its own, follow one another a second apart. */
function bench() {
  const { world, processOf } = storeWorld({ seed: 7 });
  const casualties = new Casualties(world);
  let epoch = 0;
  /** The next session dies of the step; its row is durable so long after it began, or never. */
  const die = async ({ written = false, rowMs = null as number | null, build = 'b1', stable = true } = {}) => {
    epoch += 1;
    const place = { shard: 0, epoch };
    const process = processOf(`host-${epoch}`);
    casualties.opening(place, process);
    if (stable) casualties.settled(place);
    const casualty = casualties.fell('it', { ...RUNNING, build, place, order: 2, written }, process);
    if (rowMs !== null) {
      casualties.issued(place, RUNNING);
      casualty.rowAtMs = world.nowMs + rowMs;
    }
    await world.run({ untilMs: world.nowMs + 1_000 });
  };
  return { casualties, die };
}

describe('casualties', () => {
  it('may be as many of one input as leave no durable row (S20)', async () => {
    const { casualties, die } = bench();
    for (let i = 0; i < 5; i += 1) await die();
    expect(casualties.fault).toBeNull();
    expect(casualties.takenBy('it')).toBe(5);
  });

  it('may be two of one input on each build once they leave one (S20)', async () => {
    const { casualties, die } = bench();
    for (const build of ['b1', 'b1', 'b2', 'b2']) await die({ rowMs: 10, build });
    expect(casualties.fault).toBeNull();
    await die({ rowMs: 10, build: 'b2' });
    expect(casualties.fault).toMatch('although 2 of its processes had died of it');
  });

  it('may be more where a row was durable only after the next session had begun (S20)', async () => {
    const { casualties, die } = bench();
    for (const rowMs of [10, 1_500, 10]) await die({ rowMs });
    expect(casualties.fault).toBeNull();
    await die({ rowMs: 10 });
    expect(casualties.fault).toMatch('although 3 of its processes');
  });

  it('are written down before they fall, after two sessions that were not stable (S20)', async () => {
    const { casualties, die } = bench();
    for (const written of [false, false, true]) await die({ stable: false, written });
    expect(casualties.fault).toBeNull();
    await die({ stable: false });
    expect(casualties.fault).toMatch('ran without being written down');
  });

  it('excuse what is told of an input that two sessions had a row of (S20)', async () => {
    const { casualties, die } = bench();
    await die({ rowMs: 10 });
    expect(casualties.excuse('job/A: timer 1 did not end, or took all memory')).toBe(false);
    await die({ rowMs: 10 });
    expect(casualties.excuse('job/A: timer 1 did not end, or took all memory')).toBe(true);
    expect(casualties.excuse('job/A: timer 11 did not end, or took all memory')).toBe(false);
  });
});

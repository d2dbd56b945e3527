import type { PlantedBug } from '../../../framework/planted-bugs';
import { plantBug } from '../../../framework/planted-bugs';
import type { Watermark } from '../../ports/cluster-store';
import type { Holder } from './index-bench.fixture';
import { DAY, IndexBench, keyOf, SECOND, SHARD } from './index-bench.fixture';

afterEach(() => plantBug(null));

const BOUNDS = { watermarkLagMs: 2 * SECOND, watermarkMs: SECOND };

/** Seconds from the start that each epoch's watermark stands at. */
async function watermarks(bench: IndexBench, { store }: Holder): Promise<[number, number][]> {
  const start = bench.now - bench.made.world.nowMs;
  const all: readonly Watermark[] = await bench.complete(store.watermarks(SHARD));
  return all.map(({ epoch, at }) => [epoch, Math.floor((at - start) / SECOND)]);
}

/** An owner whose timers `a`, `b`, `c` are due in 1, 2 and 3 s, 20 s ago. */
async function overdue(): Promise<{ bench: IndexBench; holder: Holder }> {
  const bench = new IndexBench(BOUNDS);
  const holder = await bench.takeOver();
  const start = bench.now;
  for (const [at, id] of ['a', 'b', 'c'].entries()) await bench.commit(holder, id, start + (at + 1) * SECOND);
  await bench.run(20 * SECOND);
  return { bench, holder };
}

describe('the watermark', () => {
  it('passes timers only as their firing is committed, in order, and stays behind the clock (C9)', async () => {
    const { bench, holder } = await overdue();
    expect(await bench.due(holder, 0)).toEqual(['a@1', 'b@2', 'c@3']);
    await bench.run(5 * SECOND);
    expect(await watermarks(bench, holder)).toEqual([[1, 1]]);
    await bench.commit(holder, 'a', null);
    await bench.commit(holder, 'c', null);
    await bench.run(5 * SECOND);
    expect(await watermarks(bench, holder)).toEqual([[1, 2]]);
    await bench.commit(holder, 'b', null);
    await bench.run(5 * SECOND);
    const [[, at] = [0, 0]] = await watermarks(bench, holder);
    expect(at).toBeGreaterThan(25);
    expect(at).toBeLessThan(34);
  });

  it('is where a later owner begins: what has fired is not read again, what has not is (C9)', async () => {
    const { bench, holder } = await overdue();
    await bench.due(holder, 0);
    for (const id of ['a', 'b']) await bench.commit(holder, id, null);
    await bench.run(5 * SECOND);
    expect(await bench.due(await bench.takeOver(), 0)).toEqual(['c@3']);
  });

  it('passes no timer that is being written, though its turn is not acknowledged yet (C9)', async () => {
    const { bench, holder } = await overdue();
    await bench.due(holder, 0);
    const at = bench.now - 15 * SECOND;
    expect(await bench.complete(holder.index.insert(keyOf('d'), { wakeAt: at, open: false }))).toBe(true);
    for (const id of ['a', 'b', 'c']) await bench.commit(holder, id, null);
    await bench.run(5 * SECOND);
    expect(await watermarks(bench, holder)).toEqual([[1, 5]]);
    holder.index.settle(keyOf('d'), { wakeAt: at, open: false });
    expect(await bench.due(await bench.takeOver(), 0)).toEqual(['d@5']);
  });

  it('has timers that are due behind it entered right above it: this owner and the next find them at once (C9)', async () => {
    const { bench, holder } = await overdue();
    await bench.due(holder, 0);
    for (const id of ['a', 'b', 'c']) await bench.commit(holder, id, null);
    await bench.run(5 * SECOND);
    await bench.commit(holder, 'past', bench.now - 20 * SECOND);
    expect(await bench.due(holder, 0)).toEqual(['past@5']);
    expect((await bench.due(await bench.takeOver(), 0)).map((text) => text.split('@')[0])).toEqual(['past']);
  });

  it('of a host whose clock was far ahead neither loses nor delays what is set after its time (C9)', async () => {
    const bench = new IndexBench(BOUNDS);
    const ahead = await bench.takeOver(400 * DAY);
    await bench.commit(ahead, 'a', bench.now + SECOND);
    await bench.due(ahead, 400 * DAY);
    await bench.commit(ahead, 'a', null);
    await bench.run(5 * SECOND);
    ahead.clock.jump(-400 * DAY);
    await bench.commit(ahead, 'same epoch', bench.now + 10 * SECOND);
    expect(await bench.due(ahead, 9 * SECOND)).toEqual([]);
    expect(await bench.complete(ahead.index.nextDue('default', bench.now))).toBeGreaterThan(bench.now);
    const second = await bench.takeOver();
    await bench.commit(second, 'next epoch', bench.now + 15 * SECOND);
    const due = (await bench.due(second, 0)).map((text) => text.split('@')[0]);
    expect(due).toEqual(['same epoch']);
    const third = await bench.takeOver();
    expect((await bench.due(third, 20 * SECOND)).map((text) => text.split('@')[0])).toEqual([
      'same epoch',
      'next epoch',
    ]);
  });

  it('passes a timer that could not be fired once its entity counts as open work, which the next owner looks at (C9)', async () => {
    const { bench, holder } = await overdue();
    await bench.due(holder, 0);
    for (const id of ['b', 'c']) await bench.commit(holder, id, null);
    await bench.complete(holder.index.unfired(keyOf('a')));
    await bench.run(5 * SECOND);
    expect((await watermarks(bench, holder))[0]?.[1]).toBeGreaterThan(15);
    expect(await bench.due(holder, 0)).toEqual([]);
    const second = await bench.takeOver();
    expect(await bench.due(second, 0)).toEqual([]);
    expect(await bench.openWork(second)).toEqual(['a']);
    await bench.commit(second, 'a', bench.now - 30 * SECOND);
    expect(await bench.due(await bench.takeOver(), 0)).toEqual(['a@-5']);
  });

  it('does not move while the session is dead', async () => {
    const { bench, holder } = await overdue();
    await bench.due(holder, 0);
    for (const id of ['a', 'b', 'c']) await bench.commit(holder, id, null);
    const second = await bench.takeOver();
    await bench.run(5 * SECOND);
    expect(await watermarks(bench, second)).toEqual([]);
    expect(holder.guard.alive).toBe(false);
  });
});

describe('a planted bug of the watermark shows: a timer is lost', () => {
  it('watermark-before-firing', async () => {
    plantBug('watermark-before-firing');
    const { bench, holder } = await overdue();
    await bench.due(holder, 0);
    await bench.run(5 * SECOND);
    expect(await bench.due(await bench.takeOver(), 0)).toEqual([]);
  });

  it('timer-behind-watermark', async () => {
    plantBug('timer-behind-watermark');
    const { bench, holder } = await overdue();
    await bench.due(holder, 0);
    for (const id of ['a', 'b', 'c']) await bench.commit(holder, id, null);
    await bench.run(5 * SECOND);
    await bench.commit(holder, 'past', bench.now - 20 * SECOND);
    expect(await bench.due(await bench.takeOver(), 0)).toEqual([]);
  });

  it('watermark-of-all-epochs', async () => {
    plantBug('watermark-of-all-epochs');
    const bench = new IndexBench(BOUNDS);
    const ahead = await bench.takeOver(DAY);
    await bench.commit(ahead, 'a', bench.now + SECOND);
    await bench.due(ahead, DAY);
    await bench.commit(ahead, 'a', null);
    await bench.run(5 * SECOND);
    const second = await bench.takeOver();
    await bench.commit(second, 'b', bench.now + SECOND);
    expect(await bench.due(await bench.takeOver(), 2 * SECOND)).toEqual([]);
  });

  it.each<PlantedBug>(['unfired-timer-dropped'])('%s', async (bug) => {
    plantBug(bug);
    const { bench, holder } = await overdue();
    await bench.due(holder, 0);
    for (const id of ['b', 'c']) await bench.commit(holder, id, null);
    await bench.complete(holder.index.unfired(keyOf('a')));
    await bench.run(5 * SECOND);
    const second = await bench.takeOver();
    expect([await bench.due(second, 0), await bench.openWork(second)]).toEqual([[], []]);
  });
});

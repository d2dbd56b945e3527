import type { PlantedBug } from '../../../framework/planted-bugs';
import { plantBug } from '../../../framework/planted-bugs';
import type { Holder } from './index-bench.fixture';
import { DAY, IndexBench, keyOf, SECOND } from './index-bench.fixture';

afterEach(() => plantBug(null));

const BOUNDS = { oldTimerParts: 2, closedWorkEntries: 2, watermarkLagMs: 2 * SECOND, watermarkMs: SECOND };
const FAR = 40 * DAY;
/** Requests of one round of consolidation, and some more. */
const REQUESTS = 24;

/** Five epochs that set a timer in buckets of a day, a month and a year each; open work in the first. */
async function fiveEpochs(): Promise<{ bench: IndexBench; holder: Holder; ids: string[] }> {
  const bench = new IndexBench(BOUNDS);
  const ids: string[] = [];
  let holder = await bench.takeOver();
  await bench.commit(holder, 'worker', null, true);
  for (let epoch = 1; epoch <= 5; epoch += 1) {
    for (const [name, distance] of Object.entries({ day: 2 * DAY, month: FAR, year: 500 * DAY })) {
      ids.push(`${name}${epoch}`);
      await bench.commit(holder, `${name}${epoch}`, bench.now + distance);
    }
    holder.process.crash();
    holder = await bench.takeOver();
  }
  return { bench, holder, ids: ids.sort() };
}

async function allDue(bench: IndexBench, holder: Holder): Promise<string[]> {
  return (await bench.due(holder, 600 * DAY)).map((text) => text.split('@')[0] as string).sort();
}

describe('consolidation', () => {
  it('moves what is in the oldest parts and leaves as many old parts as it may, in the background (C9)', async () => {
    const { bench, holder, ids } = await fiveEpochs();
    expect(await allDue(bench, holder)).toEqual(ids);
    await bench.run(30 * SECOND);
    const parts = await bench.parts(holder);
    expect(parts.filter((part) => part.startsWith('timer')).length).toBeLessThanOrEqual(2 + 3);
    expect(parts.filter((part) => part.startsWith('work'))).toEqual(['work 6 g0']);
    expect(await allDue(bench, holder)).toEqual(ids);
    const next = await bench.takeOver();
    expect(await allDue(bench, next)).toEqual(ids);
    expect(await bench.openWork(next)).toEqual(['worker']);
    expect(bench.made.world.counts.get('store.unavailable')).toBeUndefined();
  });

  it.each(Array.from({ length: REQUESTS }, (_, i) => i + 1))(
    'loses nothing when its host dies with request %d (C2)',
    async (requests) => {
      const { bench, holder, ids } = await fiveEpochs();
      holder.process.crashAtIssue(requests);
      await bench.run(30 * SECOND);
      const next = await bench.takeOver();
      expect(await allDue(bench, next)).toEqual(ids);
      expect(await bench.openWork(next)).toEqual(['worker']);
    },
  );

  it('deletes nothing once the session is dead (C2)', async () => {
    const { bench, holder, ids } = await fiveEpochs();
    const before = await bench.parts(holder);
    const next = await bench.takeOver();
    next.process.pause(60 * SECOND);
    await bench.run(30 * SECOND);
    expect((await bench.parts(holder)).filter((part) => before.includes(part))).toEqual(before);
    expect(holder.guard.alive).toBe(false);
    expect(await allDue(bench, next)).toEqual(ids);
  });

  it('takes parts away that are behind the watermark, of its own epoch and of older ones, and their watermarks', async () => {
    const bench = new IndexBench(BOUNDS);
    const first = await bench.takeOver();
    await bench.commit(first, 'a', bench.now + SECOND);
    const second = await bench.takeOver();
    await bench.commit(second, 'b', bench.now + SECOND);
    await bench.due(second, 2 * SECOND);
    for (const id of ['a', 'b']) await bench.commit(second, id, null);
    await bench.commit(second, 'c', bench.now + 90 * SECOND);
    await bench.run(80 * SECOND);
    await bench.commit(second, 'd', bench.now + SECOND);
    await bench.run(5 * SECOND);
    await bench.commit(second, 'd', null);
    await bench.run(5 * SECOND);
    expect(await bench.parts(second)).toEqual(['timer 2 m29453761']);
    const third = await bench.takeOver();
    await bench.due(third, 100 * SECOND);
    await bench.run(10 * SECOND);
    expect(await bench.due(third, 100 * SECOND)).toEqual(['c@90']);
    expect((await bench.complete(third.store.watermarks(1))).map(({ epoch }) => epoch)).toContain(2);
  });

  it('waits for a look at what may be due earlier than it stands, and then takes its part away (C9)', async () => {
    const bench = new IndexBench({ ...BOUNDS, oldTimerParts: 0 });
    const ahead = await bench.takeOver(400 * DAY);
    await bench.commit(ahead, 'a', bench.now + SECOND);
    await bench.due(ahead, 400 * DAY);
    await bench.commit(ahead, 'a', null);
    await bench.run(5 * SECOND);
    await bench.commit(ahead, 'early', bench.now + 2 * SECOND);
    const next = await bench.takeOver();
    await bench.run(10 * SECOND);
    expect((await bench.due(next, 0)).map((text) => text.split('@')[0])).toEqual(['early']);
    await bench.commit(next, 'early', bench.now + DAY);
    await bench.run(10 * SECOND);
    expect((await bench.parts(next)).map((part) => part.slice(0, 7))).toEqual(['timer 2']);
    expect(await bench.due(next, 0)).toEqual([]);
    expect((await bench.complete(next.store.watermarks(1))).map(({ epoch }) => epoch)).toEqual([2]);
  });

  it('replaces the part of open work once as many entities have none any more as have some (C9)', async () => {
    const bench = new IndexBench(BOUNDS);
    const first = await bench.takeOver();
    for (const id of ['a', 'b', 'c', 'd', 'e']) await bench.commit(first, id, null, true);
    for (const id of ['a', 'b', 'c']) await bench.commit(first, id, null);
    await bench.run(5 * SECOND);
    expect(await bench.parts(first)).toEqual(['work 1 g1']);
    expect(await bench.openWork(first)).toEqual(['d', 'e']);
    await bench.commit(first, 'a', null, true);
    const second = await bench.takeOver();
    expect(await bench.openWork(second)).toEqual(['a', 'd', 'e']);
  });

  it('keeps the entry of open work whose turn is not acknowledged yet', async () => {
    const bench = new IndexBench(BOUNDS);
    const first = await bench.takeOver();
    for (const id of ['a', 'b', 'c']) await bench.commit(first, id, null, true);
    await bench.commit(first, 'a', null);
    await bench.complete(first.index.insert(keyOf('a'), { wakeAt: null, open: true }));
    for (const id of ['b', 'c']) await bench.commit(first, id, null);
    await bench.run(5 * SECOND);
    first.index.settle(keyOf('a'), { wakeAt: null, open: true });
    expect(await bench.openWork(await bench.takeOver())).toEqual(['a']);
  });

  it.each<PlantedBug>(['delete-before-copy'])('loses timers with the planted bug %s', async (bug) => {
    plantBug(bug);
    const lost: number[] = [];
    for (let requests = 1; requests <= REQUESTS; requests += 1) {
      const { bench, holder, ids } = await fiveEpochs();
      holder.process.crashAtIssue(requests);
      await bench.run(30 * SECOND);
      const found = await allDue(bench, await bench.takeOver());
      if (found.length < ids.length) lost.push(requests);
    }
    expect(lost.length).toBeGreaterThan(2);
  });
});

describe('a part of open work that is replaced', () => {
  it('stays until what is on its way into it is there (C8a, C9)', async () => {
    const bench = new IndexBench(BOUNDS);
    const holder = await bench.takeOver();
    const { index, store } = holder;
    for (const id of ['a', 'b', 'c']) await bench.commit(holder, id, null, true);
    const writeEntries = store.writeEntries.bind(store);
    store.writeEntries = async (shard, part, entries) =>
      entries.some(({ key }) => key.id === 'late') ? 'refused' : writeEntries(shard, part, entries);
    const late = index.insert(keyOf('late'), { wakeAt: null, open: true });
    for (const id of ['a', 'b', 'c']) await bench.commit(holder, id, null, false);
    await bench.run(60 * SECOND);
    store.writeEntries = writeEntries;
    expect(await bench.complete(late)).toBe(true);
    index.settle(keyOf('late'), { wakeAt: null, open: true });
    await bench.run(60 * SECOND);
    holder.process.crash();
    expect(await bench.openWork(await bench.takeOver())).toEqual(['late']);
  });
});

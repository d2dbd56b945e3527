import type { PlantedBug } from '../../../framework/planted-bugs';
import { plantBug } from '../../../framework/planted-bugs';
import { DAY, HOUR, IndexBench, keyOf, SECOND } from './index-bench.fixture';

afterEach(() => plantBug(null));

describe('the index of a shard', () => {
  it.each([
    ['a second', SECOND],
    ['an hour', HOUR],
    ['two days', 2 * DAY],
    ['two months', 60 * DAY],
    ['three years', 1_095 * DAY],
  ])('gives a later owner a timer of %s, when it is due and not before (C9)', async (_, distance) => {
    const bench = new IndexBench();
    const first = await bench.takeOver();
    const due = bench.now + distance;
    await bench.commit(first, 'a', due);
    const second = await bench.takeOver();
    expect(await bench.complete(second.index.nextDue('default', bench.now))).toBe(due);
    expect(await bench.complete(second.index.nextDue('default', due))).toBeNull();
    expect(await bench.complete(second.index.due('default', due - 1, 10))).toEqual([]);
    expect(await bench.complete(second.index.due('other', due, 10))).toEqual([]);
    await bench.made.world.run({ untilMs: bench.made.world.nowMs + distance });
    const third = await bench.takeOver();
    expect(await bench.complete(third.index.due('default', due, 10))).toEqual([{ key: keyOf('a'), wakeAt: due }]);
  });

  it('reads the entries of three epochs as one list, earliest first, each entity once (C9)', async () => {
    const bench = new IndexBench();
    const first = await bench.takeOver();
    await bench.commit(first, 'a', bench.now + 30 * SECOND, true);
    await bench.commit(first, 'late', bench.now + DAY);
    const second = await bench.takeOver();
    await bench.commit(second, 'b', bench.now + 10 * SECOND, true);
    await bench.commit(second, 'a', bench.now + 20 * SECOND);
    const third = await bench.takeOver();
    await bench.commit(third, 'c', bench.now + 15 * SECOND, true);
    expect(await bench.due(third, 60 * SECOND)).toEqual(['b@10', 'c@15', 'a@20']);
    expect(await bench.due(third, 60 * SECOND, 2)).toEqual(['b@10', 'c@15']);
    expect(await bench.openWork(third)).toEqual(['a', 'b', 'c']);
    expect(await bench.complete(third.index.openWork('default', keyOf('a'), 1))).toEqual([keyOf('b')]);
  });

  it('lets a spurious entry cost one look: an entity without history, or with another timer, is not due again', async () => {
    const bench = new IndexBench();
    const first = await bench.takeOver();
    for (const id of ['none', 'other', 'done']) await bench.commit(first, id, bench.now + SECOND, true);
    const second = await bench.takeOver();
    expect(await bench.due(second, 2 * SECOND)).toEqual(['none@1', 'other@1', 'done@1']);
    second.index.absent(keyOf('none'));
    await bench.commit(second, 'other', bench.now + 9 * SECOND);
    await bench.commit(second, 'done', null);
    expect(await bench.due(second, 2 * SECOND)).toEqual([]);
    expect(await bench.openWork(second)).toEqual([]);
    expect(await bench.due(second, 20 * SECOND)).toEqual(['other@9']);
  });

  it("keeps an adopted turn's timer findable, though its zombie's entry is seen by nobody (C6, C9)", async () => {
    const bench = new IndexBench();
    const zombie = await bench.takeOver();
    const adopter = await bench.takeOver();
    await bench.commit(zombie, 'a', bench.now + 5 * SECOND);
    expect(await bench.due(adopter, 10 * SECOND)).toEqual([]);
    await bench.commit(adopter, 'a', bench.now + 5 * SECOND);
    await bench.complete(zombie.store.clearPart(1, { kind: 'timer', epoch: 1, bucket: 'm29453760' }));
    expect(await bench.due(await bench.takeOver(), 10 * SECOND)).toEqual(['a@5']);
  });

  it('forgets nothing of a turn that was refused, and keeps what was before it', async () => {
    const bench = new IndexBench();
    const first = await bench.takeOver();
    await bench.commit(first, 'a', bench.now + 9 * SECOND);
    await bench.complete(first.index.insert(keyOf('a'), { wakeAt: bench.now + SECOND, open: false }));
    first.index.abandon(keyOf('a'));
    expect(await bench.due(first, 60 * SECOND)).toEqual(['a@9']);
  });

  it('is told unavailable, by reads, while the store has no quorum, and goes on when it has', async () => {
    const bench = new IndexBench();
    const first = await bench.takeOver();
    await bench.commit(first, 'a', bench.now + SECOND);
    for (const node of bench.made.cluster.set.nodes.slice(1)) bench.made.cluster.set.setUp(node, false);
    await bench.run(5 * SECOND);
    const due = bench.due(first, 10 * SECOND);
    await expect(due).rejects.toMatchObject({ code: 'unavailable' });
    bench.made.cluster.heal();
    await bench.run(5 * SECOND);
    expect(await bench.due(first, 10 * SECOND)).toEqual(['a@1']);
  });
});

describe('a planted bug of the index shows: a later owner does not find', () => {
  it.each<[PlantedBug, number]>([
    ['part-row-left-out', SECOND],
    ['timer-index-late', SECOND],
    ['due-skips-coarse', 2 * DAY],
  ])('%s: a timer', async (bug, distance) => {
    const bench = new IndexBench();
    const first = await bench.takeOver();
    plantBug(bug);
    await bench.commit(first, 'a', bench.now + distance);
    first.process.crash();
    expect(await bench.due(await bench.takeOver(), 3 * DAY)).toEqual([]);
  });

  it('parts-of-last-epoch-only: a timer of two epochs before', async () => {
    plantBug('parts-of-last-epoch-only');
    const bench = new IndexBench();
    await bench.commit(await bench.takeOver(), 'a', bench.now + SECOND);
    expect(await bench.due(await bench.takeOver(), 2 * SECOND)).toEqual(['a@1']);
    expect(await bench.due(await bench.takeOver(), 2 * SECOND)).toEqual([]);
  });

  it('work-index-late: open work', async () => {
    const bench = new IndexBench();
    const first = await bench.takeOver();
    plantBug('work-index-late');
    await bench.commit(first, 'a', null, true);
    first.process.crash();
    expect(await bench.openWork(await bench.takeOver())).toEqual([]);
  });
});

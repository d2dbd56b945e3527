import { Driver, scenario } from './entity-driver.fixture';
import { valueIn } from './driver-values.fixture';
import { Entity, Query, Signal, Update } from '../model/decorators';
import { activities } from './activities';
import { condition, now, promise, random, sleep } from './functions';
import { EntityFailure } from '../errors';

interface Work {
  a(): Promise<string>;
}
const work = activities<Work>('work');

@Entity('room')
class Room {
  level = 0;
  trace: string[] = [];
  broken = false;

  @Signal() raise(by: number): void {
    this.level += by;
    this.trace.push(`raise ${by}`);
  }
  @Update() async busy(name: string): Promise<void> {
    this.trace.push(`${name} begins`);
    await work.a();
    this.trace.push(`${name} ends`);
  }
  @Update({ interleave: true }) peek(): number {
    return this.level;
  }
  @Update({ interleave: true }) lower(to: number): void {
    this.level = to;
  }
  @Update() async monitor(name: string, least: number): Promise<boolean> {
    const reached = await condition(() => this.level >= least, '1 minute');
    this.trace.push(`${name} ${reached} at ${this.level}`);
    if (least === 3) await work.a();
    return reached;
  }
  @Update() async approved(name: string): Promise<string> {
    return promise<string>(name);
  }
  @Update() async doomed(): Promise<void> {
    await work.a();
    throw new EntityFailure('doomed');
  }
  @Signal() break(): void {
    this.broken = true;
  }
  @Update() async throwing(): Promise<string> {
    try {
      await condition(() => {
        if (this.broken) throw new RangeError('predicate');
        return false;
      });
      return 'true';
    } catch (error) {
      return (error as Error).message;
    }
  }
  @Update() async times(): Promise<number[]> {
    const before = now();
    await sleep(1_500);
    return [before, now(), random()];
  }
  @Query() read(): number {
    return this.level;
  }
}

scenario('an exclusive handler that waits for an activity keeps others out, in order (S2, S7)', async (options) => {
  const d = new Driver(Room, options);
  d.post('busy', ['first']);
  d.post('busy', ['second']);
  d.post('raise', [1]);
  await d.settle();
  expect(d.state['trace']).toEqual(['first begins']);
  expect(d.instance.ledger.admitted).toHaveLength(2);
  await d.finish('a');
  expect(d.state['trace']).toEqual(['first begins', 'first ends', 'second begins']);
  await d.finish('a');
  expect((d.state['trace'] as string[]).at(-1)).toBe('raise 1');
});

scenario('interleaved updates and queries proceed beside it (S7, S8)', async (options) => {
  const d = new Driver(Room, options);
  d.post('busy', ['first']);
  await d.settle();
  expect(await d.ask('peek')).toBe(0);
  await d.ask('lower', 4);
  expect(d.query('read')).toBe(4);
});

scenario('a predicate made true beats the timeout that is due (S6)', async (options) => {
  const d = new Driver(Room, options);
  const id = d.post('monitor', ['m', 2]);
  await d.settle();
  d.post('raise', [2]);
  await d.settle();
  await d.advance(60_000);
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: true });
});

scenario('a condition whose time runs out gives false (S6)', async (options) => {
  const d = new Driver(Room, options);
  const id = d.post('monitor', ['m', 2]);
  await d.settle();
  await d.advance(60_000);
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: false });
});

scenario('a timeout that meets a taken lock waits, and the predicate goes first (S7)', async (options) => {
  const d = new Driver(Room, options);
  const id = d.post('monitor', ['m', 2]);
  d.post('busy', ['b']);
  await d.settle();
  await d.advance(60_000);
  expect(d.instance.ledger.admitted).toHaveLength(1);
  expect(d.instance.ledger.wakeAt()).toBeNull();
  await d.ask('lower', 5);
  expect(d.outcomeOf(id)).toEqual({ state: 'waiting' });
  await d.finish('a');
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: true });
  expect(d.instance.ledger.admitted).toEqual([]);
});

scenario('monitors wake in creation order, each alone, true on resumption (S6, S7)', async (options) => {
  const d = new Driver(Room, options);
  const one = d.post('monitor', ['one', 3]);
  const two = d.post('monitor', ['two', 2]);
  d.post('raise', [3]);
  d.post('raise', [10]);
  await d.settle();
  expect(d.outcomeOf(one)).toEqual({ state: 'waiting' });
  expect(d.state['trace']).toEqual(['raise 3', 'one true at 3']);
  await d.finish('a');
  expect(valueIn(d.outcomeOf(two))).toBe(true);
  expect(d.state['trace']).toEqual(['raise 3', 'one true at 3', 'two true at 3', 'raise 10']);
});

scenario(
  'timeouts that waited for the lock go before admitted messages, oldest monitor first (S7)',
  async (options) => {
    const d = new Driver(Room, options);
    d.post('monitor', ['one', 9]);
    d.post('monitor', ['two', 9]);
    const held = d.post('busy', ['b']);
    d.post('raise', [1]);
    await d.settle();
    const [first, second] = [...d.instance.conditions.values()].map((wait) => wait.timeout);
    d.time += 60_000;
    d.queue({ kind: 'timer', effect: second ?? 0 });
    d.queue({ kind: 'timer', effect: first ?? 0 });
    await d.settle();
    await d.finish('a');
    expect(d.outcomeOf(held).state).toBe('done');
    expect(d.state['trace']).toEqual(['b begins', 'b ends', 'one false at 0', 'two false at 0', 'raise 1']);
  },
);

scenario('a failing holder frees the monitors whose predicate became true meanwhile (S7, S17)', async (options) => {
  const d = new Driver(Room, options);
  const id = d.post('monitor', ['m', 2]);
  const doomed = d.post('doomed');
  await d.settle();
  await d.ask('lower', 2);
  await d.breakDown('a');
  expect(d.outcomeOf(doomed)).toMatchObject({ state: 'failed' });
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: true });
});

scenario('a named promise is completed before or after it is awaited, and once (S7)', async (options) => {
  const d = new Driver(Room, options);
  await d.send('raise', [0]);
  await d.complete('early', 'E');
  expect(await d.ask('approved', 'early')).toBe('E');
  await d.complete('early', 'F');
  expect(await d.ask('approved', 'early')).toBe('E');
  const one = d.post('approved', ['late']);
  const two = d.post('approved', ['late']);
  await d.settle();
  await d.complete('late', 'L');
  expect([d.outcomeOf(one), d.outcomeOf(two)]).toEqual([
    { state: 'done', value: 'L' },
    { state: 'done', value: 'L' },
  ]);
});

scenario('a predicate that throws fails the await, which the author may catch (S6)', async (options) => {
  const d = new Driver(Room, options);
  const id = d.post('throwing');
  d.post('break');
  await d.settle();
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: 'predicate' });
});

scenario('step time never goes back, and randomness repeats on replay (S6, S17)', async (options) => {
  const d = new Driver(Room, options);
  const id = d.post('times');
  await d.settle();
  const begun = d.time;
  await d.advance(1_500);
  expect(valueIn(d.outcomeOf(id))).toEqual([begun, begun + 1_500, expect.any(Number)]);
  d.time -= 10_000;
  await d.send('raise', [1]);
  expect(d.instance.ledger.time).toBe(begun + 1_500);
});

it('runs 10,000 updates, queries between them at their place, in order, and replays them alike (S5, S6, S8)', async () => {
  const d = new Driver(Room, { turnSteps: 64, compareEvery: 5_000, checked: () => false });
  for (let n = 0; n < 10_000; n += 1) d.post('lower', [n % 1_000]);
  await d.settle();
  expect(d.query('read')).toBe(999);
  await d.close();
  await d.compare();
  expect(d.rows).toHaveLength(Math.ceil(10_000 / 64));
  expect(d.state['level']).toBe(999);
});

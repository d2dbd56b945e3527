import { Driver, scenario } from './entity-driver.fixture';
import { combine } from './durable-promise';
import { ActivityFailure } from '../errors';
import { Entity, Signal, Update } from '../model/decorators';
import { activities } from './activities';
import { condition, sleep } from './functions';

interface Work {
  a(): Promise<string>;
  b(): Promise<string>;
}
const work = activities<Work>('work');

@Entity('combined')
class Combined {
  open = false;
  trace: string[] = [];

  @Signal() unlock(): void {
    this.open = true;
  }
  @Update() async all(): Promise<string[]> {
    return Promise.all([work.a(), work.b(), Promise.resolve('plain')]);
  }
  @Update() async race(): Promise<string> {
    const won = await Promise.race([work.a(), sleep('1 minute').then(() => 'late')]);
    this.trace.push(won);
    await sleep('1 hour');
    return won;
  }
  @Update() async any(): Promise<string> {
    return Promise.any([work.a(), work.b()]);
  }
  @Update() async settled(): Promise<string[]> {
    const results = await Promise.allSettled([work.a(), work.b()]);
    return results.map((one) => one.status);
  }
  @Update() async again(): Promise<string[]> {
    const both = Promise.all([work.a(), work.b()]);
    const first = await Promise.race([both, sleep('1 minute')]);
    this.trace.push(first === undefined ? 'timed out' : 'done');
    return both;
  }
  @Update() async nested(): Promise<string> {
    return Promise.race([Promise.all([work.a(), Promise.any([work.b(), sleep(10)])]), condition(() => this.open)]).then(
      (value) => JSON.stringify(value),
    );
  }
  @Update() async helped(): Promise<string> {
    const [a, b] = await Promise.all([this.help('a'), this.help('b')]);
    return a + b;
  }
  @Update() async caught(): Promise<string> {
    try {
      return await work.a();
    } catch (error) {
      const { code } = error as ActivityFailure;
      this.trace.push(code);
      return `instead of ${await work.b()}`;
    } finally {
      await sleep(100);
      this.trace.push('finally');
    }
  }
  @Update() async lost(): Promise<void> {
    await Promise.race([sleep(10), sleep(20)]);
    await new Promise(() => undefined);
  }
  @Update() async lateUse(): Promise<string> {
    const early = work.a();
    await sleep(1_000);
    return early;
  }

  private async help(name: 'a' | 'b'): Promise<string> {
    const value = await work[name]();
    await sleep(1);
    return value;
  }
}

scenario('Promise.all over activities gives all results in order (S3)', async (options) => {
  const d = new Driver(Combined, options);
  const id = d.post('all');
  await d.settle();
  await d.finish('b', 'B');
  expect(d.outcomeOf(id)).toEqual({ state: 'waiting' });
  await d.finish('a', 'A');
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: ['A', 'B', 'plain'] });
});

scenario('Promise.all rejects with the first failure, and a later one is nobody’s (S3, S18)', async (options) => {
  const d = new Driver(Combined, options);
  const id = d.post('all');
  await d.settle();
  await d.breakDown('b', 'down');
  expect(d.outcomeOf(id)).toMatchObject({ state: 'failed', failure: { kind: 'activity', code: 'down' } });
  await d.breakDown('a');
  expect(d.instance.quiet).toBe(true);
  expect(d.activities).toEqual([]);
});

scenario('the loser of a race may end late without being heard (S3)', async (options) => {
  const d = new Driver(Combined, options);
  const id = d.post('race');
  await d.advance(0);
  await d.settle();
  await d.advance(60_000);
  expect(d.state['trace']).toEqual(['late']);
  await d.finish('a', 'A');
  expect(d.outcomeOf(id)).toEqual({ state: 'waiting' });
  await d.advance(3_600_000);
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: 'late' });
});

scenario('Promise.any takes the first success and fails as a bug when there is none (S3, S19)', async (options) => {
  const d = new Driver(Combined, options);
  const first = d.post('any');
  await d.settle();
  await d.breakDown('a');
  await d.finish('b', 'B');
  expect(d.outcomeOf(first)).toEqual({ state: 'done', value: 'B' });
  d.post('any');
  await d.settle();
  await d.breakDown('a');
  await d.breakDown('b');
  expect(d.instance.ledger.held?.held?.failure).toMatchObject({ kind: 'bug', code: 'AggregateError' });
});

scenario('Promise.allSettled waits for all of them (S3)', async (options) => {
  const d = new Driver(Combined, options);
  const id = d.post('settled');
  await d.settle();
  await d.breakDown('a');
  await d.finish('b', 'B');
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: ['rejected', 'fulfilled'] });
});

scenario('a promise that lost a race can still be awaited (S3)', async (options) => {
  const d = new Driver(Combined, options);
  const id = d.post('again');
  await d.settle();
  await d.finish('a', 'A');
  await d.advance(60_000);
  expect(d.state['trace']).toEqual(['timed out']);
  await d.finish('b', 'B');
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: ['A', 'B'] });
});

scenario('combinators nest (S3)', async (options) => {
  const d = new Driver(Combined, options);
  const id = d.post('nested');
  await d.settle();
  await d.advance(10);
  await d.finish('a', 'A');
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: '["A",null]' });
  const other = d.post('nested', [], {});
  d.queue({ kind: 'promise', name: 'unrelated', outcome: { ok: true, value: new Uint8Array([0]) } });
  await d.settle();
  expect(d.outcomeOf(other)).toEqual({ state: 'waiting' });
});

scenario('helpers that wait run side by side (S3)', async (options) => {
  const d = new Driver(Combined, options);
  const id = d.post('helped');
  await d.settle();
  await d.finish('b', 'B');
  await d.advance(1);
  await d.finish('a', 'A');
  await d.advance(1);
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: 'AB' });
});

scenario('a caught failure lets the handler go on, and finally runs (S18)', async (options) => {
  const d = new Driver(Combined, options);
  const id = d.post('caught');
  await d.settle();
  await d.breakDown('a', 'down');
  await d.finish('b', 'B');
  await d.advance(100);
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: 'instead of B' });
  expect(d.state['trace']).toEqual(['down', 'finally']);
});

scenario('the loser of a settled race does not keep a handler parked (S3)', async (options) => {
  const d = new Driver(Combined, options);
  d.post('lost');
  await d.settle();
  await d.advance(10);
  expect(d.instance.ledger.held?.held?.failure).toMatchObject({ kind: 'fault' });
  expect(d.instance.ledger.held?.held?.failure.message).toContain('lost() waits for something that is not durable');
});

scenario('a promise that settled before it was awaited gives its value (S3)', async (options) => {
  const d = new Driver(Combined, options);
  const id = d.post('lateUse');
  await d.settle();
  await d.finish('a', 'A');
  expect(d.outcomeOf(id)).toEqual({ state: 'waiting' });
  await d.advance(1_000);
  expect(d.outcomeOf(id)).toEqual({ state: 'done', value: 'A' });
});

it('leaves combinators outside entities as they were, also for what cannot be listed (S3)', async () => {
  expect(new Driver(Combined).instance.quiet).toBe(true);
  await expect(Promise.all([Promise.resolve(1), Promise.resolve(2)])).resolves.toEqual([1, 2]);
  await expect(Promise.all(new Set([Promise.resolve(3)]))).resolves.toEqual([3]);
  await expect(Promise.all(undefined as never)).rejects.toThrow(TypeError);
  const broken = {
    *[Symbol.iterator]() {
      yield Promise.resolve(1);
      throw new RangeError('broken');
    },
  };
  await expect(Promise.race(broken)).rejects.toThrow(RangeError);
  class Own<T> extends Promise<T> {}
  expect(Own.all([])).toBeInstanceOf(Own);
  await expect(combine((members) => Promise.all(members), [1])).resolves.toEqual([1]);
});

import { Driver, KEY, scenario } from './entity-driver.fixture';
import { failureIn } from './driver-values.fixture';
import { Entity, Query, Signal, Update, Validate } from '../model/decorators';
import { activities } from './activities';
import type { Instance } from './instance';
import { perform } from './perform';
import { condition, entityInfo, log, now, random, sideEffect, sleep, uuid } from './functions';
import { runningStep } from './running';

interface Work {
  a(value?: unknown): Promise<string>;
}
const work = activities<Work>('work');

/** What wakes entity code from outside a step. */
const outside: { wake: (value: string) => void; tick: Promise<string> } = {
  wake: () => undefined,
  tick: Promise.resolve(''),
};

function never(): Promise<string> {
  return new Promise((resolve) => (outside.wake = resolve));
}
/** Wakes whoever waits; those who ask from now on wait again. */
async function wakeOutside(): Promise<void> {
  const { wake } = outside;
  reopen();
  wake('fetched');
  await new Promise((resolve) => void setImmediate(resolve));
}
function reopen(): void {
  outside.tick = never();
}

@Entity('honest')
class Honest {
  value = 0;
  data: unknown = null;
  drawn = random();
  id = uuid();
  flag = false;

  @Signal() set(to: number): void {
    this.value = to;
  }
  @Update() async foreign(): Promise<void> {
    await outside.tick;
    this.value = -1;
    await work.a();
  }
  @Signal() floating(): void {
    void outside.tick.then(() => (this.value = -2));
  }
  @Signal() floatingSleep(): void {
    void outside.tick.then(() => sleep(10)).catch(() => undefined);
  }
  @Update() async raced(): Promise<string> {
    return Promise.race([outside.tick, sleep('1 day').then(() => 'slept')]);
  }
  @Update() async caught(): Promise<string> {
    try {
      runningStep()?.fault('fetch was called', 'move it into an activity');
      throw new Error('as a trap throws');
    } catch {
      return 'swallowed';
    }
  }
  @Update() undeclared(): void {
    (this as Record<string, unknown>)['extra'] = 1;
  }
  @Update() symbolField(): void {
    (this as Record<symbol, unknown>)[Symbol('hidden')] = 1;
  }
  @Update() deleted(): void {
    delete (this as Partial<Honest>).value;
  }
  @Update() unencodable(): void {
    this.data = { deep: [() => 1] };
  }
  @Update() badResult(): unknown {
    return { deep: Symbol('x') };
  }
  @Update() badArgument(): void {
    void work.a(() => 1);
  }
  @Update() async asyncSideEffect(): Promise<void> {
    void sideEffect(async () => 1);
  }
  @Update() many(): unknown[] {
    log.info('hello', { n: 1 });
    return [now(), random(), uuid(), sideEffect(() => runningStep() === null), entityInfo()];
  }
  @Update() thenable(): PromiseLike<string> {
    return work.a();
  }
  @Query() clean(): unknown {
    log.debug('read');
    return [this.value, entityInfo().id];
  }
  @Query() dirty(): number {
    return ++this.value;
  }
  @Query() dirtyType(): void {
    this.data = () => 1;
  }
  @Query() random(): number {
    return random();
  }
  @Query() clock(): number {
    return now();
  }
  @Query() effect(): void {
    void sleep(1);
  }
  @Query() later(): unknown {
    return Promise.resolve(1);
  }
  @Validate('guarded') protected dirtyGuard(kind: string): void {
    if (kind === 'write') this.value += 1;
    if (kind === 'effect') void sleep(1);
  }
  @Update() guarded(_kind: string): string {
    return 'passed';
  }
  @Update() async dirtyCondition(): Promise<boolean> {
    return condition(() => {
      if (this.flag) this.value += 1;
      return false;
    });
  }
  @Update() async clockedCondition(): Promise<boolean> {
    return condition(() => now() > 0);
  }
  @Signal({ interleave: true }) raise(): void {
    this.flag = true;
  }
}

beforeEach(reopen);

async function born(options = {}): Promise<Driver> {
  const d = new Driver(Honest, options);
  await d.send('set', [1]);
  return d;
}

describe('the parking rule', () => {
  scenario('refuses a handler that waits for something not durable, naming it and the cure (S3)', async (options) => {
    const d = await born(options);
    const failure = await d.refused('foreign');
    expect(failure.cause).toMatchObject({ kind: 'fault', code: 'determinism_fault' });
    expect(failure.message).toContain('driven/E-1 foreign() waits for something that is not durable');
    expect(failure.message).toContain('move it into an activity');
  });

  it('leaves what the refused handler does later without effect and without blame (S3, S17)', async () => {
    const d = await born({ checked: () => false });
    await d.refused('foreign');
    await wakeOutside();
    expect(d.state['value']).toBe(1);
    expect(d.instance.stray).toBeNull();
    await d.send('set', [2]);
    expect(d.state['value']).toBe(2);
  });

  it('rebuilds beside a parked invocation, since the refused one still holds the object (S17)', async () => {
    const d = await born({ checked: () => false });
    d.post('dirtyCondition');
    await d.settle();
    await d.refused('foreign');
    expect(d.rebuilds).toBe(1);
    await wakeOutside();
    expect(d.state['value']).toBe(1);
  });
});

describe('code that wakes outside its step', () => {
  it('is found by the field it changed (S3)', async () => {
    const d = await born();
    await d.send('floating');
    await wakeOutside();
    const failure = failureIn(await d.send('many'));
    expect(failure.message).toContain('a field changed between two steps');
    expect(d.state['value']).toBe(1);
    await d.send('set', [3]);
    expect(d.state['value']).toBe(3);
  });

  it('is found by the framework function it calls, and named (S3)', async () => {
    const d = await born();
    await d.send('floatingSleep');
    await wakeOutside();
    const failure = failureIn(await d.send('many'));
    expect(failure.message).toContain('floatingSleep(): sleep() outside its own step');
    expect(d.rebuilds).toBe(1);
    expect((await d.send('many')).state).toBe('done');
  });

  it('is found by the end it came to (S3)', async () => {
    const d = await born();
    const id = d.post('raced');
    await d.settle();
    await wakeOutside();
    await d.deliver({ kind: 'operator', action: 'resume', reason: '' });
    expect(d.instance.ledger.held?.held?.failure.message).toContain('raced(): it ended outside its own step');
    await d.retry();
    await d.advance(86_400_000);
    expect(d.outcomeOf(id)).toEqual({ state: 'done', value: 'slept' });
  });

  it('that left a field that cannot be encoded is found too (S3)', async () => {
    const d = await born();
    const { object } = d.instance;
    (object as Honest).data = () => 1;
    expect((await d.refused('many')).message).toContain('field data is a function');
  });
});

describe('faults in a step', () => {
  scenario('a fault that the author caught still refuses the step (S3)', async (options) => {
    const d = await born(options);
    expect((await d.refused('caught')).message).toContain('fetch was called; move it into an activity');
  });

  scenario('fields must be those of the class (S3, S28)', async (options) => {
    const d = await born(options);
    expect((await d.refused('undeclared')).message).toContain('field extra is set but not declared');
    expect((await d.refused('symbolField')).message).toContain('field Symbol(hidden) is set but not declared');
    expect((await d.refused('deleted')).message).toContain('field value was deleted');
    expect(d.state['value']).toBe(1);
  });

  scenario('what cannot be encoded is refused with its path (S10)', async (options) => {
    const d = await born(options);
    expect((await d.refused('unencodable')).message).toContain('field data.deep[0] is a function');
    expect((await d.refused('badResult')).message).toContain('result of badResult().deep is a symbol');
    expect((await d.refused('badArgument')).message).toContain('arguments of activity work.a[0] is a function');
    expect((await d.refused('asyncSideEffect')).message).toContain('result of sideEffect() is an instance of Promise');
  });

  it('one step at a time: a second one meanwhile is our own mistake (S1)', async () => {
    const d = await born();
    const at = { seq: d.seq, index: 0 };
    const input = { kind: 'operator', action: 'resume', reason: '' } as const;
    (d.instance as { step: unknown }).step = {};
    await expect(perform(d.instance, { input, args: null }, at, d.time)).rejects.toThrow('one step at a time');
  });
});

describe('read-only code', () => {
  scenario('queries read fields and know the entity; what they may not do is refused (S9)', async (options) => {
    const d = await born(options);
    expect(d.query('clean')).toEqual([1, 'E-1']);
    expect(() => d.query('dirty')).toThrow('the query dirty() changed a field');
    expect(() => d.query('dirtyType')).toThrow('the query dirtyType() changed a field');
    expect(d.query('clean')).toEqual([1, 'E-1']);
    expect(() => d.query('random')).toThrow('a random number was drawn in the query random()');
    expect(() => d.query('clock')).toThrow('the time was read');
    expect(() => d.query('effect')).toThrow('sleep() was called');
    expect(() => d.query('later')).toThrow('must be synchronous');
    expect(() => d.query('missing')).not.toThrow();
  });

  scenario('validators may not write or wait (S9)', async (options) => {
    const d = await born(options);
    expect((await d.refused('guarded', 'write')).message).toContain('the validator dirtyGuard() changed a field');
    expect((await d.refused('guarded', 'effect')).message).toContain('sleep() was called');
    expect(await d.ask('guarded', 'nothing')).toBe('passed');
    expect(d.state['value']).toBe(1);
  });

  it('a query that writes beside a parked invocation spoils the instance, which is then rebuilt (S9, S17)', async () => {
    const d = await born();
    d.post('raced');
    await d.settle();
    expect(() => d.query('dirty')).toThrow('changed a field');
    expect(d.instance.stray).not.toBeNull();
    await d.restart();
    expect(d.query('clean')).toEqual([1, 'E-1']);
  });

  scenario('a predicate that writes, or asks for the time, holds the entity by name (S9)', async (options) => {
    const d = await born(options);
    d.post('dirtyCondition');
    await d.settle();
    await d.send('raise');
    expect(d.instance.ledger.held?.held?.failure.message).toContain('the predicate of a condition changed a field');
    expect(d.state['value']).toBe(1);
    await d.skip();
    d.post('clockedCondition');
    await d.settle();
    expect(d.instance.ledger.held?.held?.failure.message).toContain('the time was read');
  });
});

describe('deterministic values', () => {
  scenario('repeat on replay, and sideEffect runs with the traps off (S10, S17)', async (options) => {
    const d = await born(options);
    const many = (await d.ask('many')) as unknown[];
    expect(many[3]).toBe(true);
    expect(many[4]).toEqual({ ...KEY, createdAt: d.instance.ledger.birth.time });
    expect(String(many[2])).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(many).not.toEqual(await d.ask('many'));
    expect(d.logs).toHaveLength(2);
    expect(d.logs[0]).toEqual(['info', 'hello', { method: 'many', n: 1 }]);
  });

  scenario('initialisers draw from the birth alone (S21, S28)', async (options) => {
    const d = await born(options);
    const { drawn, id } = d.state;
    await d.snapshot();
    await d.restart();
    expect(d.state).toMatchObject({ drawn, id });
  });

  scenario('a durable promise may be returned without async (S3)', async (options) => {
    const d = await born(options);
    const id = d.post('thenable');
    await d.settle();
    await d.finish('a', 'A');
    expect(d.outcomeOf(id)).toEqual({ state: 'done', value: 'A' });
  });
});

it('logs nothing on replay (S10)', async () => {
  const d = await born();
  await d.ask('many');
  const instance: Instance = await d.replayed();
  expect(instance.quiet).toBe(true);
  expect(d.logs).toHaveLength(1);
});

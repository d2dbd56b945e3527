import { Driver, START, scenario } from './entity-driver.fixture';
import { Entity, Query, Reminder, Signal, Update } from '../model/decorators';
import type { ActivityCallOptions } from '../model/handle';
import { DEFAULT_ACTIVITY_OPTIONS, activities, enqueue, groupName } from './activities';
import {
  again,
  condition,
  forget,
  now,
  promise,
  random,
  remind,
  sideEffect,
  sleep,
  sleepUntil,
  uuid,
} from './functions';
import { activityScope } from './activity-scope';
import { MAX_PENDING_WAITS } from './limits';

interface Mail {
  send(to: string): Promise<string>;
}
const mail = activities<Mail>('mail', { startToClose: '30s', retry: { initial: '2s' }, queue: 'slow' });

@Entity('calling')
class Calling {
  map = new Map([['k', { n: 1 }]]);
  set = new Set([{ n: 1 }]);
  bytes = new Uint8Array([1, 2]);
  at = new Date(0);
  trace: unknown[] = [];

  @Signal() begin(): void {}
  @Update() async until(moment: number): Promise<number> {
    await sleepUntil(moment % 2 === 0 ? moment : new Date(moment));
    return now();
  }
  @Update() fractional(): void {
    void sleepUntil(START + 0.5);
  }
  @Update() badMoment(): void {
    void sleepUntil(NaN);
  }
  @Update() badDate(): void {
    void sleepUntil(new Date(NaN));
  }
  @Update() badName(): void {
    void promise('');
  }
  @Update() async badTimeout(): Promise<string> {
    try {
      await condition(() => true, 'soon' as never);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  }
  @Update() remindOther(): void {
    remind<() => void>(this.begin.bind(this), 10);
  }
  @Update() remindQuery(): void {
    remind(this.look, 10);
  }
  @Update() forgetNothing(): void {
    forget(this.later);
  }
  @Update() againHere(): unknown {
    return again({ after: 10 });
  }
  @Update() tooMany(): void {
    for (let n = 0; n <= MAX_PENDING_WAITS; n += 1) void sleep(1);
  }
  @Update() async options(): Promise<string> {
    enqueue(mail).send('queued');
    return mail.with({ attempts: 3, scheduleToClose: '1 day', retry: { factor: 1.5 } }).send('x');
  }
  @Update() isNoPromise(): unknown[] {
    const group = mail as unknown as Record<string | symbol, unknown>;
    return [group['then'], group['toJSON'], group[Symbol.iterator]].map((one) => one === undefined);
  }
  @Reminder() later(): void {}
  @Query() look(): number {
    return 1;
  }
  @Update() async park(): Promise<boolean> {
    return condition(() => this.trace.length > 0);
  }
  @Update({ interleave: true }) exchange(what: string): void {
    if (what === 'map') this.map = new Map([...this.map].map(([key, one]) => [key, { ...one }]));
    if (what === 'set') this.set = new Set([...this.set].map((one) => ({ ...one })));
    if (what === 'bytes') this.bytes = this.bytes.slice();
    if (what === 'date') this.at = new Date(this.at);
    throw new TypeError('a bug after it');
  }
}

describe('waits', () => {
  scenario('sleepUntil wakes at the moment; one in the past is reached at once (S6)', async (options) => {
    const d = new Driver(Calling, options);
    const ahead = d.post('until', [START + 5_000]);
    await d.settle();
    await d.advance(5_000);
    expect(d.outcomeOf(ahead)).toEqual({ state: 'done', value: START + 5_000 });
    const past = d.post('until', [START - 4_999]);
    await d.settle();
    await d.advance(0);
    expect(d.outcomeOf(past)).toEqual({ state: 'done', value: START + 5_000 });
    expect((await d.send('fractional')).state).toBe('done');
  });

  scenario('arguments that make no sense are refused (S10)', async (options) => {
    const d = new Driver(Calling, options);
    await d.send('begin');
    expect((await d.refused('badMoment')).message).toContain('sleepUntil() needs a moment');
    expect((await d.refused('badDate')).message).toContain('sleepUntil() needs a moment');
    expect((await d.refused('badName')).message).toContain('promise() needs a name');
    expect(await d.ask('badTimeout')).toContain('condition() is "soon", which is no duration');
    expect((await d.refused('remindOther')).message).toContain(
      'takes a @Reminder or @Signal method of the entity itself',
    );
    expect((await d.refused('remindQuery')).message).toContain('it was given look');
    expect((await d.refused('againHere')).message).toContain('result of againHere()');
    expect((await d.send('forgetNothing')).state).toBe('done');
  });

  it('are bounded in one invocation (S7)', async () => {
    const d = new Driver(Calling, { compareEvery: 1_000 });
    await d.send('begin');
    expect((await d.refused('tooMany')).message).toContain('100000 pending waits');
  });
});

describe('outside an entity', () => {
  it('every function says that it works inside one only (S3)', () => {
    const calls: (() => unknown)[] = [
      () => sleep(1),
      () => sleepUntil(1),
      () => condition(() => true),
      () => promise('x'),
      () => again({ after: 1 }),
      () => sideEffect(() => 1),
      () => now(),
      () => random(),
      () => uuid(),
      () => mail.send('x'),
      () => enqueue(mail).send('x'),
    ];
    for (const call of calls) expect(call).toThrow(/works inside/);
    expect(activityScope()).toBeNull();
  });
});

describe('groups of activities', () => {
  scenario('resolve their options when they are called (S10)', async (options) => {
    const d = new Driver(Calling, options);
    d.post('options');
    await d.settle();
    const [queued, awaited] = d.activities;
    expect(queued).toMatchObject({ group: 'mail', method: 'send', owner: 0 });
    const base = { ...DEFAULT_ACTIVITY_OPTIONS, startToCloseMs: 30_000, retryInitialMs: 2_000, queue: 'slow' };
    expect(queued?.options).toEqual(base);
    expect(awaited?.options).toEqual({ ...base, attempts: 3, scheduleToCloseMs: 86_400_000, retryFactor: 1.5 });
  });

  scenario('are never taken for promises (S10)', async (options) => {
    const d = new Driver(Calling, options);
    expect(await d.ask('isNoPromise')).toEqual([true, true, true]);
  });

  it('refuse options out of bounds, a missing name, and what is no group', () => {
    const bad = (options: ActivityCallOptions) => () => activities<Mail>('mail', options);
    expect(bad({ attempts: -1 })).toThrow('attempts of activities');
    expect(bad({ attempts: 1.5 })).toThrow('whole number');
    expect(bad({ retry: { factor: 0.5 } })).toThrow('retry.factor');
    expect(bad({ heartbeat: 'x' as never })).toThrow("heartbeat of activities('mail')");
    expect(() => activities('')).toThrow('needs the name of the group');
    expect(() => enqueue({} as never)).toThrow('a group made by activities');
    expect(() => groupName(null)).toThrow('a group made by activities');
    expect(groupName(mail)).toBe('mail');
  });
});

scenario('whatever container a refused step exchanged beside a parked one, it is put back (S17)', async (options) => {
  const d = new Driver(Calling, options);
  d.post('park');
  await d.settle();
  for (const what of ['map', 'set', 'bytes', 'date']) await d.refused('exchange', what);
  expect(d.rebuilds).toBe(4);
  await d.refused('exchange', 'nothing');
  expect(d.rebuilds).toBe(4);
});

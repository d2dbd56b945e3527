import { Driver, START, scenario } from './entity-driver.fixture';
import { failureIn, valueIn } from './driver-values.fixture';
import { EntityFailure } from '../errors';
import { Entity, Every, Reminder, Signal, Update } from '../model/decorators';
import { activities, enqueue } from './activities';
import { again, condition, entityInfo, forget, now, remind, sleep } from './functions';

interface Mail {
  statement(points: number): Promise<void>;
}
const mail = activities<Mail>('mail');
const HOUR = 3_600_000;

@Entity('account')
class Account {
  points = 0;
  rounds = 0;
  born = now();

  @Signal() add(n: number): void {
    this.points += n;
  }
  async run() {
    this.rounds += 1;
    await mail.statement(this.points);
    if (this.points === 13) throw new EntityFailure('unlucky');
    if (this.points === 99) return 'closed';
    return again({ after: '30 days' });
  }
}

describe('birth and rounds of run()', () => {
  scenario('run() starts as a step of its own after the first message, in one turn (S21)', async (options) => {
    const d = new Driver(Account, { ...options, turnSteps: 2 });
    await d.send('add', [1]);
    expect(d.steps).toEqual(['add', 'run']);
    expect(d.rows).toHaveLength(1);
    expect(d.state).toEqual({ points: 1, rounds: 1, born: START });
  });

  scenario('again parks nothing and begins anew on the present fields (S22)', async (options) => {
    const d = new Driver(Account, options);
    await d.send('add', [1]);
    await d.finish('statement');
    expect(d.instance.quiet).toBe(true);
    await d.snapshot();
    await d.restart();
    await d.send('add', [1]);
    await d.advance(30 * 24 * HOUR);
    expect(d.state).toMatchObject({ points: 2, rounds: 2 });
    expect(d.activities).toHaveLength(1);
  });

  scenario('a business failure in run() completes the entity as failed (S18)', async (options) => {
    const d = new Driver(Account, options);
    await d.send('add', [13]);
    await d.finish('statement');
    expect(d.instance.ledger).toMatchObject({ run: 'failed', ended: true });
    expect(d.instance.ledger.result).not.toBeNull();
    expect(await d.send('add', [1])).toEqual({ state: 'ended' });
  });

  scenario('a build that brings run() starts it (S21)', async (options) => {
    @Entity('account')
    class Before {
      points = 0;
      rounds = 0;
      born = now();
      @Signal() add(n: number): void {
        this.points += n;
      }
    }
    const d = new Driver(Before, options);
    await d.send('add', [1]);
    await d.deploy(Account);
    expect(d.state).toMatchObject({ rounds: 1 });
  });
});

@Entity('closing')
class Closing {
  open = true;
  trace: string[] = [];

  @Update() async wait(): Promise<void> {
    await sleep('1 day');
  }
  @Signal() note(text: string): void {
    this.trace.push(text);
  }
  @Signal() async parkedSignal(): Promise<void> {
    await sleep('1 day');
  }
  @Signal({ interleave: true }) close(): void {
    this.open = false;
  }
  async run(): Promise<string> {
    await condition(() => !this.open);
    enqueue(mail).statement(1);
    return 'closed';
  }
}

scenario(
  'when run() returns, admitted messages are applied and parked updates end as completed (S23)',
  async (options) => {
    const d = new Driver(Closing, options);
    await d.send('note', ['one']);
    const parked = d.post('wait');
    d.post('note', ['two']);
    const second = d.post('wait');
    d.post('parkedSignal');
    await d.settle();
    await d.send('close');
    expect(failureIn(d.outcomeOf(parked))).toMatchObject({ kind: 'refusal', code: 'completed' });
    expect(failureIn(d.outcomeOf(second))).toMatchObject({ code: 'completed' });
    expect(d.state['trace']).toEqual(['one', 'two']);
    expect(d.instance.ledger).toMatchObject({ run: 'completed', ended: true, timers: null });
    expect(d.activities).toHaveLength(1);
    await d.finish('statement');
    expect(d.activities).toHaveLength(0);
    expect(await d.send('note', ['three'])).toEqual({ state: 'ended' });
  },
);

@Entity('cart')
class Cart {
  items: string[] = [];
  trace: string[] = [];
  broken = true;

  @Signal() add(item: string): void {
    this.items.push(item);
    remind(this.abandoned, '1 day', item, this.items.length);
  }
  @Signal() bought(): void {
    forget(this.abandoned);
    forget(this.again);
  }
  @Signal() again(): void {
    this.trace.push(`again at ${now() - START}`);
  }
  @Signal() plan(): void {
    remind(this.again, '1 hour');
    remind(this.failing, '2 hours');
  }
  @Reminder() protected failing(): void {
    throw new EntityFailure('reminder_failed');
  }
  @Reminder() async abandoned(item: string, count: number): Promise<void> {
    this.trace.push(`abandoned ${item} ${count} of ${entityInfo().id}`);
    await mail.statement(count);
  }
}

scenario('a reminder replaces the earlier one and is called with its arguments (S22)', async (options) => {
  const d = new Driver(Cart, options);
  await d.send('add', ['book']);
  await d.advance(23 * HOUR);
  await d.send('add', ['pen']);
  expect(d.instance.quiet).toBe(true);
  await d.advance(2 * HOUR);
  expect(d.state['trace']).toEqual([]);
  await d.advance(24 * HOUR);
  expect(d.state['trace']).toEqual(['abandoned pen 2 of E-1']);
  await d.finish('statement');
});

scenario(
  'forget drops a reminder; a reminder may call a signal; one that fails is shown (S18, S22)',
  async (options) => {
    const d = new Driver(Cart, options);
    await d.send('add', ['book']);
    await d.send('bought');
    await d.send('plan');
    await d.advance(48 * HOUR);
    expect(d.state['trace']).toEqual([`again at ${HOUR}`]);
    expect(d.instance.ledger.failures).toMatchObject([{ method: 'failing', failure: { code: 'reminder_failed' } }]);
    expect(d.instance.ledger.wakeAt()).toBeNull();
  },
);

scenario('a reminder whose time comes while the lock is taken waits its turn (S2, S7, S22)', async (options) => {
  const d = new Driver(Cart, options);
  await d.send('add', ['book']);
  await d.advance(24 * HOUR);
  await d.send('plan');
  expect(d.instance.ledger.admitted).toHaveLength(1);
  await d.finish('statement');
  await d.advance(HOUR);
  expect(d.state['trace']).toEqual(['abandoned book 1 of E-1', `again at ${25 * HOUR}`]);
});

@Entity('ticking')
class Ticking {
  ticks: number[] = [];
  @Signal() start(): void {}
  @Signal() async busy(): Promise<void> {
    await sleep('5 minutes');
  }
  @Every('1 minute') tick(): void {
    this.ticks.push((now() - START) / 60_000);
    if (this.ticks.length === 3) throw new EntityFailure('third');
  }
}

describe('@Every', () => {
  scenario(
    'is armed at birth and ticks at its interval; a failed tick is one tick lost (S18, S22)',
    async (options) => {
      const d = new Driver(Ticking, options);
      await d.send('start');
      expect(d.instance.ledger.wakeAt()).toBe(START + 60_000);
      await d.advance(5 * 60_000);
      expect(d.state['ticks']).toEqual([1, 2]);
      expect(d.instance.ledger.failures).toHaveLength(3);
    },
  );

  scenario('ticks once for all the intervals it missed, and keeps its phase (S22)', async (options) => {
    const d = new Driver(Ticking, options);
    await d.send('start');
    d.time = START + 10.5 * 60_000;
    const [timer] = [...(d.instance.ledger.timers?.values() ?? [])];
    await d.deliver({ kind: 'timer', effect: timer?.effect ?? 0 });
    expect(d.state['ticks']).toEqual([10.5]);
    expect(d.instance.ledger.wakeAt()).toBe(START + 11 * 60_000);
  });

  scenario('waits while the lock is taken, once (S7, S22)', async (options) => {
    const d = new Driver(Ticking, options);
    await d.send('start');
    await d.send('busy');
    await d.advance(2 * 60_000);
    expect(d.instance.ledger.admitted).toHaveLength(1);
    await d.advance(3 * 60_000);
    expect(d.state['ticks']).toEqual([5]);
    await d.advance(60_000);
    expect(d.state['ticks']).toEqual([5, 6]);
  });

  scenario('follows a build with another interval, and one without the method (S22)', async (options) => {
    @Entity('ticking')
    class Slower {
      ticks: number[] = [];
      @Signal() start(): void {}
      @Every('1 hour') tick(): void {
        this.ticks.push(60);
      }
    }
    @Entity('ticking')
    class Silent {
      ticks: number[] = [];
      @Signal() start(): void {}
    }
    const d = new Driver(Ticking, options);
    await d.send('start');
    await d.snapshot();
    await d.deploy(Slower);
    await d.send('start');
    expect(d.instance.ledger.wakeAt()).toBe(START + HOUR);
    await d.snapshot();
    await d.deploy(Silent);
    await d.advance(HOUR);
    expect(d.state['ticks']).toEqual([]);
    expect(d.instance.ledger.wakeAt()).toBeNull();
  });

  it('has no timer before the entity is born nor after it has ended (S21, S23)', async () => {
    const d = new Driver(Ticking);
    await d.operator('hold');
    await d.operator('resume');
    expect(d.instance.ledger.timers).toBeNull();
    await d.send('start');
    await d.operator('terminate');
    await d.deliver({ kind: 'timer', effect: 2 });
    expect(d.instance.ledger.timers).toBeNull();
  });
});

@Entity('skipped')
class Skipped {
  rounds = 0;
  broken = true;
  @Signal() start(): void {}
  @Signal() mend(): void {
    this.broken = false;
  }
  @Update() rounded(): number {
    return this.rounds;
  }
  async run() {
    this.rounds += 1;
    await sleep(1_000);
    if (this.broken) throw new TypeError('broken round');
    return again({ after: 1_000 });
  }
}

scenario('a skipped step of run() begins it again from its first line (S19)', async (options) => {
  const d = new Driver(Skipped, options);
  await d.send('start');
  await d.advance(1_000);
  expect(d.instance.ledger.held?.held?.failure).toMatchObject({ message: 'broken round' });
  await d.skip();
  expect(d.instance.ledger.run).toBe('running');
  await d.send('mend');
  await d.advance(1_000);
  expect(d.instance.ledger.run).toBe('waiting');
  expect(valueIn(await d.send('rounded'))).toBe(2);
});

scenario('too much state in run() holds the entity instead of ending it (S18, S19)', async (options) => {
  @Entity('grows')
  class Grows {
    big = '';
    @Signal() start(): void {}
    async run(): Promise<void> {
      await sleep(10);
      this.big = 'x'.repeat(5_000);
      await sleep(10);
    }
  }
  const d = new Driver(Grows, { ...options, maxStateBytes: 2_000 });
  await d.send('start');
  await d.advance(10);
  expect(d.instance.ledger.held?.held?.failure).toMatchObject({ code: 'too_large' });
});

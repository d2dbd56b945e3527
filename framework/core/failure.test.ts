import { Driver, scenario } from './entity-driver.fixture';
import { failureIn, valueIn } from './driver-values.fixture';
import { toFailure } from '../codec/failure';
import { EntityFailure, PerdureError } from '../errors';
import { Entity, Query, Signal, Update, Validate } from '../model/decorators';
import { activities } from './activities';
import { undo } from './perform';
import { condition, patched, random, sideEffect } from './functions';

interface Work {
  a(): Promise<string>;
}
const work = activities<Work>('work');
let drawn = 0;

@Entity('shop')
class Shop {
  stock = 3;
  lines: { sku: string }[] = [];
  big = '';
  draws: number[] = [];
  broken = true;

  @Signal() open(): void {
    this.stock = 10;
  }
  @Validate('buy') protected mayBuy(count: number): void {
    if (count < 0) throw new EntityFailure('negative', 'count is negative', { count });
    if (count === 99) throw new TypeError('validator bug');
  }
  @Update() buy(count: number): number {
    this.stock -= count;
    if (this.stock < 0) throw new EntityFailure('sold_out', `has ${this.stock + count}`);
    return this.stock;
  }
  @Update() rejectedByName(): void {
    throw new EntityFailure('rejected');
  }
  @Update() bug(): void {
    this.stock = -1;
    void work.a();
    random();
    patched('x');
    throw new TypeError('a bug');
  }
  @Signal() fail(): void {
    this.stock = 0;
    throw new EntityFailure('no_good');
  }
  @Signal() flaky(): void {
    this.draws.push(sideEffect(() => ++drawn));
    if (this.broken) throw new RangeError('flaky');
  }
  @Signal({ interleave: true }) mend(): void {
    this.broken = false;
  }
  @Update() async later(): Promise<string> {
    this.lines.push({ sku: 'first step' });
    await work.a();
    this.lines.push({ sku: 'second step' });
    await work.a();
    if (this.broken) throw new TypeError('late bug');
    return 'done';
  }
  @Update() async laterFailure(): Promise<void> {
    await work.a();
    this.stock = 0;
    throw new EntityFailure('late');
  }
  @Update() grow(bytes: number): void {
    this.big = 'x'.repeat(bytes);
  }
  @Signal() growSignal(bytes: number): void {
    this.big = 'x'.repeat(bytes);
  }
  @Update({ interleave: true }) copyThenRefuse(): void {
    this.lines = this.lines.map((one) => ({ ...one }));
    throw new EntityFailure('refused');
  }
  @Update({ interleave: true }) writeThenRefuse(): void {
    this.stock += 1;
    throw new EntityFailure('refused');
  }
  @Update({ interleave: true }) refuse(): void {
    throw new EntityFailure('refused');
  }
  @Update() async holdLine(): Promise<void> {
    const { lines } = this;
    await condition(() => this.stock === 77);
    lines.push({ sku: 'kept' });
  }
  @Update({ interleave: true }) setStock(to: number): void {
    this.stock = to;
  }
  @Query() read(): number {
    return this.stock;
  }
}

describe('the unit of failure is the step', () => {
  scenario('a refused update loses its writes and is recorded as undone (S17, S18)', async (options) => {
    const d = new Driver(Shop, options);
    await d.send('open');
    expect(await d.refused('buy', 20)).toMatchObject({ kind: 'entity', code: 'sold_out', message: 'has 10' });
    expect(d.query('read')).toBe(10);
    expect(d.allEntries().at(-1)).toMatchObject({ undone: { code: 'sold_out' }, consequences: [] });
    expect(await d.ask('buy', 1)).toBe(9);
  });

  scenario(
    'a bug in the first step of an update answers internal and leaves no trace (S13, S17, S19)',
    async (options) => {
      const d = new Driver(Shop, options);
      await d.send('open');
      const before = { entries: d.allEntries().length, next: d.instance.ledger.nextNumber };
      const failure = await d.refused('bug');
      expect(failure).toMatchObject({ kind: 'refusal', code: 'internal', cause: { kind: 'bug', message: 'a bug' } });
      expect(failure.message).toContain('driven/E-1 bug() failed with a bug');
      expect(d.allEntries()).toHaveLength(before.entries);
      expect(d.instance.ledger.nextNumber).toBe(before.next);
      expect(d.state['stock']).toBe(10);
      expect(d.activities).toEqual([]);
    },
  );

  scenario('a negative outcome is recorded for later attempts and for submitted messages (S13)', async (options) => {
    const d = new Driver(Shop, options);
    await d.send('open');
    const again = await d.send('bug', [], { attempt: 2 });
    expect(again).toMatchObject({ state: 'failed', recorded: true, failure: { code: 'internal' } });
    const invalid = await d.send('buy', [-1], { submitted: true });
    expect(invalid).toMatchObject({ recorded: true, failure: { code: 'rejected', message: 'count is negative' } });
    expect(await d.send('buy', [-1])).toMatchObject({ recorded: false, failure: { code: 'rejected' } });
    expect(await d.send('buy', [99])).toMatchObject({ recorded: false, failure: { code: 'internal' } });
    const named = await d.send('rejectedByName');
    expect(named).toMatchObject({ recorded: true, failure: { kind: 'entity', code: 'rejected' } });
  });

  scenario('a business failure of a signal is undone, visible, and the entity serves on (S18)', async (options) => {
    const d = new Driver(Shop, options);
    await d.send('open');
    await d.send('fail');
    expect(d.state['stock']).toBe(10);
    expect(d.instance.ledger.failures).toMatchObject([{ method: 'fail', failure: { code: 'no_good' } }]);
    for (let n = 0; n < 12; n += 1) await d.send('fail');
    expect(d.instance.ledger.failures).toHaveLength(10);
    expect(await d.ask('buy', 1)).toBe(9);
  });

  scenario('a later step fails alone: what earlier steps did stands (S17)', async (options) => {
    const d = new Driver(Shop, options);
    await d.send('open');
    const id = d.post('laterFailure');
    await d.settle();
    await d.finish('a');
    expect(failureIn(d.outcomeOf(id))).toMatchObject({ code: 'late' });
    expect(d.state['stock']).toBe(10);
    expect(d.instance.quiet).toBe(true);
  });

  scenario('other steps of the same turn keep their effect when one is undone (S17)', async (options) => {
    const d = new Driver(Shop, { ...options, turnSteps: 10 });
    await d.send('open');
    const parked = d.post('holdLine');
    await d.settle();
    await d.ask('setStock', 5);
    await d.refused('writeThenRefuse');
    expect(d.rebuilds).toBe(1);
    expect(d.state['stock']).toBe(5);
    await d.ask('setStock', 77);
    expect(d.outcomeOf(parked)).toEqual({ state: 'done', value: undefined });
  });
});

describe('undo beside a parked invocation', () => {
  it('is cheap where the fields are as they were: nothing is rebuilt (S17)', async () => {
    const d = new Driver(Shop);
    await d.send('open');
    d.post('holdLine');
    await d.settle();
    const { object } = d.instance;
    for (let n = 0; n < 20; n += 1) await d.refused('refuse');
    await d.refused('buy', -1);
    expect(d.rebuilds).toBe(0);
    expect(d.instance.object).toBe(object);
  });

  scenario(
    'rebuilds where objects were exchanged for equal ones, which the parked one still holds (S17)',
    async (options) => {
      const d = new Driver(Shop, options);
      await d.send('open');
      d.post('later');
      await d.settle();
      await d.finish('a');
      await d.send('mend');
      await d.finish('a');
      const parked = d.post('holdLine');
      await d.settle();
      await d.refused('copyThenRefuse');
      expect(d.rebuilds).toBe(1);
      await d.ask('setStock', 77);
      expect(d.outcomeOf(parked).state).toBe('done');
      expect(d.state['lines']).toEqual([{ sku: 'first step' }, { sku: 'second step' }, { sku: 'kept' }]);
    },
  );

  scenario('rebuilds state over 4 KiB rather than keep a list of its objects (S17)', async (options) => {
    const d = new Driver(Shop, options);
    await d.ask('grow', 5_000);
    d.post('holdLine');
    await d.settle();
    await d.refused('refuse');
    expect(d.rebuilds).toBe(1);
    await d.refused('buy', -1);
    expect(d.rebuilds).toBe(1);
  });
});

describe('a held entity', () => {
  scenario('admits what comes, answers the last good state, and goes on when cured (S2, S19)', async (options) => {
    const d = new Driver(Shop, options);
    await d.send('open');
    await d.send('flaky');
    expect(d.instance.ledger.held?.held?.failure).toMatchObject({ kind: 'bug', code: 'RangeError', message: 'flaky' });
    const bought = d.post('buy', [1]);
    await d.settle();
    expect(d.outcomeOf(bought)).toEqual({ state: 'waiting' });
    expect(d.query('read')).toBe(10);
    const entries = d.allEntries().length;
    await d.retry();
    await d.retry();
    expect(d.lastFailure).toMatchObject({ message: 'flaky' });
    expect(d.allEntries()).toHaveLength(entries);
    await d.skip();
    expect(d.outcomeOf(bought)).toEqual({ state: 'done', value: 9 });
    expect(d.state['draws']).toEqual([]);
  });

  scenario('a retry sees the results that sideEffect drew before the hold (S10, S19)', async (options) => {
    const d = new Driver(Shop, options);
    await d.send('open');
    await d.send('flaky');
    const kept = drawn;

    @Entity('shop')
    class Mended extends ShopWithoutEntity {}
    await d.deploy(Mended);
    await d.retry();
    expect(d.instance.ledger.held).toBeNull();
    expect(d.state['draws']).toEqual([kept]);
    expect(drawn).toBe(kept);
  });

  scenario(
    'a bug in a later step keeps the activity’s result; it is not asked for again (S2, S19)',
    async (options) => {
      const d = new Driver(Shop, options);
      await d.send('open');
      const id = d.post('later');
      await d.settle();
      await d.finish('a');
      await d.finish('a');
      expect(d.instance.ledger.held?.held?.failure).toMatchObject({ message: 'late bug' });
      expect(d.activities).toEqual([]);
      expect(d.state['lines']).toEqual([{ sku: 'first step' }, { sku: 'second step' }]);
      await d.retry();
      expect(d.rebuilds).toBe(2);
      await d.skip();
      expect(failureIn(d.outcomeOf(id))).toMatchObject({ kind: 'cancelled', code: 'skipped' });
      expect(await d.ask('buy', 1)).toBe(9);
    },
  );

  scenario('an input admitted earlier that fails is held in its place (S2)', async (options) => {
    const d = new Driver(Shop, options);
    await d.send('open');
    const later = d.post('laterFailure');
    d.post('flaky');
    d.post('open');
    await d.settle();
    await d.finish('a');
    expect(d.outcomeOf(later).state).toBe('failed');
    expect(d.allEntries().at(-1)?.kind).toBe('hold');
    expect(d.instance.ledger.admitted.map((one) => one.held !== null)).toEqual([true, false]);
    await d.skip();
    expect(d.instance.ledger.admitted).toEqual([]);
  });

  scenario('an operator’s hold admits all and resume goes on (S19)', async (options) => {
    const d = new Driver(Shop, options);
    await d.send('open');
    const id = d.post('laterFailure');
    await d.settle();
    await d.operator('hold');
    expect(d.instance.ledger.operatorHold).toEqual({ reason: 'test', at: d.time });
    await d.finish('a');
    const bought = d.post('buy', [2]);
    await d.settle();
    expect(d.outcomeOf(id)).toEqual({ state: 'waiting' });
    await d.operator('resume');
    expect(d.outcomeOf(id).state).toBe('failed');
    expect(valueIn(d.outcomeOf(bought))).toBe(8);
  });

  scenario('terminate ends everything for good (S18)', async (options) => {
    const d = new Driver(Shop, options);
    await d.send('open');
    d.post('later');
    d.post('buy', [1]);
    await d.settle();
    await d.operator('terminate');
    expect(d.instance.ledger).toMatchObject({ ended: true, admitted: [], activities: null });
    expect(await d.send('buy', [1])).toEqual({ state: 'ended' });
    await d.deliver({ kind: 'activity', effect: 2, outcome: { ok: true, value: new Uint8Array([1]) } });
    expect(d.instance.quiet).toBe(true);
  });
});

describe('the first message', () => {
  scenario('that fails leaves nothing, or an outcome of an unborn key (S13, S21)', async (options) => {
    const d = new Driver(Shop, options);
    expect(await d.send('buy', [9])).toMatchObject({ state: 'failed', recorded: false, failure: { code: 'sold_out' } });
    expect(await d.send('flaky')).toMatchObject({ state: 'failed', recorded: false, failure: { code: 'internal' } });
    expect(d.rows).toHaveLength(0);
    expect(await d.send('buy', [9], { attempt: 2 })).toMatchObject({ recorded: true });
    expect(d.instance.ledger.born).toBe(false);
    expect(await d.ask('buy', 1)).toBe(2);
    expect(d.instance.ledger.born).toBe(true);
  });
});

describe('bounds', () => {
  scenario('too much state refuses the update and drops the signal (S17)', async (options) => {
    const d = new Driver(Shop, { ...options, maxStateBytes: 2_000 });
    await d.send('open');
    expect(await d.send('grow', [3_000])).toMatchObject({ recorded: true, failure: { code: 'too_large' } });
    await d.send('growSignal', [3_000]);
    expect(d.instance.ledger.failures).toMatchObject([{ failure: { code: 'too_large' } }]);
    expect(d.state['big']).toBe('');
  });

  it('records a refusal of a message that was never run (S13)', async () => {
    const d = new Driver(Shop);
    await d.send('open');
    const failure = toFailure(new PerdureError('invalid_argument', 'argument 1 is no number'));
    const input = {
      kind: 'message',
      message: 'signal',
      method: 'open',
      args: new Uint8Array(),
      id: { session: 'x', n: 1, doneBelow: 0 },
      attempt: 2,
      submitted: false,
    } as const;
    const performed = undo(d.instance, { input, args: null }, failure, { seq: d.seq, index: 0 }, d.time);
    expect(performed).toMatchObject({
      entry: { undone: { code: 'invalid_argument' } },
      outcomes: [{ message: input.id }],
    });
    const timer = undo(
      d.instance,
      { input: { kind: 'timer', effect: 99 }, args: null },
      failure,
      { seq: 9, index: 0 },
      d.time,
    );
    expect(timer.outcomes).toEqual([]);
  });
});

class ShopWithoutEntity {
  stock = 3;
  lines: { sku: string }[] = [];
  big = '';
  draws: number[] = [];
  broken = true;

  @Signal() open(): void {
    this.stock = 10;
  }
  @Signal() flaky(): void {
    this.draws.push(sideEffect(() => ++drawn));
  }
}

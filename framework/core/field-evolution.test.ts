import { Driver, KEY } from './entity-driver.fixture';
import { decodeRecord, recordHash } from '../codec/record';
import type { PerdureError } from '../errors';
import { Dropped, Value, Was } from '../model/field-decorators';
import { Entity, Signal } from '../model/decorators';
import { definitionOf } from '../model/definition';
import type { EntityClass } from '../model/definition';
import { sameSchema } from './compare';
import { Replay } from './replay';

@Entity('changing')
class First {
  total = 0;
  gone = 'g';
  @Signal() add(n: number): void {
    this.total += n;
  }
}

async function started(ctor: EntityClass = First): Promise<Driver> {
  const d = new Driver(ctor);
  await d.send('add', [1]);
  return d;
}

async function divergence(d: Driver, ctor: EntityClass): Promise<PerdureError> {
  return d.replayed(definitionOf(ctor)).then(
    () => Promise.reject(new Error('it did not diverge')),
    (error: unknown) => error as PerdureError,
  );
}

describe('fields that changed', () => {
  it('a new field has its initialiser’s value, a renamed one its old value, a dropped one goes (S28)', async () => {
    @Dropped('gone')
    @Entity('changing')
    class Renamed {
      @Was('total') sum = 0;
      fresh = 'new';
      @Signal() add(n: number): void {
        this.sum += n;
      }
    }
    const d = await started();
    await d.snapshot();
    await d.deploy(Renamed);
    expect(d.state).toEqual({ sum: 1, fresh: 'new' });
    await d.send('add', [1]);
    await d.restart();
    expect(d.state).toEqual({ sum: 2, fresh: 'new' });
    const schemas = d.records().flatMap((one) => ('schema' in one && one.schema !== null ? [one.schema.fields] : []));
    expect(schemas).toEqual([
      ['gone', 'total'],
      ['gone', 'total'],
      ['fresh', 'sum'],
    ]);
  });

  it('replays turns of the old class under the new one: no divergence for a legal change (S25, S28)', async () => {
    @Dropped('gone')
    @Entity('changing')
    class Renamed {
      @Was('total') sum = 0;
      fresh = 'new';
      @Signal() add(n: number): void {
        this.sum += n;
      }
    }
    const d = await started();
    await d.deploy(Renamed);
    expect(d.state).toEqual({ sum: 1, fresh: 'new' });
  });

  it('a stored field that the class lacks is a divergence naming it and the cure (S28)', async () => {
    @Entity('changing')
    class Lacking {
      total = 0;
      @Signal() add(n: number): void {
        this.total += n;
      }
    }
    const d = await started();
    expect((await divergence(d, Lacking)).message).toContain('the fields gone differ');
    await d.snapshot();
    const replay = new Replay(KEY, definitionOf(Lacking), d.environment);
    const row = d.rows[1] as Uint8Array;
    await expect(replay.record(decodeRecord(row), recordHash(row), true)).rejects.toThrow("declare @Was('gone')");
  });

  it('a @Value class that gained a field is no divergence (S25, S28)', async () => {
    @Value('changing-money')
    class Money {
      cents = 0;
    }
    @Entity('purse')
    class Purse {
      money = new Money();
      count = 0;
      @Signal() add(n: number): void {
        this.money.cents += n;
        this.count += 1;
      }
    }
    const d = new Driver(Purse);
    await d.send('add', [5]);
    const before = d.instance.schema;
    @Value('changing-money')
    class Richer {
      cents = 0;
      currency = 'EUR';
    }
    @Entity('purse')
    class Newer {
      money = new Richer();
      count = 0;
      @Signal() add(n: number): void {
        this.money.cents += n;
        this.count += 1;
      }
    }
    await d.deploy(Newer);
    expect(d.state).toMatchObject({ money: { cents: 5, currency: 'EUR' }, count: 1 });
    expect(sameSchema(before, d.instance.schema)).toBe(false);
    @Entity('purse')
    class Counting {
      money = new Richer();
      count = 0;
      @Signal() add(n: number): void {
        this.money.cents += n;
        this.count += 2;
      }
    }
    expect((await divergence(d, Counting)).details).toMatchObject({ fields: ['count'] });
  });
});

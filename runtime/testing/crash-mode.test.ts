import 'reflect-metadata';
import { Entity, Signal, Update, Value, condition, sleep } from '../../framework';
import { testEntity, testHost } from '.';

let drawn = 0;

@Entity('raffle')
class Raffle {
  tickets: number[] = [];

  @Signal() draw(): void {
    drawn += 1;
    this.tickets.push(drawn);
  }
}

const beside = new WeakMap<object, number>();

@Entity('meter')
class Meter {
  total = 0;

  @Signal() add(kwh: number): void {
    const sum = (beside.get(this) ?? 0) + kwh;
    beside.set(this, sum);
    this.total = sum;
  }
}

const cached = new Map<string, number>();

@Entity('shop')
class Shop {
  sold = 0;
  open = false;

  @Update() async sell(): Promise<number> {
    const first = !cached.has('opened');
    cached.set('opened', 1);
    if (first) await sleep('1 hour');
    this.sold += 1;
    return this.sold;
  }
}

const gate = Promise.withResolvers<void>() as { promise: Promise<void>; resolve(): void };

@Entity('straggler')
class Straggler {
  seen: string[] = [];

  @Signal() look(): void {
    void (async () => {
      await gate.promise;
      this.seen.push('late');
    })();
  }
}

@Value('money')
class Money {
  constructor(readonly cents: number) {}
}

@Entity('sound')
class Sound {
  paid = new Money(0);
  byDay = new Map<string, Set<number>>();
  steps = 0;
  free = true;

  @Signal() pay(cents: number): void {
    this.paid = new Money(this.paid.cents + cents);
    const day = new Date().toISOString();
    this.byDay.set(day, (this.byDay.get(day) ?? new Set()).add(cents));
    this.steps += Math.random() < 0.5 ? 1 : 2;
  }

  @Update() async book(hours: number): Promise<number> {
    await condition(() => this.free);
    this.free = false;
    await sleep(hours * 3_600_000);
    this.free = true;
    return this.steps;
  }
}

describe('crash mode', () => {
  it('finds behaviour that changes from run to run, with the step and the field (S3)', async () => {
    const t = await testEntity(Raffle, 'r-1');
    const found = expect.objectContaining({
      reason: 'hidden_randomness',
      message: expect.stringMatching(/raffle\/r-1: hidden randomness: .* record 1 \(signal draw\).*tickets/),
      details: expect.objectContaining({ seq: 1, fields: ['tickets'] }),
    });
    await expect(t.entity.draw()).rejects.toEqual(found);
    expect(() => t.state).toThrow('hidden randomness');
    await expect(t.advance('1 day')).rejects.toEqual(found);
    await expect(t.stop()).rejects.toEqual(found);
  });

  it('finds state that is kept beside the fields (S24)', async () => {
    const t = await testEntity(Meter, 'm-1');
    await t.entity.add(2);
    await expect(t.entity.add(3)).rejects.toMatchObject({
      reason: 'lost_field',
      message: expect.stringMatching(/meter\/m-1: lost field: .*record 2 \(signal add\).*total/),
    });
    await expect(t.stop()).rejects.toMatchObject({ reason: 'lost_field' });
  });

  it('finds effects that a replay does not repeat (S26)', async () => {
    const t = await testEntity(Shop, 's-1');
    const selling = expect(t.entity.sell()).rejects.toThrow();
    await expect(t.settle()).rejects.toMatchObject({
      message: expect.stringMatching(/record 1 \(update sell\).*timer sleep/),
    });
    await expect(t.stop()).rejects.toThrow('sleep');
    await selling;
  });

  it('finds a field that is written after its step had ended (S3)', async () => {
    const t = await testEntity(Straggler, 's-1');
    await t.entity.look();
    gate.resolve();
    await expect(t.settle()).rejects.toMatchObject({ reason: 'stray_write', message: expect.stringContaining('seen') });
    await expect(t.stop()).rejects.toMatchObject({ reason: 'stray_write' });
  });

  it('finds nothing in a sound class, whatever its fields hold and whoever is parked (S24)', async () => {
    const t = await testEntity(Sound, 's-1', { crash: { every: 1 } });
    const first = t.entity.book(5);
    const second = t.entity.book(5);
    for (let hour = 0; hour < 12; hour += 1) {
      void t.entity.pay(100 + hour);
      await t.advance('1 hour');
    }
    const [one, two] = await Promise.all([first, second]);
    expect([one >= 0, two >= one]).toEqual([true, true]);
    expect(t.state.paid.cents).toBe(1_266);
    expect(t.state.byDay.size).toBeGreaterThan(1);
    await t.stop();
  });

  it('does the same with the same seed, and something else with another', async () => {
    const run = async (seed: number): Promise<unknown> => {
      const t = await testEntity(Sound, 's-1', { seed, crash: false });
      for (let n = 0; n < 64; n += 1) await t.entity.pay(n);
      await t.settle();
      const { steps } = t.state;
      const exported = await t.exportHistory();
      await t.stop();
      return { steps, exported };
    };
    expect(await run(7)).toEqual(await run(7));
    expect(await run(7)).not.toEqual(await run(8));
  });

  it('watches each entity of a host, and can be switched off', async () => {
    const host = await testHost({ entities: [Sound, Meter], crash: false });
    const meter = host.entity(Meter, 'm-1');
    await Promise.all([meter.add(1), meter.add(2), host.entity(Sound, 's-1').pay(5)]);
    await host.settle();
    expect((await host.view(Meter, 'm-1')).state.total).toBe(3);
    await host.stop();
    const watching = await testHost({ entities: [Sound, Meter] });
    await watching.entity(Sound, 's-1').pay(5);
    await watching.entity(Meter, 'm-1').add(1);
    await expect(watching.entity(Meter, 'm-1').add(2)).rejects.toThrow('meter/m-1: lost field');
    await expect(watching.stop()).rejects.toThrow('lost field');
  });

  it('crashes at every step up to 200, then at doubling distances, and past real snapshots (S24)', async () => {
    const t = await testEntity(Sound, 's-1', { limits: { snapshotTurns: 10 } });
    for (let n = 0; n < 300; n += 1) await t.entity.pay(1);
    expect(t.state.paid.cents).toBe(300);
    expect(t.history.filter(({ kind }) => kind === 'snapshot').length).toBeGreaterThan(20);
    await t.stop();
  });
});

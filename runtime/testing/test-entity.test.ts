import 'reflect-metadata';
import { IsInt, IsString, Min } from 'class-validator';
import {
  Entity,
  EntityFailure,
  Every,
  Indexed,
  Query,
  Reminder,
  Signal,
  Update,
  Validate,
  activities,
  again,
  condition,
  enqueue,
  entityInfo,
  forget,
  remind,
  sleep,
} from '../../framework';
import { serve, testEntity } from '.';

class Trip {
  @IsString() flight!: string;
  @IsInt() @Min(1) miles!: number;
}

class Redemption {
  @IsInt() @Min(1) points!: number;
  @IsString() reward!: string;
}

interface Mailer {
  voucher(id: string, reward: string): Promise<void>;
  promoted(id: string): Promise<void>;
  statement(id: string, points: number): Promise<void>;
}

const mail = activities<Mailer>('mail', { startToClose: '30s', retry: { initial: '1s', maximum: '10m' } });

@Entity('loyalty-account')
class LoyaltyAccount {
  @Indexed('keyword') tier: string = 'basic';
  @Indexed('int') points = 0;

  @Signal() tripCompleted(trip: Trip): void {
    this.points += trip.miles;
    if (this.tier === 'basic' && this.points >= 50_000) {
      this.tier = 'gold';
      enqueue(mail).promoted(entityInfo().id);
    }
  }

  @Validate('redeem') protected mayRedeem(order: Redemption): void {
    if (order.points > this.points) throw new EntityFailure('insufficient_points', `has ${this.points}`);
  }

  @Update() async redeem(order: Redemption): Promise<number> {
    this.points -= order.points;
    await mail.voucher(entityInfo().id, order.reward);
    return this.points;
  }

  @Query() balance(): number {
    return this.points;
  }

  async run() {
    await mail.statement(entityInfo().id, this.points);
    return again({ after: '30 days' });
  }
}

class FakeMailer implements Mailer {
  readonly sent: string[] = [];
  failures = 0;
  async voucher(id: string, reward: string): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the printer is out of paper');
    }
    this.sent.push(`voucher ${id} ${reward}`);
  }
  async promoted(id: string): Promise<void> {
    this.sent.push(`promoted ${id}`);
  }
  async statement(id: string, points: number): Promise<void> {
    this.sent.push(`statement ${id} ${points}`);
  }
}

describe('testEntity', () => {
  it('runs an entity end to end on virtual time, with activities, retries and a monthly round (S18, S22)', async () => {
    const fake = new FakeMailer();
    const t = await testEntity(LoyaltyAccount, 'C-42', { activities: [serve(mail, fake)], now: '2026-01-01' });
    expect(() => t.state).toThrow('does not exist');
    await t.entity.tripCompleted({ flight: 'AB12', miles: 60_000 });
    expect(t.state).toEqual({ tier: 'gold', points: 60_000 });
    expect([...fake.sent].sort()).toEqual(['promoted C-42', 'statement C-42 60000']);
    expect(t.scheduled).toMatchObject([{ kind: 'timer', purpose: 'again', due: new Date('2026-01-31') }]);

    await expect(t.entity.redeem({ points: 70_000, reward: 'yacht' })).rejects.toMatchObject({ code: 'rejected' });
    await expect(t.entity.tripCompleted({ flight: 'AB12', miles: -1 })).rejects.toMatchObject({
      code: 'invalid_argument',
    });

    fake.failures = 2;
    const redeemed = t.entity.redeem({ points: 500, reward: 'upgrade' });
    await t.settle();
    expect(t.scheduled[0]).toMatchObject({ kind: 'activity', name: 'mail.voucher', attempt: 2, running: false });
    expect(t.scheduled[0]).toMatchObject({ lastFailure: { message: 'the printer is out of paper' } });
    await t.advance('1 minute');
    expect(await redeemed).toBe(59_500);

    await t.advance('360 days');
    expect(fake.sent.filter((line) => line.startsWith('statement'))).toHaveLength(13);
    expect(t.now).toEqual(new Date('2026-12-27T00:01:00Z'));
    expect(t.history.map(({ input }) => input).slice(0, 2)).toEqual(['signal tripCompleted', 'run']);
    expect(await t.entity.balance()).toBe(59_500);
    await t.stop();
  });

  it('hands out copies: what a test does to the state does not reach the entity (S10)', async () => {
    const t = await testEntity(LoyaltyAccount, 'C-1', { activities: [serve(mail, new FakeMailer())] });
    await t.entity.tripCompleted({ flight: 'AB12', miles: 900 });
    (t.state as { points: number }).points = 1;
    expect(t.state.points).toBe(900);
    await t.stop();
  });

  it('goes on after an activity that never returns, and after its time limit tries it again', async () => {
    let attempts = 0;
    const fake = Object.assign(new FakeMailer(), {
      statement: () => {
        attempts += 1;
        return new Promise<void>(() => undefined);
      },
    });
    const t = await testEntity(LoyaltyAccount, 'C-1', { activities: [serve(mail, fake)] });
    await t.entity.tripCompleted({ flight: 'AB12', miles: 900 });
    expect(t.scheduled).toMatchObject([{ name: 'mail.statement', running: true, due: null }]);
    await t.advance('1 minute');
    expect(attempts).toBe(2);
    await t.stop();
  });

  it('answers the same id twice alike, for signals, updates and updates that are parked (S12)', async () => {
    const fake = new FakeMailer();
    const t = await testEntity(LoyaltyAccount, 'C-1', { activities: [serve(mail, fake)] });
    await t.deliverTwice();
    await t.entity.tripCompleted({ flight: 'AB12', miles: 900 });
    await t.deliverTwice();
    expect(t.state.points).toBe(900);
    fake.failures = 3;
    const redeemed = t.entity.redeem({ points: 100, reward: 'mug' });
    await t.deliverTwice();
    await t.advance('1 hour');
    expect(await redeemed).toBe(800);
    await t.deliverTwice();
    await t.deliverTwice();
    expect(t.state.points).toBe(800);
    expect(fake.sent.filter((line) => line.startsWith('voucher'))).toEqual(['voucher C-1 mug']);
    await t.stop();
  });

  it('loses nothing in a crash while updates are parked, and goes on counting attempts (S2, S15)', async () => {
    const fake = new FakeMailer();
    const t = await testEntity(LoyaltyAccount, 'C-1', { activities: [serve(mail, fake)] });
    await t.entity.tripCompleted({ flight: 'AB12', miles: 900 });
    fake.failures = 3;
    const first = t.entity.redeem({ points: 100, reward: 'mug' });
    const second = t.entity.redeem({ points: 200, reward: 'pen' });
    await t.settle();
    await t.crash();
    expect(t.description.blocked).toMatchObject({ by: 'redeem', waiting: 1 });
    expect(t.scheduled[0]).toMatchObject({ name: 'mail.voucher', attempt: 2 });
    const third = t.entity.redeem({ points: 300, reward: 'cap' });
    await t.crash();
    await t.advance('1 hour');
    expect([await first, await second, await third]).toEqual([800, 600, 300]);
    expect(fake.sent.filter((line) => line.startsWith('voucher'))).toHaveLength(3);
    await t.stop();
  });
});

@Entity('cart')
class Cart {
  items: string[] = [];
  reminded = 0;

  @Update() add(sku: string): number {
    this.items.push(sku);
    remind(this.abandoned, '1 day');
    return this.items.length;
  }

  @Signal() checkout(): void {
    forget(this.abandoned);
  }

  @Reminder() protected abandoned(): void {
    this.reminded += 1;
  }
}

@Entity('course')
class Course {
  months = 0;
  ticks = 0;
  open = false;

  @Signal() enrol(): void {
    this.open = true;
  }

  @Update() async atMonth(month: number): Promise<number> {
    await condition(() => this.months >= month);
    return this.months;
  }

  @Every('7 days') protected weekly(): void {
    this.ticks += 1;
  }

  async run(): Promise<string> {
    for (let month = 1; month <= 12; month += 1) {
      await sleep('30 days');
      this.months = month;
    }
    return 'graduated';
  }
}

describe('virtual time', () => {
  it('fires a reminder a day after the last item, and not an hour earlier (S22)', async () => {
    const t = await testEntity(Cart, 'cart-1');
    await t.entity.add('hat');
    await t.advance('23 hours');
    await t.entity.add('scarf');
    await t.advance('23 hours');
    expect(t.state.reminded).toBe(0);
    await t.advance('1 hour');
    expect(t.state.reminded).toBe(1);
    await t.entity.add('glove');
    await t.entity.checkout();
    await t.advance('10 days');
    expect(t.state.reminded).toBe(1);
    await t.stop();
  });

  it('brings a run() of twelve sleeps to its end, with updates parked beside it (S7, S22, S23)', async () => {
    const t = await testEntity(Course, 'c-1', { crash: { every: 1 } });
    await t.entity.enrol();
    const waiting = [3, 7, 11].map((month) => t.entity.atMonth(month));
    await t.advance('100 days');
    await t.crash();
    expect(t.state).toEqual({ months: 3, ticks: 14, open: true });
    await t.advance('300 days');
    expect(await Promise.all(waiting)).toEqual([3, 7, 11]);
    expect(await t.client.result(t.entity)).toBe('graduated');
    expect(t.state).toEqual({ months: 12, ticks: 51, open: true });
    expect(t.scheduled).toEqual([]);
    await t.stop();
  });

  it('lets thirty years of months and weeks pass', async () => {
    const fake = new FakeMailer();
    const t = await testEntity(LoyaltyAccount, 'C-1', { activities: [serve(mail, fake)], now: '2026-01-01' });
    await t.entity.tripCompleted({ flight: 'AB12', miles: 900 });
    await t.advanceTo('2056-01-01');
    expect(fake.sent).toHaveLength(1 + Math.floor((30 * 365 + 7) / 30));
    await t.stop();
  });

  it('finds an entity that never comes to rest', async () => {
    const t = await testEntity(Restless, 'r-1', { crash: false });
    await expect(t.entity.begin().then(() => t.settle())).rejects.toMatchObject({ reason: 'restless' });
    await t.stop();
  });

  it.each(['before', 'after'])('does not notice fake timers that are installed %s it starts (S4)', async (when) => {
    if (when === 'before') jest.useFakeTimers();
    try {
      const fake = new FakeMailer();
      const t = await testEntity(LoyaltyAccount, 'C-1', { activities: [serve(mail, fake)] });
      if (when === 'after') jest.useFakeTimers();
      await t.entity.tripCompleted({ flight: 'AB12', miles: 60_000 });
      await t.advance('90 days');
      expect(fake.sent).toHaveLength(5);
      await t.crash();
      expect(await t.entity.balance()).toBe(60_000);
      await t.stop();
    } finally {
      jest.useRealTimers();
    }
  });
});

@Entity('restless')
class Restless {
  rounds = 0;

  @Signal() begin(): void {
    this.rounds = 0;
  }

  async run() {
    this.rounds += 1;
    return again({ after: 0 });
  }
}

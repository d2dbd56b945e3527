import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivityGroup } from '../../framework';
import { Entity, Query, Signal, Update, Was, activities, patched, sleep } from '../../framework';
import { sqlite } from '..';
import { replay, serve, testEntity, testHost } from '.';

interface Bank {
  charge(id: string, month: number): Promise<void>;
}
const bank: ActivityGroup<Bank> = activities<Bank>('bank');

@Entity('subscription')
class BrokenSubscription {
  charged = 0;
  cancelled = false;

  @Signal() begin(plan: string): void {
    this.cancelled = plan === '';
  }

  @Signal() cancel(): void {
    this.cancelled = true;
  }

  @Query() months(): number {
    return this.charged;
  }

  async run(): Promise<number> {
    for (let month = 1; month <= 12 && !this.cancelled; month += 1) {
      await bank.charge('S', month);
      this.charged += 1;
      if (month === 4) (undefined as unknown as { call(): void }).call();
      await sleep('30 days');
    }
    return this.charged;
  }
}

@Entity('subscription')
class Subscription {
  charged = 0;
  cancelled = false;

  @Signal() begin(plan: string): void {
    this.cancelled = plan === '';
  }

  @Signal() cancel(): void {
    this.cancelled = true;
  }

  @Query() months(): number {
    return this.charged;
  }

  async run(): Promise<number> {
    for (let month = 1; month <= 12 && !this.cancelled; month += 1) {
      await bank.charge('S', month);
      this.charged += 1;
      await sleep('30 days');
    }
    return this.charged;
  }
}

@Entity('account')
class Account {
  cents = 0;

  @Update() async pay(cents: number): Promise<number> {
    this.cents += cents;
    await sleep('1 day');
    return this.cents;
  }
}

@Entity('account')
class AccountThatDoubles {
  cents = 0;

  @Update() async pay(cents: number): Promise<number> {
    this.cents += 2 * cents;
    await sleep('1 day');
    return this.cents;
  }
}

@Entity('account')
class AccountThatHurries {
  cents = 0;

  @Update() pay(cents: number): number {
    this.cents += cents;
    return this.cents;
  }
}

@Entity('account')
class AccountInEuros {
  @Was('cents') amount = 0;
  currency = 'EUR';

  @Update() async pay(cents: number): Promise<number> {
    this.amount += patched('double') ? 2 * cents : cents;
    await sleep('1 day');
    return this.amount;
  }
}

class FakeBank implements Bank {
  readonly charges: number[] = [];
  async charge(_id: string, month: number): Promise<void> {
    this.charges.push(month);
  }
}

describe('deploy', () => {
  it('lets an entity that a bug holds go on where it was, once the bug is fixed (S19)', async () => {
    const fake = new FakeBank();
    const t = await testEntity(BrokenSubscription, 'S', { activities: [serve(bank, fake)] });
    await t.entity.begin('yearly');
    await t.advance('360 days');
    expect(t.held).toMatchObject({ failure: { kind: 'bug' }, input: expect.stringContaining('activity') });
    expect(await t.entity.months()).toBe(3);
    await t.crash();
    const fixed = await t.deploy(Subscription);
    await fixed.advance('360 days');
    expect(fixed.held).toBeNull();
    expect(await fixed.client.result(fixed.entity)).toBe(12);
    expect(fake.charges).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    await fixed.stop();
  });

  it('reports a build that does something else with old messages as diverged, and what differs (S25, S26)', async () => {
    const t = await testEntity(Account, 'A');
    const paid = expect(t.entity.pay(500)).rejects.toMatchObject({ reason: 'divergence' });
    await t.settle();
    await expect(t.deploy(AccountThatDoubles)).rejects.toMatchObject({
      code: 'internal',
      reason: 'divergence',
      message: expect.stringContaining('cents'),
      details: { fields: ['cents'], replayed: { cents: 1_000 } },
    });
    expect(() => t.state).toThrow('cents');
    await expect(t.deploy(AccountThatHurries)).rejects.toThrow('account/A diverged at 1.0');
    const t2 = await t.deploy(AccountInEuros);
    expect(t2.state).toEqual({ amount: 500, currency: 'EUR' });
    await paid;
    await t2.advance('2 days');
    expect(t2.scheduled).toEqual([]);
    const second = t2.entity.pay(100);
    await t2.advance('2 days');
    expect(await second).toBe(700);
    await t2.stop();
  });
});

describe('replay', () => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-histories-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('replays exported histories with the classes given, and reports all that diverge (S25, S26)', async () => {
    for (const id of ['A', 'B']) {
      const t = await testEntity(Account, id);
      const paid = t.entity.pay(500);
      await t.advance('2 days');
      expect(await paid).toBe(500);
      await t.exportHistory(join(directory, `${id}.json`));
      await t.stop();
    }
    const pattern = join(directory, '*.json');
    const replayed = await replay(pattern, [Account]);
    expect(replayed).toMatchObject([
      { key: { type: 'account', id: 'A' }, build: 'build-1', state: { cents: 500 } },
      { key: { type: 'account', id: 'B' }, state: { cents: 500 } },
    ]);
    expect((await replay(pattern, [AccountInEuros], { from: 'start' }))[0]?.state).toEqual({
      amount: 500,
      currency: 'EUR',
    });
    await expect(replay(pattern, [AccountThatDoubles])).rejects.toMatchObject({
      reason: 'divergence',
      message: expect.stringMatching(/2 of 2 histories do not replay:\n.*A\.json: account\/A diverged at 1\.0.*cents/),
      details: [{ error: { details: { fields: ['cents'] } } }, {}],
    });
  });

  it('refuses to pass when nothing was replayed', async () => {
    await expect(replay(join(directory, 'none-*.json'), [Account])).rejects.toThrow('matches no file');
    await expect(replay(join(directory, 'A.json'), [Subscription])).rejects.toThrow('pass its class');
    writeFileSync(join(directory, 'other.txt'), '{}');
    await expect(replay(join(directory, 'other.txt'), [Account])).rejects.toThrow('no exported history');
  });
});

describe('a test host on the SQLite store', () => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-testing-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('charges each of many subscriptions twelve times, over a bug, a crash and a deployment (C9, C13)', async () => {
    const fake = new FakeBank();
    const host = await testHost({
      entities: [BrokenSubscription],
      activities: [serve(bank, fake)],
      store: sqlite(directory),
      crash: false,
    });
    const ids = Array.from({ length: 40 }, (_, n) => `S-${n}`);
    await Promise.all(ids.map((id) => host.entity(BrokenSubscription, id).begin('yearly')));
    await host.advance('200 days');
    expect(await host.client.count({ type: 'subscription', status: ['held'] })).toBe(40);
    await host.crash();
    await host.deploy(Subscription);
    await host.advance('400 days');
    const results = await Promise.all(ids.map((id) => host.client.result(host.entity(Subscription, id))));
    expect(new Set(results)).toEqual(new Set([12]));
    expect(fake.charges).toHaveLength(480);
    await host.stop();
  });
});

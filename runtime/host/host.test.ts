import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IsInt, IsString, Min } from 'class-validator';
import {
  Entity,
  EntityFailure,
  Indexed,
  Query,
  Signal,
  Update,
  Validate,
  activities,
  enqueue,
  entityInfo,
} from '../../framework';
import { memoryStore, remote, serve, silentLog, sqlite, startHost } from '..';

class Trip {
  @IsString() flight!: string;
  @IsInt() @Min(1) miles!: number;
}

class Redemption {
  @IsInt() @Min(1) points!: number;
  @IsString() reward!: string;
}

class Mailer {
  sent: string[] = [];
  async voucher(id: string, reward: string): Promise<void> {
    this.sent.push(`voucher ${id} ${reward}`);
  }
  async promoted(id: string): Promise<void> {
    this.sent.push(`promoted ${id}`);
  }
}

const mail = activities<Mailer>('mail');

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
}

describe('the activities of a host', () => {
  const store = memoryStore();
  const options = { entities: [LoyaltyAccount], store, log: silentLog };

  it('must be served or left to another host: a declared group that is neither refuses to start', async () => {
    const refused = startHost(options);
    await expect(refused).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(refused).rejects.toThrow("nobody runs the activities 'mail'");
  });

  it('stay open where the group is remote, until a host serves it', async () => {
    const first = await startHost({ ...options, activities: [remote(mail)] });
    const account = first.client.entity(LoyaltyAccount, 'C-7');
    await account.tripCompleted({ flight: 'AB12', miles: 60_000 });
    expect((await first.client.describe(account)).activities).toMatchObject([{ group: 'mail', method: 'promoted' }]);
    await first.stop();
    const mailer = new Mailer();
    const sent = new Promise<string>((resolve) => (mailer.promoted = async (id) => resolve(id)));
    const second = await startHost({ ...options, activities: [serve(mail, mailer)] });
    expect(await sent).toBe('C-7');
    await second.drain();
  });
});

describe.each(['memory', 'sqlite'])('a host on the %s store', (kind) => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-host-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const store = kind === 'memory' ? memoryStore() : sqlite(join(directory, 'data'));

  it('applies messages, awaits activities, refuses by validator, and goes on after a restart', async () => {
    const mailer = new Mailer();
    const options = {
      entities: [LoyaltyAccount],
      activities: [serve(mail, mailer)],
      store,
      log: silentLog,
      checks: 'always',
    } as const;
    const host = await startHost(options);
    const account = host.client.entity(LoyaltyAccount, 'C-42');
    await account.tripCompleted({ flight: 'AB12', miles: 60_000 });
    expect(await account.balance()).toBe(60_000);
    expect(await account.redeem({ points: 500, reward: 'upgrade' })).toBe(59_500);
    await expect(account.redeem({ points: 500_000, reward: 'yacht' })).rejects.toMatchObject({
      code: 'rejected',
      reason: 'insufficient_points',
    });
    await expect(account.tripCompleted({ flight: 'AB12', miles: -1 })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
    expect([...mailer.sent].sort()).toEqual(['promoted C-42', 'voucher C-42 upgrade']);
    await host.stop();

    const again = await startHost(options);
    const same = again.client.entity(LoyaltyAccount, 'C-42');
    expect(await same.balance()).toBe(59_500);
    expect(await again.client.count({ type: LoyaltyAccount, where: { tier: 'gold' } })).toBe(1);
    expect((await again.client.describe(same)).status).toBe('active');
    await again.drain();
  });
});

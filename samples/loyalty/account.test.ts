import type { TestEntity } from 'perdure/testing';
import { serve, testEntity } from 'perdure/testing';
import { LoyaltyAccount, mail } from './account';

const posted: string[] = [];
const mailer = {
  promotion: async (id: string, tier: string) => void posted.push(`${id} is ${tier}`),
  statement: async (id: string, { cents }: { cents: number }) => void posted.push(`${id} has ${cents}`),
};
const purchase = (cents: number) => ({ date: '2021-01-01', units: 1, cents });

let account: TestEntity<LoyaltyAccount>;

beforeEach(async () => {
  posted.length = 0;
  account = await testEntity(LoyaltyAccount, 'C-1', { activities: [serve(mail, mailer)] });
});

afterEach(() => account.stop());

describe('a loyalty account', () => {
  it('adds up its purchases', async () => {
    await account.entity.purchased(purchase(1_177));
    await account.entity.purchased({ ...purchase(0), units: 3 });
    expect(await account.entity.balance()).toEqual({ tier: 'basic', purchases: 2, units: 4, cents: 1_177 });
  });

  it('has one letter posted at each promotion', async () => {
    for (const cents of [9_999, 1, 39_999, 1, 100_000]) await account.entity.purchased(purchase(cents));
    await account.settle();
    expect(posted).toEqual(['C-1 is silver', 'C-1 is gold']);
  });

  it('counts a purchase that is delivered twice once (S12)', async () => {
    await account.entity.purchased(purchase(500));
    await account.deliverTwice();
    expect(account.state).toMatchObject({ purchases: 1, cents: 500 });
  });

  it('has a statement posted every 30 days from its first purchase on (S22)', async () => {
    await account.entity.purchased(purchase(500));
    await account.advance('29 days');
    expect(posted).toEqual([]);
    await account.advance('1 day');
    expect(posted).toEqual(['C-1 has 500']);
    await account.advance('60 days');
    expect(posted).toHaveLength(3);
  });

  it.each([
    ['a fraction of a cent', { cents: 1.5 }],
    ['negative units', { units: -1 }],
    ['no date', { date: 'yesterday' }],
  ])('refuses a purchase with %s', async (_what, wrong) => {
    const refused = account.entity.purchased({ ...purchase(100), ...wrong });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

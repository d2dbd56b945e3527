import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { serve, testEntity } from 'perdure/testing';
import { LEAVER, PRICE_CENTS, couponOf, faultsIn, idOf } from './books';
import type { Delivery } from './services';
import { mail, payment } from './services';
import { Subscription as Version1 } from './version-1';
import { Subscription as Version2 } from './version-2';

const done: string[] = [];
const activities = [
  serve(payment, { charge: async (_id: string, month: number, cents: number) => void done.push(`${month}:${cents}`) }),
  serve(mail, { receipt: async (_id: string, month: number) => void done.push(`${month}:receipt`) }),
];
const months = (from: number, to: number, cents: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => [`${from + i}:${cents}`, `${from + i}:receipt`]).flat();

beforeEach(() => void (done.length = 0));

describe('a subscription', () => {
  it('is charged twelve times in a year and then is over (S1)', async () => {
    const t = await testEntity(Version2, 'S-1', { activities });
    await t.entity.ordered({ cents: 1_000, coupon: 'LOYAL-200' });
    await t.advance('360 days');
    expect(done).toEqual([...months(1, 3, 1_000), ...months(4, 12, 800)]);
    expect(await t.client.result(t.entity)).toBe('twelve months');
    await t.stop();
  });

  it('ends in the month in which it is cancelled', async () => {
    const t = await testEntity(Version2, 'S-1', { activities });
    await t.entity.ordered({ cents: 1_000 });
    await t.advance('40 days');
    await t.entity.cancel();
    await t.advance('360 days');
    expect(done).toEqual(months(1, 2, 1_000));
    expect(await t.client.result(t.entity)).toBe('cancelled in month 2');
    await t.stop();
  });

  it('is held by the bug in month 4 and goes on from there when the mended class is deployed (S19)', async () => {
    const t = await testEntity(Version1, 'S-1', { activities });
    await t.entity.ordered({ cents: 1_000 });
    await t.advance('100 days');
    expect(done).toEqual(months(1, 3, 1_000));
    expect(t.held?.failure).toMatchObject({ kind: 'bug', code: 'TypeError' });
    const mended = await t.deploy(Version2);
    expect(mended.held).toBeNull();
    await mended.advance('360 days');
    expect(done).toEqual(months(1, 12, 1_000));
    await t.stop();
  });
});

describe('the books', () => {
  const lines = (id: string, count: number, priceOf: (month: number) => number): Delivery[] =>
    Array.from({ length: count }, (_, i) => {
      const month = i + 1;
      return { key: `${id} ${month}`, id, month, cents: priceOf(month), repeat: false };
    });
  const price = (i: number) => (month: number) =>
    month < 4 || couponOf(i) === undefined ? PRICE_CENTS : PRICE_CENTS - 200;
  const count = 5;
  const payments = [
    ...Array.from({ length: count }, (_, i) => lines(idOf(i), 12, price(i))).flat(),
    ...lines(LEAVER, 2, price(1)),
  ];
  const receipts = payments.map((line) => ({ ...line, cents: 0 }));
  const first = payments[0]!;

  it('are right when each month is there once, and when one was delivered again', () => {
    expect(faultsIn(payments, receipts, count)).toEqual([]);
    expect(faultsIn([...payments, { ...first, repeat: true }], receipts, count)).toEqual([]);
  });

  it.each([
    ['a month that was charged twice', [...payments, { ...first, key: 'another' }], 'was charged twice'],
    ['a month that is missing', payments.slice(1), 'was not charged'],
    ['a wrong sum', [{ ...first, cents: 1 }, ...payments.slice(1)], 'was charged 1 cents, not 1000'],
    ['a month after the end', [...payments, { ...first, month: 13 }], 'should not have been'],
  ])('tell of %s', (_what, wrong, text) => {
    expect(faultsIn(wrong, receipts, count)).toEqual([expect.stringContaining(text)]);
  });
});

describe('the subscription sample', () => {
  const program = join(__dirname, '..', '..', 'dist', 'samples', 'subscription', 'main.js');
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });

  it('charges 500 subscriptions exactly 12 times through a bug, its repair and three kills (S15, S19)', () => {
    const { status, stdout, stderr } = run('--count', '500');
    console.log(stderr);
    expect(stderr).not.toContain('WRONG');
    expect(stderr.match(/killed after/g)).toHaveLength(3);
    expect(stderr).toContain('100 of 501 are held, such as S-0000000: TypeError');
    expect(stdout).toContain('500 subscriptions were charged exactly 12 times each');
    expect(status).toBe(0);
  }, 120_000);

  it('ends with 2 when it is asked for what cannot be', () => {
    expect(run('--count', '1.5')).toMatchObject({ status: 2, stdout: '' });
  });
});

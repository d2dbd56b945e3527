/**
 * Books: what the ledgers must say when the year is over.
 */

import type { Delivery } from './services';

/** Who cancels in month 2, beside the counted subscriptions. */
export const LEAVER = 'leaver';
export const PRICE_CENTS = 1_000;
const COUPON_CENTS = 200;

export const idOf = (i: number): string => `S-${String(i).padStart(7, '0')}`;
/** Every fifth has no coupon, and meets the bug in month 4. */
export const couponOf = (i: number): string | undefined => (i % 5 === 0 ? undefined : `LOYAL-${COUPON_CENTS}`);
export const withoutCoupon = (count: number): number => Math.ceil(count / 5);

/** What is wrong, in words; nothing if everybody was charged, and got a receipt, once for each month. */
export function faultsIn(payments: readonly Delivery[], receipts: readonly Delivery[], count: number): string[] {
  return faultsOf('charged', payments, count, priceOf).concat(faultsOf('mailed', receipts, count, () => 0));
}

/** Deliveries beyond the first of a key: the service was asked again, and did nothing again. */
export function repeats(deliveries: readonly Delivery[]): number {
  return deliveries.filter(({ repeat }) => repeat).length;
}

function priceOf(i: number, month: number): number {
  return month < 4 || couponOf(i) === undefined ? PRICE_CENTS : PRICE_CENTS - COUPON_CENTS;
}

function faultsOf(
  done: string,
  deliveries: readonly Delivery[],
  count: number,
  expected: (i: number, month: number) => number,
): string[] {
  const cents = new Map<string, number>();
  const faults: string[] = [];
  for (const { id, month, cents: sum, repeat } of deliveries) {
    const what = `${id} month ${month}`;
    if (!repeat && cents.has(what)) faults.push(`${what} was ${done} twice`);
    if (!repeat) cents.set(what, sum);
  }
  const expect = (id: string, i: number, months: number): void => {
    for (let month = 1; month <= months; month++) {
      const what = `${id} month ${month}`;
      const sum = cents.get(what);
      if (sum === undefined) faults.push(`${what} was not ${done}`);
      else if (sum !== expected(i, month)) faults.push(`${what} was ${done} ${sum} cents, not ${expected(i, month)}`);
      cents.delete(what);
    }
  };
  for (let i = 0; i < count; i++) expect(idOf(i), i, 12);
  expect(LEAVER, 1, 2);
  for (const what of cents.keys()) faults.push(`${what} was ${done}, and should not have been`);
  return faults;
}

/**
 * The durable class of this sample as it was first deployed, with a bug: from month 4 on it takes off the customer's
 * coupon, and does not think of those who have none. `version-2.ts` is the same but for that line.
 */

import 'reflect-metadata';
import { Entity, Signal, condition, entityInfo } from 'perdure';
import { Order, mail, payment } from './services';

@Entity('subscription')
export class Subscription {
  cents = 0;
  coupon: string | null = null;
  cancelled = false;

  @Signal({ creates: true }) ordered(order: Order): void {
    this.cents = order.cents;
    this.coupon = order.coupon ?? null;
  }

  @Signal() cancel(): void {
    this.cancelled = true;
  }

  /** The life of a subscription: a year that takes a year. */
  async run(): Promise<string> {
    const { id } = entityInfo();
    for (let month = 1; month <= 12; month++) {
      await payment.charge(id, month, this.price(month));
      await mail.receipt(id, month);
      if (await condition(() => this.cancelled, '30 days')) return `cancelled in month ${month}`;
    }
    return 'twelve months';
  }

  /** A coupon such as `LOYAL-200` takes two dollars off from month 4 on. */
  protected price(month: number): number {
    if (month < 4) return this.cents;
    return this.cents - Number(this.coupon!.split('-')[1]);
  }
}

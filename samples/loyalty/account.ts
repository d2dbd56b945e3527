/**
 * The durable class of this sample: one loyalty account per customer. Nothing here stores, retries or recovers.
 */

import 'reflect-metadata';
import { IsInt, IsISO8601, Min } from 'class-validator';
import { Entity, Indexed, Query, Signal, activities, again, enqueue, entityInfo } from 'perdure';
import type { Mailer } from './mailer';

export type Tier = 'basic' | 'silver' | 'gold';

/** What an account adds up to. */
export interface Balance {
  readonly tier: Tier;
  readonly purchases: number;
  readonly units: number;
  readonly cents: number;
}

export class Purchase {
  @IsISO8601() date!: string;
  @IsInt() @Min(0) units!: number;
  @IsInt() @Min(0) cents!: number;
}

export const mail = activities<Mailer>('mail', { startToClose: '30s', retry: { initial: '1s', maximum: '10m' } });

@Entity('loyalty-account')
export class LoyaltyAccount {
  @Indexed('keyword') tier: Tier = 'basic';
  @Indexed('int') cents = 0;
  purchases = 0;
  units = 0;
  months = 0;

  @Signal() purchased(purchase: Purchase): void {
    this.purchases += 1;
    this.units += purchase.units;
    this.cents += purchase.cents;
    const tier = this.cents >= 500_00 ? 'gold' : this.cents >= 100_00 ? 'silver' : 'basic';
    if (tier !== this.tier) {
      this.tier = tier;
      enqueue(mail).promotion(entityInfo().id, tier); // recorded with the purchase, posted when that is durable
    }
  }

  @Query() balance(): Balance {
    return { tier: this.tier, purchases: this.purchases, units: this.units, cents: this.cents };
  }

  /** The life of the account: it begins with the first purchase, and a statement goes out every 30 days. */
  async run() {
    if (this.months > 0) await mail.statement(entityInfo().id, this.balance());
    this.months += 1;
    return again({ after: '30 days' });
  }
}

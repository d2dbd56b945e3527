/**
 * What subscriptions need of the world: an order, a payment service and mail, each delivery written down in a file.
 *
 * Activities run at least once, so a payment may be asked for twice when the process dies in between. The service does
 * what real ones do: it takes an idempotency key, charges a key once, and answers a repeat with the first receipt.
 */

import 'reflect-metadata';
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { IsInt, IsOptional, IsString, Min } from 'class-validator';
import { activities } from 'perdure';
import { activityInfo } from 'perdure/activity';

export class Order {
  @IsInt() @Min(1) cents!: number;
  @IsOptional() @IsString() coupon?: string;
}

/** One line of a ledger. */
export interface Delivery {
  readonly key: string;
  readonly id: string;
  readonly month: number;
  readonly cents: number;
  /** The key had been delivered before: nothing was charged. */
  readonly repeat: boolean;
}

/** A file of deliveries, which outlives the process. */
export class Ledger {
  readonly #keys: Set<string>;
  readonly #file: number;

  /** `delivered` is called after each line. */
  constructor(
    path: string,
    private readonly delivered: () => void,
  ) {
    this.#keys = new Set(readLedger(path).map(({ key }) => key));
    this.#file = openSync(path, 'a');
  }

  add(id: string, month: number, cents: number): void {
    const key = activityInfo().idempotencyKey;
    const delivery: Delivery = { key, id, month, cents, repeat: this.#keys.has(key) };
    writeSync(this.#file, `${JSON.stringify(delivery)}\n`);
    this.#keys.add(key);
    this.delivered();
  }

  close(): void {
    closeSync(this.#file);
  }
}

export class Payment {
  constructor(private readonly ledger: Ledger) {}

  async charge(id: string, month: number, cents: number): Promise<void> {
    this.ledger.add(id, month, cents);
  }
}

export class Mail {
  constructor(private readonly ledger: Ledger) {}

  async receipt(id: string, month: number): Promise<void> {
    this.ledger.add(id, month, 0);
  }
}

export const payment = activities<Payment>('payment', { retry: { initial: '1s', maximum: '10m' } });
export const mail = activities<Mail>('mail', { retry: { initial: '1s', maximum: '10m' } });

/** Every delivery so far; none when there is no such file yet. */
export function readLedger(path: string): Delivery[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Delivery);
}

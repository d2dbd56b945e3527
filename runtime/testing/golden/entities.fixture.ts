/**
 * Entities whose histories are kept for ever. Never change what a class here does: a history that no longer replays is
 * a history of a user's that no longer replays. Add classes and histories instead.
 */

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
  Value,
  activities,
  again,
  condition,
  enqueue,
  entityInfo,
  forget,
  now,
  patched,
  promise,
  random,
  remind,
  sideEffect,
  sleep,
  uuid,
} from '../../../framework';

export interface Post {
  letter(to: string, text: string): Promise<string>;
  charge(cents: number): Promise<number>;
}

export const post = activities<Post>('golden-post', { attempts: 3, retry: { initial: '1s' } });

@Value('golden-money')
export class Money {
  constructor(
    readonly cents: number,
    readonly currency: string,
  ) {}
}

export class Item {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

/** Values of every kind, shared references, refusals, failures of every kind. */
@Entity('golden-values')
export class GoldenValues {
  @Indexed('keyword') tier = 'basic';
  @Indexed('int') count = 0;
  born = new Date();
  seed = Math.random();
  tags = new Set<string>();
  stock = new Map<string, bigint>();
  price = new Money(1999, 'EUR');
  last: { sku: string; quantity: number } | null = null;
  items: { sku: string; quantity: number }[] = [];
  bytes = new Uint8Array([1, 2, 3]);
  note: string | undefined = undefined;

  @Signal() add(item: Item): void {
    this.last = { ...item };
    this.items.push(this.last);
    this.tags.add(item.sku.slice(0, 1));
    this.stock.set(item.sku, (this.stock.get(item.sku) ?? 0n) + BigInt(item.quantity));
    this.price = new Money(this.price.cents + item.quantity, this.price.currency);
    this.count += 1;
    if (this.count >= 3) this.tier = 'gold';
  }

  @Validate('remove') protected mayRemove(sku: string): void {
    if (!this.stock.has(sku)) throw new EntityFailure('no_such_item', sku);
  }

  @Update() remove(sku: string): number {
    this.stock.delete(sku);
    this.note = `removed at ${now()} ${uuid()} ${random()}`;
    if (sku === 'boom') throw new EntityFailure('boom', 'it went off', { sku });
    return this.stock.size;
  }

  @Query() size(): number {
    return this.stock.size;
  }
}

/** Every durable wait and every decision, exclusive and not, in a life that begins again. */
@Entity('golden-life')
export class GoldenLife {
  rounds = 0;
  log: string[] = [];
  open = false;

  @Update() async order(sku: string): Promise<string> {
    const token = sideEffect(() => 'token-1');
    const letter = await post.letter(entityInfo().id, `${sku} ${token}`);
    if (patched('golden-1')) this.log.push('patched');
    const winner = await Promise.race([sleep('1 hour').then(() => 'late'), post.charge(5).then(() => 'paid')]);
    const [a, b] = await Promise.all([post.charge(1), post.charge(2)]);
    this.log.push(`${letter} ${winner} ${a + b}`);
    return letter;
  }

  @Update() async approve(): Promise<string> {
    const by = await promise<string>('approval');
    this.log.push(`approved by ${by}`);
    return by;
  }

  @Signal({ interleave: true }) async waitOpen(): Promise<void> {
    const opened = await condition(() => this.open, '2 days');
    this.log.push(opened ? 'open' : 'never opened');
  }

  @Signal() unlock(): void {
    this.open = true;
    remind(this.knock, '1 day', 'hello');
    enqueue(post).letter(entityInfo().id, 'unlocked');
  }

  @Signal() quiet(): void {
    forget(this.knock);
  }

  @Reminder() knock(text: string): void {
    this.log.push(`knock ${text}`);
  }

  @Every('1 week') weekly(): void {
    this.log.push('week');
  }

  async run() {
    this.rounds += 1;
    for (let hour = 0; hour < 3; hour += 1) await sleep('1 hour');
    if (this.rounds === 3) return 'done';
    return again({ after: '5 days' });
  }
}

/** Held by a bug until the second build; `repaired` is the build. */
export function makeGoldenHeld(repaired: boolean) {
  @Entity('golden-held')
  class GoldenHeld {
    months = 0;

    @Signal() start(): void {
      this.months = 0;
    }

    async run(): Promise<number> {
      for (let month = 1; month <= 4; month += 1) {
        await sleep('30 days');
        if (month === 3 && !repaired) throw new TypeError('month 3 is broken');
        await post.charge(month);
        this.months = month;
      }
      return this.months;
    }
  }
  return GoldenHeld;
}

/**
 * Accounts: the entity classes under load. Ordinary entity code: a validated argument, a few fields, an answer.
 */

import 'reflect-metadata';
import { IsInt, Min } from 'class-validator';
import { Entity, EntityFailure, Query, Signal, Update, Validate, any, promise, sleep } from 'perdure';

export class Points {
  @IsInt() @Min(1) points!: number;
}

/** A loyalty account. */
@Entity('bench-account')
export class Account {
  tier = 'basic';
  points = 0;
  trips = 0;

  @Update() earn(order: Points): number {
    this.points += order.points;
    this.trips += 1;
    if (this.points >= 50_000) this.tier = 'gold';
    return this.points;
  }

  @Query() balance(): number {
    return this.points;
  }
}

/** Refuses whatever it is asked to spend: in the method (`spend`) or before it (`withdraw`). */
class Refusing {
  points = 0;

  @Update() earn(order: Points): number {
    return (this.points += order.points);
  }

  @Update() spend(order: Points): number {
    throw new EntityFailure('insufficient_points', `has ${this.points}, not ${order.points}`);
  }

  @Update() withdraw(order: Points): number {
    return (this.points -= order.points);
  }

  @Validate('withdraw') protected mayWithdraw(order: Points): void {
    throw new EntityFailure('insufficient_points', `has ${this.points}, not ${order.points}`);
  }
}

@Entity('bench-guarded')
export class Guarded extends Refusing {}

/** The same beside a `run()` that stays parked. */
@Entity('bench-guarded-parked')
export class GuardedParked extends Refusing {
  async run(): Promise<void> {
    await promise('closed');
  }
}

/** Keeps what it is given; a `run()` parked on one durable promise beside it is what `Parked` adds. */
class Keeping {
  state: unknown = null;

  @Signal({ args: [any()] }) keep(state: unknown): void {
    this.state = state;
  }
}

@Entity('bench-resident')
export class Resident extends Keeping {}

@Entity('bench-parked')
export class Parked extends Keeping {
  async run(): Promise<void> {
    await promise('approval');
  }
}

/** Has one durable timer pending from its first message on. */
@Entity('bench-reminded')
export class Reminded {
  reminders = 0;

  @Signal() arm(): void {
    this.reminders = 0;
  }

  async run(): Promise<void> {
    await sleep('365 days');
    this.reminders += 1;
  }
}

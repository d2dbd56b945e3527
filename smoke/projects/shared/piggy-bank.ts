/** The entity that every throwaway project runs: a validated update, a refusal, a query, fields that survive. */
import 'reflect-metadata';
import { IsInt, Min } from 'class-validator';
import { Entity, EntityFailure, Query, Signal, Update, Validate } from 'perdure';

export class Coins {
  @IsInt() @Min(1) cents!: number;
}

@Entity('piggy-bank')
export class PiggyBank {
  cents = 0;
  shaken = 0;

  @Signal() shake(): void {
    this.shaken += 1;
  }

  @Update() put(coins: Coins): number {
    this.cents += coins.cents;
    return this.cents;
  }

  @Validate('take') protected mayTake(coins: Coins): void {
    if (coins.cents > this.cents) throw new EntityFailure('too_poor', `has ${this.cents}`);
  }

  @Update() async take(coins: Coins): Promise<number> {
    this.cents -= coins.cents;
    return this.cents;
  }

  @Query() balance(): { cents: number; shaken: number } {
    return { cents: this.cents, shaken: this.shaken };
  }
}

/**
 * The durable class of this sample: a shopping cart that reminds its owner when it was left alone for a day.
 */

import 'reflect-metadata';
import { IsString } from 'class-validator';
import { Entity, Query, Reminder, Signal, activities, enqueue, entityInfo, forget, remind } from 'perdure';
import type { Mailer } from './mailer';

export class Item {
  @IsString() name!: string;
}

export const mail = activities<Mailer>('mail');

@Entity('shopping-cart')
export class ShoppingCart {
  items: string[] = [];

  @Signal() added(item: Item): void {
    this.items.push(item.name);
    remind(this.abandoned, '1 day'); // takes the place of the reminder set by the item before
  }

  @Signal() paid(): void {
    this.items = [];
    forget(this.abandoned);
  }

  @Reminder() protected abandoned(): void {
    enqueue(mail).abandoned(entityInfo().id, this.items);
  }

  @Query() contents(): string[] {
    return this.items;
  }
}

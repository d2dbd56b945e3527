/**
 * Journal: the entity of the list-append workload: every append has a value of its own, a read gives them all.
 */

import 'reflect-metadata';
import { Entity, Query, Update } from '../../framework/model/decorators';

@Entity('journal')
export class Journal {
  items: string[] = [];

  /** Answers the number of items. */
  @Update() append(item: string): number {
    this.items.push(item);
    return this.items.length;
  }

  @Query() read(): string[] {
    return this.items;
  }
}

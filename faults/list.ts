/**
 * The entity of the fault runs: a list to which values are appended, and which is read whole.
 */

import 'reflect-metadata';
import { Entity, Query, Update } from 'perdure';

@Entity('fault-list')
export class List {
  values: string[] = [];

  @Update() append(value: string): void {
    this.values.push(value);
  }

  @Query() all(): string[] {
    return this.values;
  }
}

/**
 * Entities of the crash loop: each keeps in plain lists what was applied to it, so that a loss, a repeat or a wrong
 * order can be seen.
 *
 * Owns: the classes and the activity that writes the book of effects. Does not own: what the lists must hold (`model`).
 */

import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import {
  Entity,
  EntityFailure,
  Indexed,
  Query,
  Reminder,
  Signal,
  Update,
  Validate,
  activities,
  again,
  condition,
  enqueue,
  entityInfo,
  remind,
  sleep,
} from '../../framework';
import { NonRetryable, activityInfo } from '../../framework/activity';

/** The world outside: a file to which every effect is appended as `key TAB item`. */
export class Book {
  constructor(private readonly file: string) {}

  async write(item: string): Promise<string> {
    const { idempotencyKey, attempt } = activityInfo();
    if (item.endsWith('!')) throw new NonRetryable(`${item} cannot be written`, { code: 'unwritable' });
    if (item.endsWith('7') && attempt === 1) throw new Error(`${item} is written at the second attempt`);
    appendFileSync(this.file, `${idempotencyKey}\t${item}\n`);
    return item;
  }
}

export const book = activities<Book>('book', { startToClose: '10s', retry: { initial: 1, maximum: 4 } });

@Entity('crash-list')
export class List {
  @Indexed('int') size = 0;
  items: string[] = [];

  @Update() add(item: string): number {
    return this.put(item);
  }

  @Signal() push(item: string): void {
    this.put(item);
  }

  @Update() emit(item: string): number {
    enqueue(book).write(item);
    return this.put(item);
  }

  /** A business failure: on record, undone. */
  @Update() bounce(item: string): number {
    enqueue(book).write(item);
    this.put(item);
    throw new EntityFailure('bounced', item);
  }

  @Signal() sulk(item: string): void {
    this.put(item);
    throw new EntityFailure('sulked', item);
  }

  /** A bug in the first step: no record at all. */
  @Update() stumble(item: string): number {
    this.put(item);
    throw new TypeError(item);
  }

  @Validate('guarded') protected mayGuard(item: string): void {
    throw new EntityFailure('closed', item);
  }
  @Update() guarded(item: string): number {
    return this.put(item);
  }

  @Query() state(): { items: string[] } {
    return { items: this.items };
  }

  protected put(item: string): number {
    this.items.push(item);
    this.size = this.items.length;
    return this.size;
  }
}

@Entity('crash-flow')
export class Flow {
  items: string[] = [];
  done: string[] = [];
  pokes: string[] = [];
  rung: number[] = [];
  rounds: string[] = [];
  finishing = false;

  @Update() async slow(item: string): Promise<number> {
    this.items.push(item);
    await sleep(2);
    await book.write(item);
    this.done.push(item);
    return this.done.length;
  }

  /** Its activity says no for good: the earlier step stands. */
  @Update() async doomed(item: string): Promise<number> {
    this.items.push(item);
    await book.write(`${item}!`);
    this.done.push(item);
    return this.done.length;
  }

  @Signal() poke(item: string): void {
    this.pokes.push(item);
    remind(this.ring, 4, this.pokes.length);
  }

  @Reminder() ring(count: number): void {
    this.rung.push(count);
  }

  /** Answers once the last reminder has come. */
  @Update() async rest(_item: string): Promise<number> {
    await condition(() => this.pokes.length === (this.rung.at(-1) ?? 0));
    return this.pokes.length;
  }

  @Signal() finish(_item: string): void {
    this.finishing = true;
  }

  @Query() state(): Pick<Flow, 'items' | 'done' | 'pokes' | 'rounds'> & { rung: number[] } {
    const { items, done, pokes, rung, rounds } = this;
    return { items, done, pokes, rung, rounds };
  }

  async run() {
    const round = `${entityInfo().id}/round-${this.rounds.length}`;
    await sleep(3);
    await Promise.all([book.write(`${round}/a`), book.write(`${round}/b`)]);
    await condition(() => this.finishing || this.pokes.length > this.rounds.length, 20);
    this.rounds.push(round);
    return this.finishing ? this.rounds.length : again({ after: 5 });
  }
}

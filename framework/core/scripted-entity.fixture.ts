/**
 * A scripted entity: its handlers do what their argument says, and a generator of such scripts.
 */

import 'reflect-metadata';
import { any } from '../model/arg-type';
import { EntityFailure } from '../errors';
import { Entity, Every, Reminder, Signal, Update, Validate } from '../model/decorators';
import { activities, enqueue } from './activities';
import { again, condition, forget, now, patched, promise, random, remind, sideEffect, sleep } from './functions';
import type { RandomStream } from './random';

interface Work {
  run(n: number): Promise<number>;
  later(n: number): Promise<void>;
}
const work = activities<Work>('work');

const COMBINED = ['race', 'all', 'any', 'allSettled'] as const;
type Combined = (typeof COMBINED)[number];

export type Op =
  | { readonly do: 'set' | 'sleep' | 'act' | 'until' | 'push' | 'copy' | 'awaitLate'; readonly n: number }
  | { readonly do: 'enqueue' | 'remind' | 'forget' | 'draw' | 'now' | 'patched' | 'side' | 'hang'; readonly n: number }
  | { readonly do: 'approval' | 'refuse' | 'bug' | 'late' | 'float'; readonly n: number }
  | { readonly do: 'try' | 'finally'; readonly n: number; readonly ops: readonly Op[] }
  | { readonly do: Combined; readonly n: number; readonly ops: readonly Op[] };

let outside = 0;

@Entity('scripted')
export class Scripted {
  total = 0;
  list: { n: number }[] = [{ n: 1 }];
  notes: string[] = [];
  life: readonly (readonly Op[])[] = [];

  @Update({ args: [any()] }) async update(ops: readonly Op[]): Promise<number> {
    await this.play(ops);
    return this.total;
  }
  @Update({ args: [any()], interleave: true }) async beside(ops: readonly Op[]): Promise<number> {
    await this.play(ops);
    return this.total;
  }
  @Signal({ args: [any()] }) async signal(ops: readonly Op[]): Promise<void> {
    await this.play(ops);
  }
  @Update() at(n: number): number {
    this.total += n;
    if (n % 5 === 4) throw new EntityFailure('refused');
    return this.total;
  }
  @Validate('at') protected mayAt(n: number): void {
    if (n % 7 === 6) throw new EntityFailure('invalid');
  }
  @Signal({ args: [any()] }) born(life: readonly (readonly Op[])[]): void {
    this.life = life;
  }
  @Reminder() async reminded(n: number): Promise<void> {
    this.total += n;
    if (n % 3 === 0) await sleep(n);
    this.notes.push(`reminded ${n}`);
  }
  @Every('1 minute') tick(): void {
    this.total += 1;
  }

  async run() {
    const [ops, ...rest] = this.life;
    if (ops === undefined) await condition(() => this.life.length > 0 || this.total > 1_000_000);
    else await this.play(ops);
    this.life = rest;
    return this.total % 17 === 3 ? this.total : again({ after: 1_000 });
  }

  private async play(ops: readonly Op[]): Promise<void> {
    const late: Promise<unknown>[] = [];
    for (const op of ops) await this.one(op, late);
  }

  private async one(op: Op, late: Promise<unknown>[]): Promise<void> {
    const { n } = op;
    switch (op.do) {
      case 'set':
        this.total = (this.total * 31 + n) % 65_521;
        return;
      case 'push': {
        const held = this.list;
        if (n % 2 === 0) await sleep(n);
        held.push({ n });
        return;
      }
      case 'copy':
        this.list = this.list.map((one) => ({ ...one }));
        if (n % 2 === 0) throw new EntityFailure('copied');
        return;
      case 'late':
        late.push(this.wait(n));
        return;
      case 'awaitLate':
        await late.shift();
        return;
      case 'float':
        void this.wait(n);
        return;
      case 'try':
        try {
          for (const inner of op.ops) await this.one(inner, late);
        } catch (error) {
          this.notes.push((error as Error).message);
        }
        return;
      case 'finally':
        try {
          for (const inner of op.ops) await this.one(inner, late);
        } finally {
          this.total += n;
        }
        return;
      case 'race':
      case 'all':
      case 'any':
      case 'allSettled':
        return this.combined(op.do, op.ops, late);
      default:
        return this.plain(op.do, op.n);
    }
  }

  private async combined(kind: Combined, ops: readonly Op[], late: Promise<unknown>[]): Promise<void> {
    const waits = ops.map((op) => (op.n % 3 === 0 ? this.one(op, late) : this.wait(op.n)));
    this.notes.push(`${kind} ${String(await (Promise[kind] as (all: unknown[]) => Promise<unknown>)(waits))}`);
  }

  private wait(n: number): Promise<unknown> {
    if (n % 5 === 0) return work.run(n);
    if (n % 5 === 1) return condition(() => this.total % 11 >= n % 10, n % 2 === 0 ? 500 + n : undefined);
    if (n % 5 === 2) return promise(`p${n % 4}`);
    if (n % 5 === 3) return Promise.race([sleep(n * 10), condition(() => this.total % 3 === 1)]);
    return sleep(n * 10);
  }

  private async plain(what: string, n: number): Promise<void> {
    switch (what) {
      case 'sleep':
        return sleep(n * 10);
      case 'act':
        this.total += Number(await work.run(n));
        return;
      case 'until':
        this.notes.push(String(await condition(() => this.total % 7 >= n % 7, n % 2 === 0 ? 1_000 : undefined)));
        return;
      case 'approval':
        this.notes.push(String(await promise(`p${n % 4}`)));
        return;
      case 'enqueue':
        return enqueue(work).later(n);
      case 'remind':
        return remind(this.reminded, n * 100, n);
      case 'forget':
        return forget(this.reminded);
      case 'draw':
        this.total += Math.floor(random() * 100);
        return;
      case 'now':
        this.total = (this.total + now()) % 65_521;
        return;
      case 'patched':
        if (patched(`change-${n % 3}`)) this.total += 1;
        return;
      case 'side':
        this.total += sideEffect(() => outside++) % 13;
        return;
      case 'hang':
        return new Promise(() => undefined);
      case 'refuse':
        throw new EntityFailure('refused', `refused ${n}`);
      case 'bug':
        throw new TypeError(`bug ${n}`);
    }
  }
}

const SIMPLE = ['set', 'sleep', 'act', 'until', 'push', 'copy', 'awaitLate', 'enqueue', 'remind', 'forget'] as const;
const MORE = ['draw', 'now', 'patched', 'side', 'approval', 'late', 'late', 'float', 'set', 'awaitLate'] as const;

export function pick<T>(random: RandomStream, from: readonly T[]): T {
  return from[random.word() % from.length] as T;
}

export function randomOps(random: RandomStream, most: number, depth = 0): Op[] {
  return Array.from({ length: 1 + (random.word() % most) }, () => randomOp(random, depth));
}

function randomOp(random: RandomStream, depth: number): Op {
  const n = random.word() % 100;
  const kind = random.word() % 20;
  if (kind < 8) return { do: pick(random, SIMPLE), n };
  if (kind < 14) return { do: pick(random, MORE), n };
  if (kind === 14) return { do: pick(random, ['refuse', 'refuse', 'refuse', 'bug', 'hang']), n };
  if (depth >= 2) return { do: 'set', n };
  const ops = randomOps(random, 3, depth + 1);
  return { do: kind < 17 ? pick(random, ['try', 'finally']) : pick(random, COMBINED), n, ops };
}

/**
 * Conditions: takers wait until there is enough in stock, with and without a timeout, and let others in meanwhile; who
 * counts keeps them out. Whoever could go on does (S6, S7).
 */

import 'reflect-metadata';
import { condition, sleep } from '../../../framework/core/functions';
import { Entity, Query, Signal, Update } from '../../../framework/model/decorators';
import { Asked } from './asked';
import { UNKNOWN } from '../checkers/history';
import type { Operation } from '../checkers/history';
import type { Caller, More, RunContext, Workload } from './workload';
import { answerOf, atWork, describe, eventually, isDone, reach } from './calling';

/** What happened to the stock, in order. */
export interface Event {
  readonly what: 'put' | 'wants' | 'took' | 'left' | 'counts' | 'counted';
  readonly name: string;
  readonly amount: number;
}

@Entity('sim-stock')
export class Stock {
  stock = 0;
  /** As texts, for they are encoded after every step. */
  events: string[] = [];

  @Signal() put(name: string, amount: number): void {
    this.stock += amount;
    this.note('put', name, amount);
  }

  /** Waits for ever with a patience of 0. Answers whether it has got what it wanted. */
  @Update() async take(name: string, amount: number, patienceMs: number): Promise<boolean> {
    this.note('wants', name, amount);
    const enough = (): boolean => this.stock >= amount;
    const got = await (patienceMs > 0 ? condition(enough, patienceMs) : condition(enough));
    if (got) this.stock -= amount;
    this.note(got ? 'took' : 'left', name, amount);
    return got;
  }

  /** Nobody puts or takes meanwhile. Answers what is there. */
  @Update() async count(name: string, forMs: number): Promise<number> {
    this.note('counts', name, this.stock);
    await sleep(forMs);
    this.note('counted', name, this.stock);
    return this.stock;
  }

  @Query() whole() {
    return { stock: this.stock, events: this.events };
  }

  protected note(what: Event['what'], name: string, amount: number): void {
    this.events.push(`${what} ${amount} ${name}`);
  }
}

type Way = 'put' | 'take' | 'count';
type StockOperation = Operation<{ readonly way: Way; readonly name: string }, boolean | number | 'ok'>;

const WAYS: readonly Way[] = ['put', 'put', 'take', 'take', 'take', 'count'];
const MOST = 20;
const LONGEST_MS = 3_000;
const LONGEST_COUNT_MS = 500;
/** Of the takers. */
const FOR_EVER_SHARE = 0.2;
const LOOKS_PER_PUT = 3;

export class Conditions implements Workload {
  readonly name = 'conditions';
  private readonly asked: Asked<StockOperation['op'], boolean | number | 'ok'>;

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [Stock];
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, (name) => this.operate(caller, name));
  }

  /** Puts in what the takers that wait for ever want. */
  async settle(auditor: Caller): Promise<void> {
    for (const id of this.run.ids) {
      let looks = 0;
      await eventually(auditor, async () => {
        const description = await describe(auditor, Stock, id);
        if (description === null || isDone(description)) return true;
        looks += 1;
        if (looks % LOOKS_PER_PUT === 0) await this.put(auditor, id, `${auditor.name}.${looks}`, 2 * MOST);
        return false;
      });
    }
  }

  async verdict(auditor: Caller): Promise<string | null> {
    const [complaint] = this.asked.complaints;
    if (complaint !== undefined) return complaint;
    for (const id of this.run.ids) {
      const whole = await this.look(auditor, id);
      const operations = this.asked.operations.filter(({ key }) => key === id);
      const fault = stockFault(whole?.stock ?? 0, (whole?.events ?? []).map(eventOf), operations);
      if (fault !== null) return `stock ${id}: ${fault}`;
    }
    return null;
  }

  private async operate(caller: Caller, name: string): Promise<void> {
    const { draw } = caller;
    const key = draw.of(this.run.ids);
    const [way, amount, length, forEver] = [draw.of(WAYS), 1 + draw.below(MOST), draw.float(), draw.float()];
    const stock = reach(caller, Stock, key);
    if (way === 'put') return this.put(caller, key, name, amount);
    const op = { way, name } as const;
    if (way === 'count') {
      const call = () => stock.count(name, Math.ceil(length * LONGEST_COUNT_MS));
      await this.asked.ask({ caller, key, op, call });
    } else if (forEver >= FOR_EVER_SHARE) {
      const call = () => stock.take(name, amount, Math.ceil(length * LONGEST_MS));
      await this.asked.ask({ caller, key, op, call });
    } else {
      const { client, patienceMs } = caller;
      const submitting = client.submit(client.entity(Stock, key), { timeout: patienceMs });
      const call = () => submitting.take(name, amount, 0).then(() => 'ok' as const);
      await this.asked.ask({ caller, key, op, call });
    }
  }

  private async put(caller: Caller, key: string, name: string, amount: number): Promise<void> {
    const call = () =>
      reach(caller, Stock, key)
        .put(name, amount)
        .then(() => 'ok' as const);
    await this.asked.ask({ caller, key, op: { way: 'put', name }, call });
  }

  private look(auditor: Caller, id: string) {
    return answerOf(() => reach(auditor, Stock, id).whole());
  }
}

function eventOf(text: string): Event {
  const [what = '', amount = '', name = ''] = text.split(' ');
  return { what: what as Event['what'], amount: Number(amount), name };
}

/** Names of those that wait, with the amounts they want. */
function waiting(events: readonly Event[]): Map<string, number> {
  const names = new Map<string, number>();
  for (const { what, name, amount } of events) {
    if (what === 'wants') names.set(name, amount);
    if (what === 'took' || what === 'left') names.delete(name);
  }
  return names;
}

const ENDS: Readonly<Record<Way, readonly Event['what'][]>> = {
  put: ['put'],
  take: ['took', 'left'],
  count: ['counted'],
};

/** What is wrong with the events of one stock, and with what callers were told of it. */
export function stockFault(
  stock: number,
  events: readonly Event[],
  operations: readonly StockOperation[],
): string | null {
  let there = 0;
  const seen = new Set<string>();
  for (const { what, name, amount } of events) {
    if (seen.has(`${what} ${name}`)) return `${name} ${what} twice`;
    seen.add(`${what} ${name}`);
    if (what === 'left' && amount <= there) return `${name} left without ${amount} of ${there}`;
    if (what === 'took' && amount > there) return `${name} took ${amount} of ${there}`;
    if (what.startsWith('count') && amount !== there) return `${name} ${what} ${amount} where ${there} are`;
    there += what === 'put' ? amount : what === 'took' ? -amount : 0;
  }
  if (there !== stock) return `it holds ${stock}, and ${there} are left of what was put in`;
  const [left] = waiting(events);
  if (left !== undefined) return `${left[0]} still waits for ${left[1]}, and ${stock} are there`;
  return disturbed(events) ?? untold(events, operations);
}

/** Between the two events of a count nothing is put or taken (S7). */
function disturbed(events: readonly Event[]): string | null {
  let counting: string | null = null;
  for (const { what, name } of events) {
    if (what === 'counts') counting = name;
    else if (what === 'counted') counting = null;
    else if (counting !== null && what !== 'left') return `${name} ${what} while ${counting} counts`;
  }
  return null;
}

function untold(events: readonly Event[], operations: readonly StockOperation[]): string | null {
  const ends = new Map<string, Event>();
  for (const event of events) ends.set(`${event.what} ${event.name}`, event);
  for (const { op, output } of operations) {
    if (output === UNKNOWN) continue;
    const end = ENDS[op.way].map((what) => ends.get(`${what} ${op.name}`)).find((event) => event !== undefined);
    if (end === undefined) return `the ${op.way} of ${op.name} was acknowledged, and has not come to its end`;
    if (typeof output === 'boolean' && output !== (end.what === 'took'))
      return `${op.name} was told ${output}, and ${end.what}`;
    if (typeof output === 'number' && output !== end.amount)
      return `${op.name} was told ${output}, and counted ${end.amount}`;
  }
  return null;
}

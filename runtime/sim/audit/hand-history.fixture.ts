/**
 * Hand history: rows of one entity written by hand, each linked to the one before, to be broken in one place.
 *
 * Owns: links, seq and bytes; entries in few words. Does not own: what an auditor finds in them.
 */

import 'reflect-metadata';
import { encodeRecord, recordHash } from '../../../framework/codec/record';
import { encodeValue } from '../../../framework/codec/value';
import { activities, enqueue, DEFAULT_ACTIVITY_OPTIONS } from '../../../framework/core/activities';
import { condition, sleep } from '../../../framework/core/functions';
import { COMPARED_SET, ROW_KIND } from '../../../framework/core/history';
import type { ApplyEntry, Consequence, Entry, HistoryRecord, Input, Link } from '../../../framework/core/history';
import { Entity, Query, Signal, Update } from '../../../framework/model/decorators';
import { definitionOf } from '../../../framework/model/definition';
import type { Row } from '../../ports/history-store';
import { EntityFacts } from './entity-facts';

interface Post {
  send(text: string): Promise<string>;
}
const post = activities<Post>('hand-post');

@Entity('hand-made')
export class HandMade {
  items: string[] = [];

  @Update() put(item: string): number {
    this.items.push(item);
    return this.items.length;
  }

  @Signal() async nap(forMs: number): Promise<void> {
    await sleep(forMs);
  }

  @Signal() post(text: string): void {
    enqueue(post).send(text);
  }

  @Signal() async full(): Promise<void> {
    await condition(() => this.items.length > 0);
  }

  @Query() whole(): string[] {
    return this.items;
  }
}

export const KEY = { namespace: 'default', type: 'hand-made', id: 'H-1' };
export const T0 = 1_000_000;
const NOTHING = encodeValue(undefined, { classes: 'plain' });

type Changes = Partial<Pick<Row, 'seq' | 'epoch'>> & { readonly prev?: Link | null };

export class HandHistory {
  readonly rows: Row[] = [];
  private link: Link | null = null;

  turn(entries: readonly Entry[], changes: Changes = {}): this {
    const birth = this.link === null ? ({ time: T0, seed: [1, 2] } as const) : null;
    const schema = this.link === null ? { fields: ['items'], values: {} } : null;
    return this.add({ kind: 'turn', compared: COMPARED_SET, birth, entries, digest: null, schema }, changes);
  }

  /** As an entity with this history would take it, or changed. */
  async snapshot(change: (fields: Uint8Array, ledger: Uint8Array) => readonly [Uint8Array, Uint8Array]): Promise<this> {
    const { instance } = await walked(this.rows);
    if (instance === null) throw new Error('there is nothing to take a snapshot of');
    const [fields, ledger] = change(instance.encode(), instance.ledger.image());
    return this.add({ kind: 'snapshot', schema: { fields: ['items'], values: {} }, fields, ledger }, {});
  }

  private add(part: object, { seq, epoch = 1, prev }: Changes): this {
    const at = seq ?? (this.link?.seq ?? 0) + 1;
    const head = { seq: at, epoch, prev: prev === undefined ? this.link : prev, build: 'b-1' };
    const record = { ...head, ...part } as HistoryRecord;
    const bytes = encodeRecord(record);
    this.rows.push({ seq: at, epoch, kind: ROW_KIND[record.kind], bytes });
    this.link = { seq: at, epoch, hash: recordHash(bytes) };
    return this;
  }
}

export async function walked(rows: readonly Row[]): Promise<EntityFacts> {
  const facts = new EntityFacts(KEY, definitionOf(HandMade));
  await facts.walk(rows);
  return facts;
}

type Message = Extract<Input, { kind: 'message' }>;

export function message(method: string, n: number, args: readonly unknown[] = [`i-${n}`]): Message {
  const kind = method === 'put' ? 'update' : 'signal';
  const id = { session: 's', n, doneBelow: 0 };
  const encoded = encodeValue(args, { classes: 'plain' });
  return { kind: 'message', message: kind, method, args: encoded, id, attempt: 1, submitted: false };
}

export function apply(input: Input, consequences: readonly Consequence[], time = T0): ApplyEntry {
  return { kind: 'apply', time, source: { input }, undone: null, consequences };
}

/** An item that is put, as number `invocation`, into the place of that number. */
export function put(n: number, invocation: number, place = n, time = T0): ApplyEntry {
  return apply(message('put', n), [ends(invocation, place)], time);
}

export function ends(owner: number, value: unknown = undefined): Consequence {
  const encoded = value === undefined ? NOTHING : encodeValue(value, { classes: 'plain' });
  return { kind: 'outcome', owner, outcome: { ok: true, value: encoded } };
}

export function sleeps(owner: number, effect: number, due: number): Consequence {
  return { kind: 'timer', effect, owner, purpose: 'sleep', due, method: '', args: null };
}

export function asks(owner: number, effect: number, text: string): Consequence {
  const args = encodeValue([text], { classes: 'plain' });
  const options = DEFAULT_ACTIVITY_OPTIONS;
  return { kind: 'activity', effect, owner, group: 'hand-post', method: 'send', args, options, awaited: false };
}

export function result(effect: number, value: string): Input {
  return { kind: 'activity', effect, outcome: { ok: true, value: encodeValue(value, { classes: 'plain' }) } };
}

/**
 * Entity facts: what a history says of an entity, found by running all of it again from its first row (S24).
 *
 * Owns: the walk over the rows, and every rule that a history alone can break: rows decode, links and seq have no holes
 * (C5, C6), step time never runs back (S6), a message id enters once and has one outcome (S11, S12), no timer fires
 * early or twice, an activity has one result, numbers are never used again (S15), code repeats what is recorded (S26),
 * a snapshot says what the records before it add up to (S24).
 * Does not own: what callers were told, what activities did outside, whether the entity should be at rest.
 *
 * The walk restores nothing from snapshots, and runs steps by itself: it would not share a mistake of `core/replay`.
 */

import { compareConsequences, differingFields } from '../../../framework/core/compare';
import { runStep } from '../../../framework/core/execute';
import { fold, inputOf } from '../../../framework/core/fold';
import { ROW_KIND } from '../../../framework/core/history';
import type {
  ApplyEntry,
  Entry,
  HistoryRecord,
  Input,
  Link,
  Outcome,
  SnapshotRecord,
  TurnRecord,
} from '../../../framework/core/history';
import { Instance } from '../../../framework/core/instance';
import { Ledger } from '../../../framework/core/ledger';
import { newStep } from '../../../framework/core/perform';
import type { Waiter } from '../../../framework/core/wait';
import { sameBytes } from '../../../framework/codec/fields';
import type { EntityDefinition } from '../../../framework/model/definition';
import type { EntityKey, MessageId, Position } from '../../../framework/model/identity';
import { readRow } from '../../activation/loader';
import { idText } from '../../activation/replies';
import type { Row } from '../../ports/history-store';
import { auditEnvironment, ledgerDifference } from './entity-state';
import { violation } from './violation';

export interface MessageFacts {
  /** Where its step ran, if it was not undone. */
  applied: Position | null;
  outcome: Outcome | null;
  /** Of the record that holds the outcome. */
  outcomeSeq: number;
}

export interface ActivityFacts {
  readonly effect: number;
  readonly name: string;
  outcome: Outcome | null;
}

export class EntityFacts {
  readonly messages = new Map<string, MessageFacts>();
  readonly activities = new Map<number, ActivityFacts>();
  /** At the tail; null for a key without a history. */
  instance: Instance | null = null;
  /** Of the last row. */
  link: Link | null = null;
  private time = -Infinity;
  private readonly numbers = new Set<number>();

  constructor(
    readonly key: EntityKey,
    readonly definition: EntityDefinition,
  ) {}

  /** From the first row on, at once or bit by bit. Rejects with a Violation, or with what a replay rejects with. */
  async walk(rows: readonly Row[]): Promise<void> {
    for (const row of rows) await this.row(row);
  }

  private async row(row: Row): Promise<void> {
    const { record, hash } = readRow(this.key, row);
    this.checkPlace(row, record);
    if (record.kind === 'turn') await this.turn(record);
    else if (record.kind === 'snapshot') this.snapshot(record);
    else if (record.kind === 'digest') this.digest(record.seq, record);
    this.link = { seq: record.seq, epoch: record.epoch, hash };
  }

  private checkPlace(row: Row, record: HistoryRecord): void {
    const { link } = this;
    const { seq, epoch, prev, kind } = record;
    const where = `row ${row.epoch}.${row.seq}`;
    if (seq !== row.seq || epoch !== row.epoch || ROW_KIND[kind] !== row.kind)
      throw violation(this.key, `${where} holds a ${kind} record ${epoch}.${seq} (C6)`);
    if (seq !== (link?.seq ?? 0) + 1) throw violation(this.key, `${where} follows row ${link?.seq ?? 0} (C5)`);
    if (link === null ? prev !== null : prev === null)
      throw violation(
        this.key,
        `${where} ${prev === null ? 'begins a chain of its own' : 'follows a row that is gone'}`,
      );
    if (link === null || prev === null) return;
    if (prev.seq !== link.seq || prev.epoch !== link.epoch || !sameBytes(prev.hash, link.hash))
      throw violation(
        this.key,
        `${where} names ${prev.epoch}.${prev.seq} as its predecessor, which is not row ${link.epoch}.${link.seq} (C6)`,
      );
    if (epoch < link.epoch) throw violation(this.key, `${where} follows a row of the later epoch ${link.epoch} (C6)`);
  }

  private async turn(record: TurnRecord): Promise<void> {
    if (this.instance === null) {
      if (record.birth === null) throw violation(this.key, `row ${record.seq} is the first turn, and has no birth`);
      this.instance = Instance.newborn(this.key, this.definition, auditEnvironment, record.birth);
    }
    for (const [index, entry] of record.entries.entries())
      await this.entry(this.instance, entry, { seq: record.seq, index });
    this.digest(record.seq, record);
  }

  /** Fields as they were hashed when the row was written (S25). */
  private digest(seq: number, { schema, digest }: Pick<TurnRecord, 'schema' | 'digest'>): void {
    const { instance } = this;
    if (instance === null) return;
    if (schema !== null) instance.recordedSchema = schema;
    if (digest === null || instance.recordedSchema === null) return;
    const fields = differingFields(instance, instance.recordedSchema, digest);
    if (fields.length > 0)
      throw violation(this.key, `at row ${seq} the fields ${fields.join(', ')} are not what was recorded (S25)`);
  }

  private snapshot({ seq, schema, fields, ledger }: SnapshotRecord): void {
    const { instance } = this;
    if (instance === null || !instance.quiet)
      throw violation(this.key, `snapshot ${seq} was taken while an invocation was parked (S24)`);
    instance.recordedSchema = schema;
    instance.ledger.dedupe.seal(auditEnvironment.segmentIds);
    if (!sameBytes(instance.encode(), fields))
      throw violation(this.key, `snapshot ${seq} has other fields than the records before it add up to (S24)`);
    const difference = ledgerDifference(instance.ledger, Ledger.fromImage(ledger));
    if (difference !== null) throw violation(this.key, `snapshot ${seq} ${difference} (S24)`);
  }

  private async entry(instance: Instance, entry: Entry, at: Position): Promise<void> {
    if (entry.time < this.time) throw violation(this.key, `step time runs back at ${at.seq}.${at.index} (S6)`);
    this.time = entry.time;
    if (entry.kind === 'hold') fold(instance, entry, at, null, null);
    else if (entry.kind === 'admit') {
      this.arrived(instance, entry.input, entry.time, at);
      fold(instance, entry, at, null, null);
    } else await this.apply(instance, entry, at);
    instance.bytes = null;
  }

  private async apply(instance: Instance, entry: ApplyEntry, at: Position): Promise<void> {
    const input = inputOf(instance, entry);
    if ('input' in entry.source) this.arrived(instance, input, entry.time, at);
    if (entry.undone !== null) {
      const continued = instance.waitFor(input)?.owner.origin.message ?? null;
      const message = continued ?? (input.kind === 'message' ? input.id : null);
      if (message !== null) this.settle(message, { ok: false, failure: entry.undone }, at);
      return fold(instance, entry, at, null, null);
    }
    const step = newStep(instance, at, entry.time, entry.consequences, null);
    const { failure, began } = await runStep(instance, input, step, null);
    if (failure !== null)
      throw violation(this.key, `the step ${at.seq}.${at.index} fails now: ${failure.message} (S26)`);
    const difference = compareConsequences(entry.consequences, step.consequences);
    if (difference !== null) throw violation(this.key, `at ${at.seq}.${at.index}: ${difference} (S26)`);
    if (input.kind === 'message') this.message(input.id).applied = at;
    this.consequences(instance, entry, began, at);
    fold(instance, entry, at, step, began);
  }

  /** An input that was not in the history before: a message, a timer that fired, a result. */
  private arrived(instance: Instance, input: Input, time: number, at: Position): void {
    const where = `at ${at.seq}.${at.index}`;
    if (input.kind === 'message') {
      const text = idText(input.id);
      if (this.messages.has(text)) throw violation(this.key, `${where} the message ${text} is taken in again (S11)`);
      this.messages.set(text, { applied: null, outcome: null, outcomeSeq: 0 });
    } else if (input.kind === 'timer') {
      const timer = instance.ledger.timers?.get(input.effect);
      if (timer === undefined) throw violation(this.key, `${where} timer ${input.effect} fires, which is not open`);
      if (time < timer.due)
        throw violation(this.key, `${where} timer ${input.effect} fires ${timer.due - time} ms early (S6)`);
    } else if (input.kind === 'activity') {
      const activity = this.activities.get(input.effect);
      if (activity === undefined || instance.ledger.activities?.has(input.effect) !== true)
        throw violation(this.key, `${where} activity ${input.effect} has a result, and is not open (S2)`);
      activity.outcome = input.outcome;
    }
  }

  private consequences(instance: Instance, entry: ApplyEntry, began: Waiter | null, at: Position): void {
    if (began !== null) this.number(began.number, at);
    for (const one of entry.consequences) {
      if ('effect' in one) this.number(one.effect, at);
      if (one.kind === 'activity') {
        const name = `${one.group}.${one.method}`;
        this.activities.set(one.effect, { effect: one.effect, name, outcome: null });
      }
      if (one.kind !== 'outcome') continue;
      const invocation = one.owner === began?.number ? began : instance.invocations.get(one.owner);
      if (invocation?.origin.message != null) this.settle(invocation.origin.message, one.outcome, at);
    }
  }

  private number(number: number, at: Position): void {
    if (this.numbers.has(number))
      throw violation(this.key, `number ${number} is used again at ${at.seq}.${at.index} (S15)`);
    this.numbers.add(number);
  }

  private settle(id: MessageId, outcome: Outcome, at: Position): void {
    const message = this.message(id);
    if (message.outcome !== null)
      throw violation(this.key, `message ${idText(id)} has a second outcome at ${at.seq}.${at.index} (S12)`);
    message.outcome = outcome;
    message.outcomeSeq = at.seq;
  }

  private message(id: MessageId): MessageFacts {
    const found = this.messages.get(idText(id));
    if (found === undefined) throw violation(this.key, `message ${idText(id)} ends, and never came (S2)`);
    return found;
  }
}

/**
 * Record writer: the layout of version 1, from a record to bytes without the checksum.
 *
 * Owns: the order of the parts and what is written relative to what: times to the entry before, owners and effects to
 * those before, the position of an ADMIT and the previous record to the record's own seq. Does not own: the numbers
 * (`record-codes`), names (`names`), values (opaque bytes).
 */

import { ROW_KIND } from '../core/history';
import type {
  ActivityOptions,
  Consequence,
  Entry,
  Failure,
  HeldMark,
  HistoryRecord,
  Input,
  Outcome,
  Schema,
  TurnRecord,
} from '../core/history';
import { PerdureError } from '../errors';
import type { MessageId, Position } from '../model/identity';
import { NameWriter, writeText } from './names';
import * as code from './record-codes';
import { ByteWriter } from './writer';

export class RecordWriter {
  readonly out = new ByteWriter();
  private readonly names = new NameWriter();
  private seq = 0;
  private time = 0;
  private owner = 0;
  private effect = 0;

  write(record: HistoryRecord): void {
    const { out } = this;
    this.begin(record.seq);
    out.u8(headOf(record));
    this.whole(record.seq);
    this.whole(record.epoch);
    if (record.prev !== null) {
      this.delta(record.seq, record.prev.seq);
      this.delta(record.epoch, record.prev.epoch);
      if (record.prev.hash.length !== 16)
        throw unencodable(`the hash of the record before has ${record.prev.hash.length} bytes`);
      out.raw(record.prev.hash);
    }
    this.names.write(out, record.build);
    if (record.kind === 'turn') return this.turn(record);
    if (record.kind === 'fence' || record.kind === 'seal') return;
    this.schema(record.schema);
    if (record.kind === 'digest') return this.digest(record.digest);
    out.blob(record.fields);
    out.blob(record.ledger);
  }

  private begin(seq: number): void {
    this.names.begin();
    this.seq = seq;
    this.time = 0;
    this.owner = 0;
    this.effect = 0;
  }

  private turn(record: TurnRecord): void {
    this.whole(record.compared);
    if (record.birth !== null) {
      this.moment(record.birth.time);
      this.out.u32(record.birth.seed[0]);
      this.out.u32(record.birth.seed[1]);
    }
    if (record.digest !== null) this.digest(record.digest);
    if (record.schema !== null) this.schema(record.schema);
    this.whole(record.entries.length);
    for (const entry of record.entries) this.entry(entry);
  }

  private entry(entry: Entry): void {
    const { out } = this;
    if (entry.kind === 'admit') {
      out.u8((inputCode(entry.input) << 4) | (entry.held === null ? 0 : code.HAS_FAILURE));
      this.moment(entry.time);
      this.input(entry.input);
      return entry.held === null ? undefined : this.held(entry.held);
    }
    if (entry.kind === 'hold') {
      out.u8(code.IS_ADMITTED);
      this.moment(entry.time);
      this.position(entry.admitted);
      return this.held(entry.held);
    }
    const { source, undone, consequences } = entry;
    const flags = (undone === null ? 0 : code.HAS_FAILURE) | (consequences.length === 0 ? 0 : code.HAS_CONSEQUENCES);
    const inline = 'input' in source;
    out.u8(code.IS_APPLY | flags | (inline ? inputCode(source.input) << 4 : code.IS_ADMITTED));
    this.moment(entry.time);
    if (inline) {
      this.input(source.input);
    } else {
      this.position(source.admitted);
    }
    if (undone !== null) this.failure(undone);
    if (consequences.length === 0) return;
    this.whole(consequences.length);
    for (const consequence of consequences) this.consequence(consequence);
  }

  private position(position: Position): void {
    this.delta(this.seq, position.seq);
    this.whole(position.index);
  }

  private held(held: HeldMark): void {
    this.failure(held.failure);
    this.names.write(this.out, held.build);
    this.whole(held.kept.length);
    for (const { ordinal, value } of held.kept) {
      this.whole(ordinal);
      this.out.blob(value);
    }
  }

  private input(input: Input): void {
    const { out } = this;
    switch (input.kind) {
      case 'message': {
        const flags = (input.submitted ? code.IS_SUBMITTED : 0) | ('given' in input.id ? code.IS_GIVEN_ID : 0);
        this.whole(input.attempt * 4 + flags);
        this.names.write(out, input.method);
        this.messageId(input.id);
        return out.blob(input.args);
      }
      case 'activity':
        this.effectNumber(input.effect);
        return this.outcome(input.outcome);
      case 'timer':
      case 'condition':
        return this.effectNumber(input.effect);
      case 'promise':
        this.names.write(out, input.name);
        return this.outcome(input.outcome);
      case 'run':
      case 'complete':
        return;
      case 'operator':
        out.u8(codeOf(code.OPERATOR_ACTIONS, input.action));
        return writeText(out, input.reason);
    }
  }

  private messageId(id: MessageId): void {
    if ('given' in id) return writeText(this.out, id.given);
    this.names.write(this.out, id.session);
    this.whole(id.n);
    this.delta(id.n, id.doneBelow);
  }

  private consequence(step: Consequence): void {
    const { out } = this;
    const kind = codeOf(code.CONSEQUENCES, step.kind);
    switch (step.kind) {
      case 'activity':
        out.u8(kind | (step.awaited ? code.FLAG : 0));
        this.ownerNumber(step.owner);
        this.effectNumber(step.effect);
        this.names.write(out, step.group);
        this.names.write(out, step.method);
        out.blob(step.args);
        return this.options(step.options);
      case 'timer': {
        const purpose = codeOf(code.TIMER_PURPOSES, step.purpose) << code.PURPOSE_SHIFT;
        out.u8(kind | purpose | (step.args === null ? 0 : code.HAS_ARGS));
        this.ownerNumber(step.owner);
        this.effectNumber(step.effect);
        this.delta(step.due, this.time);
        this.names.write(out, step.method);
        return step.args === null ? undefined : out.blob(step.args);
      }
      case 'forget':
        out.u8(kind);
        this.ownerNumber(step.owner);
        return this.names.write(out, step.method);
      case 'condition':
        out.u8(kind | (step.timeout === 0 ? 0 : code.FLAG));
        this.ownerNumber(step.owner);
        this.effectNumber(step.effect);
        return step.timeout === 0 ? undefined : this.delta(step.timeout, step.effect);
      case 'promise':
        out.u8(kind);
        this.ownerNumber(step.owner);
        this.effectNumber(step.effect);
        return this.names.write(out, step.name);
      case 'patch':
        out.u8(kind | (step.value ? code.FLAG : 0));
        this.ownerNumber(step.owner);
        return this.names.write(out, step.id);
      case 'sideEffect':
        out.u8(kind);
        this.ownerNumber(step.owner);
        this.whole(step.ordinal);
        return out.blob(step.value);
      case 'outcome':
        out.u8(kind);
        this.ownerNumber(step.owner);
        return this.outcome(step.outcome);
    }
  }

  private options(options: ActivityOptions): void {
    let bits = 0;
    code.WHOLE_OPTIONS.forEach((name, index) => {
      if (options[name] !== code.USUAL_OPTIONS[name]) bits |= 1 << index;
    });
    if (options.retryFactor !== code.USUAL_OPTIONS.retryFactor) bits |= code.FACTOR_BIT;
    if (options.queue !== '') bits |= code.QUEUE_BIT;
    this.out.varint(bits);
    if (bits === 0) return;
    code.WHOLE_OPTIONS.forEach((name, index) => {
      if ((bits & (1 << index)) !== 0) this.whole(options[name]);
    });
    if ((bits & code.FACTOR_BIT) !== 0) this.out.f64(options.retryFactor);
    if ((bits & code.QUEUE_BIT) !== 0) this.names.write(this.out, options.queue);
  }

  private outcome(outcome: Outcome): void {
    this.out.u8(outcome.ok ? code.SUCCEEDED : code.FAILED);
    if (outcome.ok) this.out.blob(outcome.value);
    else this.failure(outcome.failure);
  }

  private failure(failure: Failure): void {
    const { out } = this;
    let next: Failure | null = failure;
    for (let depth = 0; next !== null; depth++) {
      if (depth === code.MAX_CHAIN) throw unencodable(`a failure has more than ${code.MAX_CHAIN} causes in a row`);
      const { kind, details, cause, stack }: Failure = next;
      const flags = (details === null ? 0 : code.HAS_DETAILS) | (stack === '' ? 0 : code.HAS_STACK);
      out.u8(codeOf(code.FAILURES, kind) | flags | (cause === null ? 0 : code.HAS_CAUSE));
      this.names.write(out, next.code);
      writeText(out, next.message);
      if (details !== null) out.blob(details);
      if (stack !== '') writeText(out, stack);
      next = cause;
    }
  }

  private schema(schema: Schema): void {
    this.list(schema.fields);
    const values = Object.entries(schema.values);
    this.whole(values.length);
    for (const [name, fields] of values) {
      this.names.write(this.out, name);
      this.list(fields);
    }
  }

  private list(names: readonly string[]): void {
    this.whole(names.length);
    for (const name of names) writeText(this.out, name);
  }

  private digest(hashes: Uint32Array): void {
    this.whole(hashes.length);
    for (const hash of hashes) this.out.u32(hash);
  }

  private moment(time: number): void {
    this.delta(time, this.time);
    this.time = time;
  }

  private ownerNumber(owner: number): void {
    this.delta(owner, this.owner);
    this.owner = owner;
  }

  private effectNumber(effect: number): void {
    this.delta(effect, this.effect);
    this.effect = effect;
  }

  private whole(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw unencodable(`${value} stands where a count is due`);
    this.out.varint(value);
  }

  private delta(value: number, base: number): void {
    const difference = value - base;
    if (!Number.isSafeInteger(value) || !Number.isSafeInteger(difference)) {
      throw unencodable(`${value} stands where a whole number is due`);
    }
    this.out.signed(difference);
  }
}

function headOf(record: HistoryRecord): number {
  const head = ROW_KIND[record.kind] | (record.prev === null ? 0 : code.HAS_PREV);
  if (record.kind !== 'turn') return head;
  const { birth, digest, schema } = record;
  return (
    head |
    (birth === null ? 0 : code.HAS_BIRTH) |
    (digest === null ? 0 : code.HAS_DIGEST) |
    (schema === null ? 0 : code.HAS_SCHEMA)
  );
}

function codeOf<T>(list: readonly T[], item: T): number {
  const index = list.indexOf(item);
  if (index < 0) throw unencodable(`there is no code for ${String(item)}`);
  return index;
}

function inputCode(input: Input): number {
  return input.kind === 'message' ? code.INPUT[input.message] : code.INPUT[input.kind];
}

/** The record was made wrong: nothing a caller did. */
function unencodable(fact: string): PerdureError {
  return new PerdureError('internal', `A record cannot be encoded: ${fact}`, { reason: 'unencodable' });
}

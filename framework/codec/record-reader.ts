/**
 * Record reader: bytes of layout version 1 to a record, for as long as the project lives.
 *
 * Owns: the checks of enumerations, flags and counts. Does not own: version and checksum (`record`), primitives
 * (`reader`), what the values inside mean.
 *
 * Invariants: mirrors `record-writer` part by part; byte strings in the result are views of the bytes that were given.
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
  Link,
  Outcome,
  Schema,
  TurnRecord,
} from '../core/history';
import type { MessageId, Position } from '../model/identity';
import { NameReader } from './names';
import { corrupt } from './reader';
import type { ByteReader } from './reader';
import * as code from './record-codes';

type Header = Pick<HistoryRecord, 'seq' | 'epoch' | 'prev' | 'build'>;

const LINK_HASH_BYTES = 16;

export class RecordReader {
  private readonly names = new NameReader();
  private seq = 0;
  private time = 0;
  private owner = 0;
  private effect = 0;

  constructor(private readonly source: ByteReader) {}

  read(): HistoryRecord {
    const head = this.source.u8();
    const seq = (this.seq = this.source.varint());
    const epoch = this.source.varint();
    const prev = (head & code.HAS_PREV) === 0 ? null : this.link(seq, epoch);
    const header: Header = { seq, epoch, prev, build: this.name() };
    const kind = head & code.ROW_KIND_MASK;
    if (kind === ROW_KIND.turn) return this.turn(header, head);
    if ((head & (code.HAS_BIRTH | code.HAS_DIGEST | code.HAS_SCHEMA)) !== 0) throw corrupt(`flags ${head} of a record`);
    if (kind === ROW_KIND.digest) return { kind: 'digest', ...header, schema: this.schema(), digest: this.digest() };
    if (kind === ROW_KIND.fence) return { kind: 'fence', ...header };
    if (kind === ROW_KIND.seal) return { kind: 'seal', ...header };
    if (kind !== ROW_KIND.snapshot) throw corrupt(`record kind ${kind}`);
    return {
      kind: 'snapshot',
      ...header,
      schema: this.schema(),
      fields: this.source.blob(),
      ledger: this.source.blob(),
    };
  }

  private link(seq: number, epoch: number): Link {
    return { seq: this.relative(seq), epoch: this.relative(epoch), hash: this.source.raw(LINK_HASH_BYTES) };
  }

  private turn(header: Header, head: number): TurnRecord {
    const compared = this.source.varint();
    const birth = (head & code.HAS_BIRTH) === 0 ? null : this.birth();
    const digest = (head & code.HAS_DIGEST) === 0 ? null : this.digest();
    const schema = (head & code.HAS_SCHEMA) === 0 ? null : this.schema();
    const entries = this.many(2, () => this.entry());
    return { kind: 'turn', ...header, compared, birth, entries, digest, schema };
  }

  private birth(): NonNullable<TurnRecord['birth']> {
    const time = this.moment();
    return { time, seed: [this.source.u32(), this.source.u32()] };
  }

  private entry(): Entry {
    const head = this.source.u8();
    const time = this.moment();
    const admitted = (head & code.IS_ADMITTED) !== 0;
    if ((head & code.IS_APPLY) === 0) {
      if ((head & code.HAS_CONSEQUENCES) !== 0 || (admitted && head !== code.IS_ADMITTED)) {
        throw corrupt(`flags ${head} of an entry`);
      }
      if (admitted) return { kind: 'hold', time, admitted: this.position(), held: this.held() };
      const input = this.input(head >> 4);
      return { kind: 'admit', time, input, held: (head & code.HAS_FAILURE) === 0 ? null : this.held() };
    }
    if (admitted && head >> 4 !== 0) throw corrupt(`flags ${head} of an entry`);
    const source = admitted ? { admitted: this.position() } : { input: this.input(head >> 4) };
    const undone = (head & code.HAS_FAILURE) === 0 ? null : this.failure();
    const consequences = (head & code.HAS_CONSEQUENCES) === 0 ? [] : this.many(2, () => this.consequence());
    return { kind: 'apply', time, source, undone, consequences };
  }

  private position(): Position {
    return { seq: this.relative(this.seq), index: this.source.varint() };
  }

  private held(): HeldMark {
    const failure = this.failure();
    const build = this.name();
    return { failure, build, kept: this.many(2, () => ({ ordinal: this.source.varint(), value: this.source.blob() })) };
  }

  private input(kind: number): Input {
    switch (kind) {
      case code.INPUT.signal:
        return this.message('signal');
      case code.INPUT.update:
        return this.message('update');
      case code.INPUT.activity:
        return { kind: 'activity', effect: this.effectNumber(), outcome: this.outcome() };
      case code.INPUT.timer:
        return { kind: 'timer', effect: this.effectNumber() };
      case code.INPUT.condition:
        return { kind: 'condition', effect: this.effectNumber() };
      case code.INPUT.promise:
        return { kind: 'promise', name: this.name(), outcome: this.outcome() };
      case code.INPUT.run:
        return { kind: 'run' };
      case code.INPUT.complete:
        return { kind: 'complete' };
      case code.INPUT.operator:
        return {
          kind: 'operator',
          action: this.oneOf(code.OPERATOR_ACTIONS, this.source.u8()),
          reason: this.source.string(),
        };
      default:
        throw corrupt(`input kind ${kind}`);
    }
  }

  private message(message: 'signal' | 'update'): Input {
    const word = this.source.varint();
    const attempt = Math.floor(word / 4);
    const submitted = word % 2 === code.IS_SUBMITTED;
    const method = this.name();
    const id = this.messageId(word % 4 >= code.IS_GIVEN_ID);
    return { kind: 'message', message, method, args: this.source.blob(), id, attempt, submitted };
  }

  private messageId(given: boolean): MessageId {
    if (given) return { given: this.source.string() };
    const session = this.name();
    const n = this.source.varint();
    return { session, n, doneBelow: this.relative(n) };
  }

  private consequence(): Consequence {
    const head = this.source.u8();
    const flag = (head & code.FLAG) !== 0;
    const kind = this.oneOf(code.CONSEQUENCES, head & code.CONSEQUENCE_MASK);
    const purpose = head >> code.PURPOSE_SHIFT;
    const owner = this.ownerNumber();
    if (kind === 'timer') return this.timer(owner, purpose, flag);
    if (purpose !== 0) throw corrupt(`flags ${head} of a consequence`);
    switch (kind) {
      case 'activity':
        return { kind, owner, ...this.activity(), options: this.options(), awaited: flag };
      case 'forget':
        return { kind, owner, method: this.name() };
      case 'condition': {
        const effect = this.effectNumber();
        return { kind, owner, effect, timeout: flag ? this.source.signed() + effect : 0 };
      }
      case 'promise':
        return { kind, owner, effect: this.effectNumber(), name: this.name() };
      case 'patch':
        return { kind, owner, id: this.name(), value: flag };
      case 'sideEffect':
        return { kind, owner, ordinal: this.source.varint(), value: this.source.blob() };
      case 'outcome':
        return { kind, owner, outcome: this.outcome() };
    }
  }

  private activity(): { effect: number; group: string; method: string; args: Uint8Array } {
    return { effect: this.effectNumber(), group: this.name(), method: this.name(), args: this.source.blob() };
  }

  private timer(owner: number, index: number, hasArgs: boolean): Consequence {
    const purpose = this.oneOf(code.TIMER_PURPOSES, index);
    const effect = this.effectNumber();
    const due = this.source.signed() + this.time;
    const method = this.name();
    return { kind: 'timer', owner, effect, purpose, due, method, args: hasArgs ? this.source.blob() : null };
  }

  private options(): ActivityOptions {
    const bits = this.source.varint();
    if (bits === 0) return code.USUAL_OPTIONS;
    if (bits >= code.QUEUE_BIT * 2) throw corrupt(`options ${bits} of an activity`);
    const options: { -readonly [K in keyof ActivityOptions]: ActivityOptions[K] } = { ...code.USUAL_OPTIONS };
    code.WHOLE_OPTIONS.forEach((name, index) => {
      if ((bits & (1 << index)) !== 0) options[name] = this.source.varint();
    });
    if ((bits & code.FACTOR_BIT) !== 0) options.retryFactor = this.source.f64();
    if ((bits & code.QUEUE_BIT) !== 0) options.queue = this.name();
    return options;
  }

  private outcome(): Outcome {
    const ok = this.source.u8();
    if (ok === code.SUCCEEDED) return { ok: true, value: this.source.blob() };
    if (ok !== code.FAILED) throw corrupt(`outcome ${ok}`);
    return { ok: false, failure: this.failure() };
  }

  private failure(depth = 1): Failure {
    if (depth > code.MAX_CHAIN) throw corrupt(`more than ${code.MAX_CHAIN} failures in a cause chain`);
    const head = this.source.u8();
    if (head >= 2 * code.HAS_STACK) throw corrupt(`flags ${head} of a failure`);
    const kind = this.oneOf(code.FAILURES, head & code.FAILURE_MASK);
    const name = this.name();
    const message = this.source.string();
    const details = (head & code.HAS_DETAILS) === 0 ? null : this.source.blob();
    const stack = (head & code.HAS_STACK) === 0 ? '' : this.source.string();
    const cause = (head & code.HAS_CAUSE) === 0 ? null : this.failure(depth + 1);
    return { kind, code: name, message, details, cause, stack };
  }

  private schema(): Schema {
    const fields = this.list();
    const values = this.many(2, () => [this.name(), this.list()] as const);
    return { fields, values: Object.fromEntries(values) };
  }

  private list(): string[] {
    return this.many(1, () => this.source.string());
  }

  private digest(): Uint32Array {
    const hashes = new Uint32Array(this.source.count(4));
    for (let i = 0; i < hashes.length; i++) hashes[i] = this.source.u32();
    return hashes;
  }

  /** A count, then as many things of at least `bytesEach` bytes. */
  private many<T>(bytesEach: number, one: () => T): T[] {
    const count = this.source.count(bytesEach);
    const things: T[] = [];
    for (let i = 0; i < count; i++) things.push(one());
    return things;
  }

  private oneOf<T>(list: readonly T[], index: number): T {
    if (index >= list.length) throw corrupt(`code ${index} before byte ${this.source.at}`);
    return list[index]!;
  }

  private name(): string {
    return this.names.read(this.source);
  }

  private moment(): number {
    return (this.time += this.source.signed());
  }

  private ownerNumber(): number {
    return (this.owner += this.source.signed());
  }

  private effectNumber(): number {
    return (this.effect += this.source.signed());
  }

  /** The number whose distance to `base` follows: `number - base`, or `base - number` where `base` is the later one. */
  private relative(base: number): number {
    return base - this.source.signed();
  }
}

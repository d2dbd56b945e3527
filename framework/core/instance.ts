/**
 * Instance: one entity in memory.
 *
 * Owns: the user's object, the ledger, the parked invocations and what they wait for, who holds exclusivity.
 * Does not own: running steps (`execute`), the order of inputs (`choose`), records (`turn`, `replay`).
 *
 * Invariants: the ledger and the invocations change in `fold` alone; `bytes`, when present, is the encoding of the
 * fields as the last step left them; the object is quiet while no invocation is parked (S24).
 */

import { assert } from '../assert';
import { encodeFieldBytes, encodeFields } from '../codec/fields';
import type { EncodedFields } from '../codec/fields';
import { valueSchema } from '../codec/value-types';
import type { DeterminismFault } from '../errors';
import type { EntityDefinition } from '../model/definition';
import type { EntityKey } from '../model/identity';
import { isPlanted } from '../planted-bugs';
import type { FieldHashes, Input, Schema } from './history';
import { installCombinators } from './durable-promise';
import { Ledger } from './ledger';
import { SMALL_STATE_BYTES } from './limits';
import { SparseMap } from './sparse-map';
import { construct, fieldTrouble, overlay } from './state';
import type { Step } from './step';
import type { Wait, Waiter } from './wait';

/** What the core needs of the world (architecture §3): nothing but the end of a step's microtasks. */
export interface CoreEnvironment {
  /** Calls back once the microtask queue has drained (S4). */
  drain(done: () => void): void;
  /** Build id of the running code (S26a). */
  readonly build: string;
  /** Decides per step whether fields are compared with those at the end of the step before (S3, S9). */
  checked(): boolean;
  /** Where `log` of entity code goes; never called on replay. */
  log(key: EntityKey, level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void;
  readonly maxStateBytes: number;
  /** Caller-given ids of one sealed segment; SEGMENT_IDS when absent (S11). */
  readonly segmentIds?: number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Birth {
  readonly time: number;
  readonly seed: readonly [number, number];
}

export class Instance {
  object: object;
  readonly invocations = new SparseMap<number, Waiter>();
  /** Pending waits by effect number, in creation order. */
  readonly waits = new SparseMap<number, Wait>();
  /** The pending waits that are conditions, in creation order. */
  readonly conditions = new SparseMap<number, Wait>();
  holder: Waiter | null = null;
  step: Step | null = null;
  bytes: Uint8Array | null = null;
  /** A fault of code that ran outside its step; the next step fails with it (S3). */
  stray: DeterminismFault | null = null;
  /** Schema last named in the chain; null before the first. */
  recordedSchema: Schema | null = null;
  /** Fields may have changed since conditions were last found false. */
  conditionsStale = false;
  private ownSchema: Schema | null = null;
  /** Of the open turn; what it holds is no more than `bytes`. */
  private hashed: EncodedFields | null = null;

  constructor(
    readonly key: EntityKey,
    readonly definition: EntityDefinition,
    readonly environment: CoreEnvironment,
    readonly ledger: Ledger,
    fields: Uint8Array | null,
  ) {
    installCombinators();
    this.object = construct(definition, key, ledger.birth);
    if (fields !== null) overlay(this.object, definition, key, fields);
  }

  static newborn(key: EntityKey, definition: EntityDefinition, environment: CoreEnvironment, birth: Birth): Instance {
    return new Instance(key, definition, environment, new Ledger(birth), null);
  }

  /** As a snapshot has it (S24). */
  static restored(
    key: EntityKey,
    definition: EntityDefinition,
    environment: CoreEnvironment,
    ledger: Uint8Array,
    fields: Uint8Array,
  ): Instance {
    return new Instance(key, definition, environment, Ledger.fromImage(ledger), fields);
  }

  /** No invocation is parked: a snapshot is legal and the fields alone are the state (S24). */
  get quiet(): boolean {
    return this.invocations.size === 0;
  }

  get schema(): Schema {
    return (this.ownSchema ??= { fields: this.definition.fields, values: valueSchema() });
  }

  strayed(fault: DeterminismFault): void {
    this.stray ??= fault;
  }

  /** The encoded fields; the same byte string as long as they are equal. */
  encode(): Uint8Array {
    this.bytes = encodeFieldBytes(this.object, this.definition.fields, this.bytes);
    return this.bytes;
  }

  /** The fields are not those of `before`, or cannot be encoded, or are not the class's. */
  changedSince(before: Uint8Array): boolean {
    const { object, definition } = this;
    if (fieldTrouble(object, definition) !== null) return true;
    try {
      return encodeFieldBytes(object, definition.fields, before) !== before;
    } catch {
      return true;
    }
  }

  /** After a step: as `encode`, and small state is hashed on the way, for the digest of the turn (S25). */
  encodeStep(): Uint8Array {
    if (this.bytes === null || this.bytes.length > SMALL_STATE_BYTES) return this.encode();
    this.hashed = this.encodeWithHashes();
    return (this.bytes = this.hashed.bytes);
  }

  encodeWithHashes(): EncodedFields {
    return encodeFields(this.object, this.definition.fields);
  }

  /** As the last step left the fields (S25). */
  hashes(): FieldHashes {
    const { hashed } = this;
    this.hashed = null;
    return hashed !== null && hashed.bytes === this.bytes ? hashed.hashes : this.encodeWithHashes().hashes;
  }

  /** Puts the fields back to what `bytes` says; legal only while quiet, for nobody else holds the object then (S17). */
  reset(bytes: Uint8Array): void {
    assert(this.quiet, 'fields are put back only while no invocation is parked (S17)');
    const left = this.object as Record<string, unknown>;
    this.object = construct(this.definition, this.key, this.ledger.birth);
    overlay(this.object, this.definition, this.key, bytes);
    const last = isPlanted('undo-forgets-field') ? this.definition.fields.at(-1) : undefined;
    if (last !== undefined) (this.object as Record<string, unknown>)[last] = left[last];
    this.bytes = bytes;
  }

  addWait(wait: Wait): void {
    this.waits.set(wait.effect, wait);
    if (wait.predicate !== null) {
      this.conditions.set(wait.effect, wait);
      this.conditionsStale = true;
    }
  }

  removeWait(effect: number): Wait | null {
    const wait = this.waits.get(effect);
    if (wait === undefined) return null;
    this.waits.delete(effect);
    this.conditions.delete(effect);
    const at = wait.owner.waits.indexOf(wait);
    if (at >= 0) wait.owner.waits.splice(at, 1);
    return wait;
  }

  /** The wait that an input would settle; null when nobody waits for it. */
  waitFor(input: Input): Wait | null {
    switch (input.kind) {
      case 'activity':
      case 'condition':
        return this.waits.get(input.effect) ?? null;
      case 'timer':
        return this.waits.get(input.effect) ?? this.timeoutWait(input.effect);
      case 'promise':
        return this.promiseWait(input.name);
      default:
        return null;
    }
  }

  /** The condition that a timeout's timer ends. */
  timeoutWait(timer: number): Wait | null {
    for (const wait of this.conditions.values()) if (wait.timeout === timer) return wait;
    return null;
  }

  /** The wait that an early completion of a named promise would settle: the oldest. */
  promiseWait(name: string): Wait | null {
    for (const wait of this.waits.values())
      if (wait.kind === 'promise' && wait.label === `promise ${name}`) return wait;
    return null;
  }
}

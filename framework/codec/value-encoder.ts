/**
 * Value encoder: a value of entity code to bytes, or a refusal that names where and why.
 *
 * Owns: what can be kept (api.md, "Values that survive") and its layout. Does not own: reading back (`value-decoder`).
 *
 * Invariants: shared references and cycles are kept; a container (any object) is written once and referred to by its
 * ordinal in the field that first held it, so no other field's bytes change when an unrelated field goes. No user code
 * runs: accessors are refused before they are read. Plain objects of another realm count as plain.
 */

import { PerdureError } from '../errors';
import {
  MAX_BIGINT_BYTES,
  MAX_DEPTH,
  SHORT_INTEGER,
  SHORT_INTEGER_LIMIT,
  SHORT_STRING,
  SHORT_STRING_LENGTH,
  TAG,
} from './tags';
import { mapKeyStep, mapValueStep, pathText, setItemStep } from './value-path';
import type { PathStep } from './value-path';
import { valueTypeByPrototype } from './value-types';
import { ByteWriter } from './writer';

export interface EncodeOptions {
  /** `plain` writes instances of unregistered classes as plain objects of their own fields. */
  readonly classes?: 'registered' | 'plain';
  /** Names of objects in sorted order: equal content then has equal bytes, whatever the order it was made in. */
  readonly sortKeys?: boolean;
  /** What a refusal calls the value; `value` when not given. */
  readonly path?: string;
}

/** Up to this many containers are searched one by one; more are indexed. */
const SCAN_LIMIT = 24;

export class ValueEncoder {
  readonly out = new ByteWriter();
  private plainClasses = false;
  private sortKeys = false;
  private root = '';
  private rootName = '';
  /** Containers in the order they were begun, over all fields. */
  private readonly seen: (object | null)[] = [];
  private seenCount = 0;
  private ordinals: Map<object, number> | null = null;
  private readonly fields: string[] = [];
  private fieldCount = 0;
  /** Index in `seen` of the first container of each field. */
  private readonly starts: number[] = [];
  /** The step that led into each depth. */
  private readonly steps: PathStep[] = [];
  /** Names of the `@Value` classes met, when somebody asks. */
  met: Set<string> | null = null;

  begin(options: EncodeOptions): void {
    this.plainClasses = options.classes === 'plain';
    this.sortKeys = options.sortKeys === true;
    this.root = options.path ?? 'value';
    this.rootName = '';
  }

  /** Forgets everything about the values written, so that they can be collected. */
  end(): void {
    this.out.reset();
    if (this.ordinals === null) {
      for (let i = 0; i < this.seenCount; i++) this.seen[i] = null;
    } else {
      this.seen.length = 0;
      this.ordinals = null;
    }
    this.seenCount = 0;
    this.fieldCount = 0;
    this.met = null;
  }

  /** One value by itself, or one field: `name` is what references from later fields say. */
  field(name: string, value: unknown): void {
    this.fields[this.fieldCount] = name;
    this.starts[this.fieldCount++] = this.seenCount;
    this.write(value, 0);
  }

  /** What refusals call the next value: the two parts together, joined only when there is one. */
  setRoot(prefix: string, name: string): void {
    this.root = prefix;
    this.rootName = name;
  }

  private write(value: unknown, depth: number): void {
    const { out } = this;
    switch (typeof value) {
      case 'number':
        return this.number(value);
      case 'string':
        return this.string(value, depth);
      case 'boolean':
        return out.u8(value ? TAG.true : TAG.false);
      case 'undefined':
        return out.u8(TAG.undefined);
      case 'object':
        return value === null ? out.u8(TAG.null) : this.container(value, depth);
      case 'bigint':
        return this.bigint(value, depth);
      default:
        throw this.refusal(depth, `is a ${typeof value}`, 'keep it in an activity, or keep the data it is made from');
    }
  }

  private number(value: number): void {
    const { out } = this;
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      out.u8(TAG.float);
      return out.f64(value);
    }
    if (value < 0) {
      out.u8(TAG.negative);
      return out.varint(-value);
    }
    if (value < SHORT_INTEGER_LIMIT) return out.u8(SHORT_INTEGER + value);
    out.u8(TAG.integer);
    out.varint(value);
  }

  private string(text: string, depth: number): void {
    const { out } = this;
    const { length } = text;
    if (length < SHORT_STRING_LENGTH) {
      out.reserve(length + 1);
      if (out.ascii(text, out.at + 1)) {
        out.bytes[out.at] = SHORT_STRING + length;
        out.at += length + 1;
        return;
      }
    }
    if (!text.isWellFormed()) throw this.loneSurrogate(depth);
    const count = Buffer.byteLength(text);
    if (count < SHORT_STRING_LENGTH) {
      out.u8(SHORT_STRING + count);
    } else {
      out.u8(TAG.string);
      out.varint(count);
    }
    out.utf8(text, count);
  }

  private bigint(value: bigint, depth: number): void {
    const { out } = this;
    let hex = (value < 0n ? -value : value).toString(16);
    if (hex.length % 2 === 1) hex = `0${hex}`;
    const count = hex.length / 2;
    if (count > MAX_BIGINT_BYTES) {
      throw this.refusal(depth, `is a bigint of ${count} bytes`, `at most ${MAX_BIGINT_BYTES} are kept`);
    }
    out.u8(value < 0n ? TAG.negativeBigint : TAG.bigint);
    out.varint(count);
    out.reserve(count);
    for (let i = 0; i < hex.length; i += 2) out.u8(parseInt(hex.slice(i, i + 2), 16));
  }

  private container(value: object, depth: number): void {
    if (this.back(value)) return;
    if (depth >= MAX_DEPTH) throw this.refusal(depth, `is nested ${MAX_DEPTH} deep`, 'keep it flatter');
    this.remember(value);
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype) {
      this.out.u8(TAG.object);
    } else if (Array.isArray(value)) {
      return this.array(value, prototype, depth);
    } else if (prototype === null) {
      this.out.u8(TAG.objectWithoutPrototype);
    } else {
      const type = valueTypeByPrototype(prototype);
      if (type !== undefined) {
        this.met?.add(type.name);
        this.out.u8(TAG.instance);
        this.out.string(type.name);
      } else if (isObjectPrototype(prototype)) {
        this.out.u8(TAG.object);
      } else {
        return this.builtin(value, prototype, depth);
      }
    }
    this.properties(value, depth);
  }

  private array(items: readonly unknown[], prototype: object | null, depth: number): void {
    if (prototype === null || (prototype !== Array.prototype && builtinName(prototype) !== 'Array'))
      throw this.subclass(items, depth);
    this.out.u8(TAG.array);
    this.out.varint(items.length);
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      this.steps[depth] = i;
      if (item === undefined && !Object.hasOwn(items, i)) {
        throw this.refusal(depth + 1, 'is a hole of a sparse array', 'fill it with undefined or null');
      }
      this.write(item, depth + 1);
    }
  }

  private properties(value: object, depth: number): void {
    const keys = Object.keys(value);
    if (this.sortKeys) keys.sort();
    if (Object.getOwnPropertySymbols(value).length > 0) {
      throw this.refusal(depth, 'has a symbol for a property name', 'use a string');
    }
    this.out.varint(keys.length);
    for (const key of keys) {
      this.steps[depth] = key;
      const property = Object.getOwnPropertyDescriptor(value, key)!;
      if (property.get !== undefined || property.set !== undefined) {
        throw this.refusal(depth + 1, 'is an accessor', 'keep its value in a field');
      }
      if (!this.out.string(key)) throw this.loneSurrogate(depth + 1);
      this.write(property.value, depth + 1);
    }
  }

  private builtin(value: object, prototype: object, depth: number): void {
    if (ArrayBuffer.isView(value)) return this.byteArray(value, prototype, depth);
    const name = builtinName(prototype);
    if (name === 'Date' && isDate(value)) return this.date(value, depth);
    if (name === 'Map' && isMap(value)) return this.map(value, depth);
    if (name === 'Set' && isSet(value)) return this.set(value, depth);
    if (this.plainClasses && Object.prototype.toString.call(value) === '[object Object]') {
      this.out.u8(TAG.object);
      return this.properties(value, depth);
    }
    throw this.subclass(value, depth);
  }

  private map(entries: ReadonlyMap<unknown, unknown>, depth: number): void {
    this.refuseExtras(entries, depth);
    this.out.u8(TAG.map);
    this.out.varint(entries.size);
    let i = 0;
    for (const [key, value] of entries) {
      this.steps[depth] = mapKeyStep(i);
      this.write(key, depth + 1);
      this.steps[depth] = mapValueStep(i++);
      this.write(value, depth + 1);
    }
  }

  private set(items: ReadonlySet<unknown>, depth: number): void {
    this.refuseExtras(items, depth);
    this.out.u8(TAG.set);
    this.out.varint(items.size);
    let i = 0;
    for (const item of items) {
      this.steps[depth] = setItemStep(i++);
      this.write(item, depth + 1);
    }
  }

  private date(date: Date, depth: number): void {
    this.refuseExtras(date, depth);
    const time = Date.prototype.getTime.call(date);
    if (Number.isNaN(time)) return this.out.u8(TAG.dateInvalid);
    this.out.u8(time < 0 ? TAG.dateBeforeEpoch : TAG.date);
    this.out.varint(Math.abs(time));
  }

  private byteArray(value: ArrayBufferView, prototype: object, depth: number): void {
    const name = (prototype as { constructor?: { name?: unknown } }).constructor?.name;
    if (
      Object.prototype.toString.call(value) !== '[object Uint8Array]' ||
      (name !== 'Uint8Array' && name !== 'Buffer' && name !== 'FastBuffer')
    ) {
      throw this.refusal(depth, `is a ${String(name)}`, 'keep its bytes in a Uint8Array');
    }
    this.out.u8(TAG.bytes);
    this.out.blob(value as Uint8Array);
  }

  private refuseExtras(value: object, depth: number): void {
    if (Object.keys(value).length === 0) return;
    throw this.refusal(depth, `is a ${className(value)} with properties of its own`, 'keep them in fields');
  }

  /** Writes a reference when `value` was written before. */
  private back(value: object): boolean {
    const index = this.find(value);
    if (index < 0) return false;
    let field = this.fieldCount - 1;
    const own = index >= this.starts[field]!;
    while (this.starts[field]! > index) field--;
    this.out.u8(own ? TAG.back : TAG.backToField);
    if (!own) this.out.string(this.fields[field]!);
    this.out.varint(index - this.starts[field]!);
    return true;
  }

  private find(value: object): number {
    if (this.ordinals !== null) return this.ordinals.get(value) ?? -1;
    for (let i = this.seenCount - 1; i >= 0; i--) if (this.seen[i] === value) return i;
    return -1;
  }

  private remember(value: object): void {
    const index = this.seenCount++;
    if (this.ordinals !== null) {
      this.ordinals.set(value, index);
    } else if (index < SCAN_LIMIT) {
      this.seen[index] = value;
    } else {
      this.ordinals = new Map(this.seen.map((earlier, ordinal) => [earlier!, ordinal]));
      this.ordinals.set(value, index);
    }
  }

  private subclass(value: object, depth: number): PerdureError {
    const name = className(value);
    return this.refusal(
      depth,
      `is an instance of ${name}`,
      `mark the class @Value('…'), copy it with {...x}, or keep it in an activity`,
    );
  }

  private loneSurrogate(depth: number): PerdureError {
    return this.refusal(depth, 'is not well-formed Unicode', 'remove the lone surrogate');
  }

  private refusal(depth: number, fact: string, remedy: string): PerdureError {
    const where = pathText(this.root + this.rootName, this.steps.slice(0, depth));
    return new PerdureError('invalid_argument', `${where} ${fact} and cannot be kept: ${remedy}`);
  }
}

/** True for `Object.prototype` of any realm. */
function isObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** Name of the built-in class, of any realm, whose prototype this is; empty for a subclass, even of that name. */
function builtinName(prototype: object): string {
  if (prototype === Date.prototype) return 'Date';
  if (prototype === Map.prototype) return 'Map';
  if (prototype === Set.prototype) return 'Set';
  const parent = Object.getPrototypeOf(prototype) as object | null;
  return parent !== null && isObjectPrototype(parent) ? className(prototype) : '';
}

function className(value: object): string {
  const ctor = (value as { constructor?: unknown }).constructor;
  return typeof ctor === 'function' && ctor.name !== '' ? ctor.name : 'an unnamed class';
}

const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, 'size')!.get!;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, 'size')!.get!;

const isMap = (value: object): value is Map<unknown, unknown> => hasSlot(() => mapSize.call(value) as number);
const isSet = (value: object): value is Set<unknown> => hasSlot(() => setSize.call(value) as number);
const isDate = (value: object): value is Date => hasSlot(() => Date.prototype.getTime.call(value));

/** Internal slots, unlike names and tags, cannot be forged, and they are the same in every realm. */
function hasSlot(read: () => number): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

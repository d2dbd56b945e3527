/**
 * Value decoder: bytes of `value-encoder` back to a value.
 *
 * Owns: the checks that make hostile bytes harmless: counts against the bytes left, depth, references to earlier
 * containers only. Does not own: primitives (`reader`).
 *
 * Invariants: a name never sets a prototype; an instance has its initialisers' values first and the stored ones over
 * them (S28); a stored field that its class lacks is a divergence, unless `@Was` or `@Dropped` covers it.
 */

import { PerdureError } from '../errors';
import { ByteReader, corrupt } from './reader';
import { MAX_BIGINT_BYTES, MAX_DEPTH, SHORT_INTEGER, SHORT_STRING, TAG } from './tags';
import { mapKeyStep, mapValueStep, pathText, setItemStep } from './value-path';
import type { PathStep } from './value-path';
import { instantiate, isConstructible, valueTypeNamed } from './value-types';

/** Latest and earliest instant a Date can hold, in milliseconds from the epoch. */
const MAX_DATE = 8.64e15;

export class ValueDecoder {
  readonly in: ByteReader;
  /** Containers of the present field, in the order they began. */
  private containers: object[] = [];
  private readonly earlier = new Map<string, object[]>();
  private readonly steps: PathStep[] = [];

  constructor(
    bytes: Uint8Array,
    private root: string,
  ) {
    this.in = new ByteReader(bytes);
  }

  /** The next value, as one field; `path` is what errors call it. */
  field(name: string, path: string): unknown {
    this.root = path;
    this.containers = [];
    this.earlier.set(name, this.containers);
    return this.read(0);
  }

  read(depth: number): unknown {
    const tag = this.in.u8();
    if (tag >= SHORT_INTEGER) return tag - SHORT_INTEGER;
    if (tag >= SHORT_STRING) return this.in.utf8(tag - SHORT_STRING);
    switch (tag) {
      case TAG.undefined:
        return undefined;
      case TAG.null:
        return null;
      case TAG.false:
        return false;
      case TAG.true:
        return true;
      case TAG.float:
        return this.in.f64();
      case TAG.integer:
        return this.in.varint();
      case TAG.negative:
        return -this.in.varint();
      case TAG.bigint:
        return this.bigint();
      case TAG.negativeBigint:
        return -this.bigint();
      case TAG.string:
        return this.in.string();
      default:
        return this.container(tag, depth);
    }
  }

  private container(tag: number, depth: number): unknown {
    if (depth >= MAX_DEPTH) throw corrupt(`${pathText(this.root, this.steps.slice(0, depth))} is nested too deep`);
    switch (tag) {
      case TAG.date:
        return this.date(this.in.varint());
      case TAG.dateBeforeEpoch:
        return this.date(-this.in.varint());
      case TAG.dateInvalid:
        return this.begin(new Date(NaN));
      case TAG.map:
        return this.map(depth);
      case TAG.set:
        return this.set(depth);
      case TAG.bytes:
        return this.begin(this.in.blob().slice());
      case TAG.array:
        return this.array(depth);
      case TAG.object:
        return this.properties(this.begin({}), depth);
      case TAG.objectWithoutPrototype:
        return this.properties(this.begin(Object.create(null) as object), depth);
      case TAG.instance:
        return this.instance(depth);
      case TAG.back:
        return this.back(this.containers);
      case TAG.backToField:
        return this.back(this.earlier.get(this.in.string()) ?? []);
      default:
        throw corrupt(`unknown tag ${tag} at byte ${this.in.at - 1}`);
    }
  }

  private begin<T extends object>(container: T): T {
    this.containers.push(container);
    return container;
  }

  private back(containers: readonly object[]): object {
    const container = containers[this.in.varint()];
    if (container === undefined) throw corrupt(`a reference before byte ${this.in.at} leads nowhere`);
    return container;
  }

  private bigint(): bigint {
    const bytes = this.in.blob();
    if (bytes.length > MAX_BIGINT_BYTES) throw corrupt(`a bigint of ${bytes.length} bytes`);
    let hex = '0x0';
    for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
    return BigInt(hex);
  }

  private date(time: number): Date {
    if (Math.abs(time) > MAX_DATE) throw corrupt(`a date out of range before byte ${this.in.at}`);
    return this.begin(new Date(time));
  }

  private map(depth: number): Map<unknown, unknown> {
    const count = this.in.count(2);
    const map = this.begin(new Map<unknown, unknown>());
    for (let i = 0; i < count; i++) {
      this.steps[depth] = mapKeyStep(i);
      const key = this.read(depth + 1);
      this.steps[depth] = mapValueStep(i);
      map.set(key, this.read(depth + 1));
    }
    return map;
  }

  private set(depth: number): Set<unknown> {
    const count = this.in.count(1);
    const set = this.begin(new Set<unknown>());
    for (let i = 0; i < count; i++) {
      this.steps[depth] = setItemStep(i);
      set.add(this.read(depth + 1));
    }
    return set;
  }

  private array(depth: number): unknown[] {
    const count = this.in.count(1);
    const array = this.begin<unknown[]>([]);
    for (let i = 0; i < count; i++) {
      this.steps[depth] = i;
      array.push(this.read(depth + 1));
    }
    return array;
  }

  private properties(object: object, depth: number): object {
    const count = this.in.count(2);
    for (let i = 0; i < count; i++) {
      const key = this.in.string();
      this.steps[depth] = key;
      assign(object, key, this.read(depth + 1));
    }
    return object;
  }

  private instance(depth: number): object {
    const name = this.in.string();
    const type = valueTypeNamed(name);
    if (type === undefined) {
      throw this.divergence(depth, `is a @Value('${name}'), which no class of this build has`, 'mark one');
    }
    const checked = isConstructible(type);
    const instance = this.begin(instantiate(type));
    const count = this.in.count(2);
    for (let i = 0; i < count; i++) {
      const stored = this.in.string();
      this.steps[depth] = stored;
      const value = this.read(depth + 1);
      if (type.dropped.has(stored)) continue;
      const key = type.was.get(stored) ?? stored;
      if (checked && !Object.hasOwn(instance, key)) {
        const fact = `is stored, but class ${type.ctor.name} of @Value('${name}') lacks it`;
        throw this.divergence(
          depth + 1,
          fact,
          `declare it, or cover it with @Was('${stored}') or @Dropped('${stored}')`,
        );
      }
      define(instance, key, value);
    }
    return instance;
  }

  private divergence(depth: number, fact: string, remedy: string): PerdureError {
    const where = pathText(this.root, this.steps.slice(0, depth));
    return new PerdureError('internal', `${where} ${fact}: ${remedy}`, { reason: 'divergence' });
  }
}

/** `__proto__` is the one name whose assignment would not make a property of a plain object. */
function assign(object: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    define(object, key, value);
  } else {
    (object as Record<string, unknown>)[key] = value;
  }
}

function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * Value types: the classes marked `@Value('name')`, held under one global symbol so that two copies of the package
 * in one process share them.
 *
 * Owns: lookups by name and by prototype, and the stored fields of each class (S25). Does not own: the decorator
 * (`model/decorators`), the bytes (`value`).
 *
 * Invariants: a later registration of a name wins for decoding (a module loaded twice, a newer build under test);
 * instances of every class ever registered can be encoded.
 */

import { PerdureError } from '../errors';

export type ValueClass = abstract new (...args: never[]) => object;

export interface FieldChanges {
  /** Old name of a stored field → its present name (`@Was`). */
  readonly was?: Readonly<Record<string, string>>;
  /** Stored fields that are left out (`@Dropped`). */
  readonly dropped?: readonly string[];
}

export interface ValueType {
  readonly name: string;
  readonly ctor: ValueClass;
  readonly was: ReadonlyMap<string, string>;
  readonly dropped: ReadonlySet<string>;
}

interface Values {
  readonly byName: Map<string, ValueType>;
  readonly byPrototype: Map<object, ValueType>;
  /** Null until it is asked for again after a registration. */
  schema: Record<string, string[]> | null;
}

const KEY = Symbol.for('perdure.values');

const held = globalThis as { [KEY]?: Values };
const values: Values = (held[KEY] ??= { byName: new Map(), byPrototype: new Map(), schema: null });

export function registerValueType(name: string, ctor: ValueClass, changes: FieldChanges = {}): void {
  if (name.length === 0 || !name.isWellFormed()) {
    throw new PerdureError('invalid_argument', `@Value of class ${ctor.name} needs a name: @Value('money')`);
  }
  const { was = {}, dropped = [] } = changes;
  const type: ValueType = { name, ctor, was: new Map(Object.entries(was)), dropped: new Set(dropped) };
  values.byName.set(name, type);
  values.byPrototype.set(prototypeOf(ctor), type);
  values.schema = null;
}

export function valueTypeNamed(name: string): ValueType | undefined {
  return values.byName.get(name);
}

export function valueTypeOf(ctor: ValueClass): ValueType | undefined {
  return values.byPrototype.get(prototypeOf(ctor));
}

/** The type whose instances have exactly this prototype; a subclass is a class of its own. */
export function valueTypeByPrototype(prototype: object): ValueType | undefined {
  return values.byPrototype.get(prototype);
}

/** True when decoding constructs the class with `new`; else the prototype is set and no initialiser runs. */
export function isConstructible(type: ValueType): boolean {
  return type.ctor.length === 0;
}

/** A new instance with its initialisers' values, or, for a class with parameters, an empty one. */
export function instantiate(type: ValueType): object {
  if (!isConstructible(type)) return Object.create(prototypeOf(type.ctor)) as object;
  try {
    return Reflect.construct(type.ctor, []) as object;
  } catch (error) {
    const fact = `@Value('${type.name}'): the constructor of class ${type.ctor.name} threw when called without arguments`;
    throw new PerdureError('invalid_argument', `${fact}: give it no work to do, or parameters`, { cause: error });
  }
}

/** Sorted fields of each constructible class by its name (S25), names sorted. Cached until the next registration. */
export function valueSchema(): Record<string, string[]> {
  if (values.schema !== null) return values.schema;
  const constructible = [...values.byName.values()].filter(isConstructible);
  const lists = constructible.map((type) => [type.name, Object.keys(instantiate(type)).sort()] as const);
  return (values.schema = Object.fromEntries(lists.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function prototypeOf(ctor: ValueClass): object {
  return ctor.prototype as object;
}

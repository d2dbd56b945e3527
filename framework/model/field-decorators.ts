/**
 * Field decorators: what an author says about fields, and about classes whose instances are kept in fields.
 *
 * Owns: `@Indexed`, `@Was`, `@Dropped`, `@Value`, `@Nested`. Does not own: whether they fit the class (`fields`).
 */

import { registerValueType, valueTypeOf } from '../codec/value-types';
import { PerdureError } from '../errors';
import type { ArgType } from './arg-type';
import type { ClassDeclaration, IndexKind } from './declaration';
import { declare } from './declaration';
import { refuseStandard } from './legacy';

interface IndexedValues {
  keyword: string;
  int: number;
  double: number;
  bool: boolean;
  time: Date;
}

/** The field's type must be the index's; what cannot be seen here (a protected field) is checked at registration. */
type Fits<T, P extends string, V> = P extends keyof T
  ? [Exclude<T[P], null | undefined>] extends [V]
    ? unknown
    : { readonly 'the field has another type than the index': V }
  : unknown;

const INDEX_KINDS: ReadonlySet<string> = new Set<IndexKind>(['keyword', 'int', 'double', 'bool', 'time']);

/** Makes a field searchable by `list` and `count`; null and undefined are not indexed. At most 1 KiB for a keyword. */
export function Indexed<K extends IndexKind>(
  kind: K,
): <T extends object, P extends string>(target: T & Fits<T, P, IndexedValues[K]>, field: P) => void {
  return (target, field) => {
    const { declared, where } = fieldOf('@Indexed', target, field);
    if (!INDEX_KINDS.has(kind)) {
      throw new PerdureError(
        'invalid_argument',
        `@Indexed('${String(kind)}') ${where} has an unknown kind: use ${[...INDEX_KINDS].join(', ')}`,
      );
    }
    declared.indexed.set(field, kind);
  };
}

/** The field was stored under `old` before (S28). May be given several times for several names. */
export function Was(old: string): (target: object, field: string) => void {
  return (target, field) => {
    const { declared, where } = fieldOf('@Was', target, field);
    const other = declared.was.get(old);
    if (other !== undefined) {
      throw new PerdureError('invalid_argument', `@Was('${old}') ${where} is claimed by ${other} already: keep one`);
    }
    declared.was.set(old, field);
  };
}

/** Class decorator: fields that old snapshots hold and the class no longer has (S28). */
export function Dropped(...old: readonly string[]): (ctor: abstract new (...args: never[]) => object) => void {
  return (ctor, ...more: unknown[]) => {
    refuseStandard('@Dropped', more[0]);
    const declared = declare(ctor);
    for (const name of old) declared.dropped.add(name);
    const value = valueTypeOf(ctor);
    if (value) registerValueType(value.name, ctor, changesOf(declared));
  };
}

/**
 * Marks a class whose instances live in fields, arguments and results. `name` is stored with each: never change it.
 * Methods are kept by the class, own fields by the state.
 */
export function Value(name: string): (ctor: abstract new (...args: never[]) => object) => void {
  return (ctor, ...more: unknown[]) => {
    refuseStandard('@Value', more[0]);
    registerValueType(name, ctor, changesOf(declare(ctor)));
  };
}

/** A DTO's property that is itself a DTO: `@Nested(() => Line)`, `@Nested(() => [Line])`. */
export function Nested(type: () => ArgType): (target: object, property: string) => void {
  return (target, property) => {
    fieldOf('@Nested', target, property).declared.nested.set(property, type);
  };
}

function changesOf(declared: ClassDeclaration): { was: Record<string, string>; dropped: string[] } {
  return { was: Object.fromEntries(declared.was), dropped: [...declared.dropped] };
}

function fieldOf(word: string, target: object | undefined, field: string | symbol) {
  refuseStandard(word, field);
  const isStatic = typeof target === 'function';
  const ctor = isStatic ? target : (target?.constructor ?? Object);
  const where = `${ctor.name}.${String(field)}`;
  if (isStatic || typeof field === 'symbol') {
    throw new PerdureError(
      'invalid_argument',
      `${word} ${where} is no field of instances: decorate a named instance field`,
    );
  }
  return { declared: declare(ctor), where };
}

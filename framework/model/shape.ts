/**
 * Shape: what one argument may be, made once from an `ArgType` when a class is registered.
 *
 * Owns: primitives, built-in classes, arrays, alternatives, `@Value` classes. Does not own: DTO classes (`dto`).
 *
 * Invariants: `build` takes decoded values, which are plain, so a live object never passes it (S10); `revive` never
 * refuses and picks the alternative that `build` picked, because both go by property names alone.
 */

import { valueTypeOf } from '../codec/value-types';
import type { Any, ArgClass, ArgType, OneOf, Optional } from './arg-type';
import { dtoShape } from './dto';
import type { Shape } from './shape-type';
import { describe, Misfit, misfitAt, orNothing, refusal, tagOf } from './shape-type';

/** The shape of `type`. Throws `invalid_argument` when it says nothing; `where` names the argument. */
export function shapeOf(type: ArgType, where: string): Shape {
  if (type === null) return exactly('null', 'Null', (value) => value === null);
  if (typeof type === 'function') return classShape(type, where);
  if (Array.isArray(type)) return arrayShape(type as readonly ArgType[], where);
  const word = type as OneOf | Optional | Any | undefined;
  if (word?.perdure === 'any') return { name: 'anything', sort: 'any', optional: true, ...transparent };
  if (word?.perdure === 'optional') return orNothing(shapeOf(word.type, where));
  if (word?.perdure === 'oneOf') return oneOfShape(word, where);
  throw refusal(
    where,
    `has an unknown type (${describe(type)}): give a class, [Class], oneOf(…), optional(…), any() or null`,
  );
}

const transparent = {
  plain: true,
  score: () => 0,
  build: (value: unknown) => value,
  revive: (value: unknown) => value,
};

const BUILT_IN: Readonly<Record<string, (value: unknown) => boolean>> = {
  String: (value) => typeof value === 'string',
  Number: (value) => typeof value === 'number',
  Boolean: (value) => typeof value === 'boolean',
  BigInt: (value) => typeof value === 'bigint',
  Date: (value) => tagOf(value) === 'Date',
  Map: (value) => tagOf(value) === 'Map',
  Set: (value) => tagOf(value) === 'Set',
  Uint8Array: (value) => tagOf(value) === 'Uint8Array',
};

const NATIVE = /\{\s*\[native code\]\s*\}$/;
const SAYS_NOTHING = new Set(['Object', 'Array', 'Function']);

/** Built-in classes are known by name, not identity: a Jest realm has its own `Date`. */
function classShape(ctor: ArgClass | BigIntConstructor, where: string): Shape {
  const { name } = ctor;
  if (NATIVE.test(Function.prototype.toString.call(ctor))) {
    const check = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
    if (check) return exactly(`a ${name}`, name, check);
    const fact = SAYS_NOTHING.has(name)
      ? `is compiled to ${name}, which says nothing`
      : `is a ${name}, which is no argument type`;
    throw refusal(
      where,
      `${fact}: say what it is with args, as in @Signal({ args: [Trip, [Trip], oneOf(A, B), any()] })`,
    );
  }
  if (valueTypeOf(ctor as ArgClass)) {
    const { prototype } = ctor as ArgClass;
    return exactly(`a ${name}`, name, (value) =>
      Object.prototype.isPrototypeOf.call(prototype as object, value as object),
    );
  }
  return dtoShape(ctor as ArgClass, where, shapeOf);
}

function exactly(name: string, sort: string, check: (value: unknown) => boolean): Shape {
  return {
    ...transparent,
    name,
    sort,
    optional: false,
    score: (value) => (check(value) ? 0 : Infinity),
    build(value) {
      if (!check(value)) throw new Misfit(`must be ${name}, not ${describe(value)}`);
      return value;
    },
  };
}

function arrayShape(type: readonly ArgType[], where: string): Shape {
  if (type.length !== 1)
    throw refusal(where, `has an array type of ${type.length} elements: write [Line] for an array of lines`);
  const element = shapeOf(type[0]!, where);
  const name = `an array (of ${element.name})`;
  const shape: Shape = {
    name,
    sort: 'Array',
    optional: false,
    plain: element.plain,
    score: (value) => (Array.isArray(value) ? 0 : Infinity),
    build(value, seen) {
      if (!Array.isArray(value)) throw new Misfit(`must be ${name}, not ${describe(value)}`);
      return seen.once(value, shape, () => eachOf(value, (item) => element.build(item, seen)));
    },
    revive(value, revived) {
      if (element.plain || !Array.isArray(value)) return value;
      const known = revived.get(value);
      if (known) return known;
      const items: unknown[] = [];
      revived.set(value, items);
      for (const item of value) items.push(element.revive(item, revived));
      return items;
    },
  };
  return shape;
}

function eachOf(values: readonly unknown[], build: (item: unknown) => unknown): unknown[] {
  return values.map((item, index) => {
    try {
      return build(item);
    } catch (error) {
      throw misfitAt(`[${index}]`, error);
    }
  });
}

function oneOfShape({ types }: OneOf, where: string): Shape {
  const shapes = types.map((type) => shapeOf(type, where));
  if (shapes.length === 0) throw refusal(where, 'has oneOf() without alternatives: name at least one type');
  const sorts = new Set(shapes.map((shape) => shape.sort));
  if (sorts.size < shapes.length || sorts.has('any') || sorts.has('oneOf') || shapes.some((shape) => shape.optional)) {
    const fact = 'has alternatives that cannot be told apart when it is replayed';
    throw refusal(
      where,
      `${fact}: give each class a property that the others lack, at most one array, and put optional(…) and any() outside oneOf`,
    );
  }
  const name = shapes.map((shape) => shape.name).join(' or ');
  const choose = (value: unknown): Shape | undefined => {
    const scored = shapes.map((shape) => ({ shape, score: shape.score(value) }));
    const best = scored.reduce((least, next) => (next.score < least.score ? next : least));
    return best.score === Infinity ? undefined : best.shape;
  };
  return {
    name,
    sort: 'oneOf',
    optional: false,
    plain: shapes.every((shape) => shape.plain),
    score: (value) => Math.min(...shapes.map((shape) => shape.score(value))),
    build(value, seen) {
      const shape = choose(value);
      if (!shape) throw new Misfit(`must be ${name}, not ${describe(value)}`);
      return shape.build(value, seen);
    },
    revive: (value, revived) => choose(value)?.revive(value, revived) ?? value,
  };
}

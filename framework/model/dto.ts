/**
 * DTO: a class of plain properties that arrives as an argument.
 *
 * Owns: building an instance from a decoded object, giving a recorded object its prototype again (S10).
 * Does not own: its rules (`validation`), other argument types (`shape`).
 *
 * Invariants: only properties that the class declares with class-validator or `@Nested` are ever assigned; every
 * other is refused; the class's constructor runs on receipt only; a shared object stays shared.
 */

import type { ArgClass, ArgType } from './arg-type';
import { classChain, declarationOf } from './declaration';
import type { Revived, Seen, Shape } from './shape-type';
import { describe, isPlain, Misfit, misfitAt, refusal } from './shape-type';
import type { Rules } from './validation';
import { rulesOf } from './validation';

type ShapeOf = (type: ArgType, where: string) => Shape;
type Instance = Record<string, unknown>;

interface Property {
  readonly name: string;
  readonly nested: Shape | null;
  readonly conditional: boolean;
}

class DtoShape implements Shape {
  readonly name: string;
  readonly sort: string;
  readonly optional = false;
  readonly plain = false;
  /** Assigned once the shape is known, so that classes may name each other and themselves. */
  properties: readonly Property[] = [];

  constructor(
    private readonly ctor: new () => Instance,
    private readonly rules: Rules,
    private readonly names: ReadonlySet<string>,
    /** Makes an object of the class's prototype without running its constructor. */
    private readonly bare: new () => Instance = bareClass(ctor),
  ) {
    this.name = `a ${ctor.name}`;
    this.sort = `DTO ${[...names].sort().join(' ')}`;
  }

  /** Foreign properties weigh more than missing ones. */
  score(value: unknown): number {
    if (!isPlain(value)) return Infinity;
    const keys = Object.keys(value);
    const known = keys.filter((key) => this.names.has(key)).length;
    return (keys.length - known) * 1_000 + this.names.size - known;
  }

  build(value: unknown, seen: Seen): unknown {
    if (!isPlain(value)) throw new Misfit(`must be ${this.name}, not ${describe(value)}`);
    return seen.once(value, this, () => this.construct(value, seen));
  }

  revive(value: unknown, revived: Revived): unknown {
    if (!isPlain(value)) return value;
    const known = revived.get(value);
    if (known) return known;
    const dto = new this.bare();
    revived.set(value, dto);
    for (const key of Object.keys(value)) if (key !== '__proto__') dto[key] = value[key];
    for (const { name, nested } of this.properties) {
      if (nested && Object.hasOwn(value, name)) dto[name] = nested.revive(value[name], revived);
    }
    return dto;
  }

  private construct(value: Instance, seen: Seen): unknown {
    for (const key of Object.keys(value)) {
      if (this.names.has(key)) continue;
      throw new Misfit(`should not exist: ${this.ctor.name} declares no such property`, `.${key}`);
    }
    const dto = new this.ctor();
    for (const property of this.properties) {
      try {
        assign(dto, property, value, seen);
      } catch (error) {
        throw misfitAt(`.${property.name}`, error);
      }
    }
    const complaints = this.rules.complaints(dto);
    if (complaints !== '') throw new Misfit(`does not validate: ${complaints}`);
    return dto;
  }
}

/** A property left out keeps its initialiser's value; a nested one without any is required unless `@IsOptional`. */
function assign(dto: Instance, { name, nested, conditional }: Property, value: Instance, seen: Seen): void {
  const given = Object.hasOwn(value, name) ? value[name] : undefined;
  if (given === undefined && (conditional || dto[name] !== undefined)) return;
  if (given === null && conditional) dto[name] = null;
  else if (nested) dto[name] = nested.build(given, seen);
  else if (typeof given === 'object' && given !== null) dto[name] = seen.once(given, null, () => given);
  else if (given !== undefined) dto[name] = given;
}

const shapes = new WeakMap<object, DtoShape>();

/** The shape of a DTO class, made once. Throws `invalid_argument` when the class cannot be built or validated. */
export function dtoShape(ctor: ArgClass, where: string, shapeOf: ShapeOf): Shape {
  const known = shapes.get(ctor);
  if (known) return known;
  const rules = rulesOf(ctor, where);
  const nested = new Map(classChain(ctor).flatMap((one) => [...(declarationOf(one)?.nested ?? [])]));
  const names = new Set([...rules.names, ...nested.keys()]);
  checkClass(ctor, names, where);
  const shape = new DtoShape(ctor as unknown as new () => Instance, rules, names);
  shapes.set(ctor, shape);
  try {
    shape.properties = [...names].map((name) => {
      const at = `${where}, property ${ctor.name}.${name},`;
      const type = nested.get(name);
      rules.admit(name, type !== undefined, at);
      return { name, nested: type ? shapeOf(type(), at) : null, conditional: rules.isConditional(name) };
    });
  } catch (error) {
    shapes.delete(ctor);
    throw error;
  }
  return shape;
}

function checkClass(ctor: ArgClass, names: ReadonlySet<string>, where: string): void {
  const subject = `is a ${ctor.name}, whose`;
  if (names.size === 0) {
    const cure = 'decorate its properties with class-validator, or give args with any() to take it as it arrives';
    throw refusal(where, `${subject} properties carry no validation: ${cure}`);
  }
  const cure = `DTOs are built by new ${ctor.name}() and then assigned, so give them properties only`;
  if (ctor.length > 0) throw refusal(where, `${subject} constructor has parameters: ${cure}`);
  let probe: object;
  try {
    probe = Reflect.construct(ctor, []) as object;
  } catch (error) {
    throw refusal(where, `${subject} constructor threw (${String(error)}): ${cure}`, error);
  }
  const bare = Object.keys(probe).find((key) => !names.has(key));
  if (bare === undefined) return;
  throw refusal(
    where,
    `${subject} property ${bare} carries no validation: decorate it with class-validator, such as @Allow()`,
  );
}

function bareClass(ctor: new () => Instance): new () => Instance {
  function Bare() {}
  Bare.prototype = ctor.prototype as object;
  return Bare as unknown as new () => Instance;
}

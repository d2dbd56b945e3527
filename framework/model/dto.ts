/**
 * DTO: a class of plain properties that arrives as an argument.
 *
 * Owns: building an instance from a decoded object, validating it with class-validator, giving a recorded object its
 * prototype again (S10). Does not own: other argument types (`shape`).
 *
 * Invariants: only properties that the class declares with class-validator or `@Nested` are ever assigned; every
 * other is refused; constructors run on receipt only; class-validator, a peer dependency, is loaded with the first DTO.
 */

import type { MetadataStorage, ValidationError } from 'class-validator';
import type { ArgClass, ArgType } from './arg-type';
import { classChain, declarationOf } from './declaration';
import type { Seen, Shape } from './shape-type';
import { describe, isPlain, refusal } from './shape-type';

type ShapeOf = (type: ArgType, where: string) => Shape;
type ClassValidator = typeof import('class-validator');
type Rule = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];
type DtoClass = new () => Record<string, unknown>;

/** How many complaints one message lists. */
const MAX_COMPLAINTS = 5;
const VALIDATION = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };

interface Property {
  readonly name: string;
  readonly nested: Shape | null;
  /** `@IsOptional` or `@ValidateIf`: class-validator says whether undefined and null pass. */
  readonly conditional: boolean;
}

class DtoShape implements Shape {
  readonly name: string;
  sort = '';
  readonly optional = false;
  properties: readonly Property[] = [];
  private names: ReadonlySet<string> = new Set();

  constructor(
    private readonly ctor: DtoClass,
    private readonly validator: ClassValidator,
  ) {
    this.name = `a ${ctor.name}`;
  }

  /** Before nested shapes are made, so that classes may name each other in `oneOf`. */
  declare(names: ReadonlySet<string>): void {
    this.names = names;
    this.sort = `DTO ${[...names].sort().join(' ')}`;
  }

  /** Foreign properties weigh more than missing ones. */
  score(value: unknown): number {
    if (!isPlain(value)) return Infinity;
    const keys = Object.keys(value);
    const known = keys.filter((key) => this.names.has(key)).length;
    return (keys.length - known) * 1_000 + this.names.size - known;
  }

  build(value: unknown, path: string, seen: Seen): unknown {
    if (!isPlain(value)) throw refusal(path, `must be ${this.name}, not ${describe(value)}`);
    return seen.once(value, this, path, () => this.construct(value, path, seen));
  }

  revive(value: unknown): unknown {
    if (!isPlain(value)) return value;
    Object.setPrototypeOf(value, this.ctor.prototype as object);
    for (const { name, nested } of this.properties) {
      if (nested && Object.hasOwn(value, name)) value[name] = nested.revive(value[name]);
    }
    return value;
  }

  private construct(value: Record<string, unknown>, path: string, seen: Seen): unknown {
    for (const key of Object.keys(value)) {
      if (this.names.has(key)) continue;
      throw refusal(`${path}.${key}`, `should not exist: ${this.ctor.name} declares no such property`);
    }
    const dto = new this.ctor();
    for (const property of this.properties) this.assign(dto, property, value, path, seen);
    const errors = this.validator.validateSync(dto, VALIDATION);
    if (errors.length > 0) throw refusal(path, `does not validate: ${complaints(errors)}`);
    return dto;
  }

  /** A property left out keeps its initialiser's value; a nested one without any is required unless `@IsOptional`. */
  private assign(
    dto: Record<string, unknown>,
    property: Property,
    value: Record<string, unknown>,
    path: string,
    seen: Seen,
  ) {
    const { name, nested, conditional } = property;
    const at = `${path}.${name}`;
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    if (given === undefined && (conditional || dto[name] !== undefined)) return;
    if (given === null && conditional) dto[name] = null;
    else if (nested) dto[name] = nested.build(given, at, seen);
    else if (typeof given === 'object' && given !== null) dto[name] = seen.once(given, null, at, () => given);
    else if (given !== undefined) dto[name] = given;
  }
}

const shapes = new WeakMap<object, DtoShape>();

/** The shape of a DTO class, made once. Throws `invalid_argument` when the class cannot be built or validated. */
export function dtoShape(ctor: ArgClass, where: string, shapeOf: ShapeOf): Shape {
  const known = shapes.get(ctor);
  if (known) return known;
  const validator = loadClassValidator(ctor, where);
  const shape = new DtoShape(ctor as unknown as DtoClass, validator);
  shapes.set(ctor, shape);
  try {
    complete(shape, ctor, validator, where, shapeOf);
  } catch (error) {
    shapes.delete(ctor);
    throw error;
  }
  return shape;
}

function complete(shape: DtoShape, ctor: ArgClass, validator: ClassValidator, where: string, shapeOf: ShapeOf): void {
  const storage = validator.getMetadataStorage();
  const nested = nestedOf(ctor);
  const rules = storage.groupByPropertyName(storage.getTargetValidationMetadatas(ctor, '', false, false));
  const names = new Set([...Object.keys(rules), ...nested.keys()]);
  if (names.size === 0) {
    const cure = 'decorate its properties with class-validator, or give args with any() to take it as it arrives';
    throw refusal(where, `is a ${ctor.name}, whose properties carry no validation: ${cure}`);
  }
  if (ctor.length > 0) {
    const cure = `DTOs are built by new ${ctor.name}() and then assigned, so give them properties only`;
    throw refusal(where, `is a ${ctor.name}, whose constructor has parameters: ${cure}`);
  }
  shape.declare(names);
  shape.properties = [...names].map((name) => {
    const at = `${where}, property ${ctor.name}.${name},`;
    const found = rules[name] ?? [];
    const type = nested.get(name);
    checkRules(found, type !== undefined, storage, at);
    if (type && found.length === 0) validator.Allow()(ctor.prototype as object, name);
    const conditional = found.some((rule) => rule.type === 'conditionalValidation');
    return { name, nested: type ? shapeOf(type(), at) : null, conditional };
  });
}

function checkRules(rules: readonly Rule[], nested: boolean, storage: MetadataStorage, at: string): void {
  if (rules.some((rule) => rule.type === 'nestedValidation')) {
    const cure = nested
      ? 'remove it, for @Nested validates too'
      : 'use @Nested(() => Line) or @Nested(() => [Line]) instead';
    throw refusal(at, `has @ValidateNested, which does not say how to build it: ${cure}`);
  }
  for (const rule of rules) {
    if (!storage.getTargetValidatorConstraints(rule.constraintCls).some((constraint) => constraint.async)) continue;
    throw refusal(at, 'has an asynchronous validator, which would never be awaited: check it in the handler');
  }
}

function nestedOf(ctor: ArgClass): Map<string, () => ArgType> {
  return new Map(classChain(ctor).flatMap((one) => [...(declarationOf(one)?.nested ?? [])]));
}

function loadClassValidator(ctor: ArgClass, where: string): ClassValidator {
  try {
    return require('class-validator') as ClassValidator;
  } catch (error) {
    const cure = 'install the peer dependency class-validator, or give args with any()';
    throw refusal(
      where,
      `is a ${ctor.name}, which class-validator must validate, but it cannot be loaded: ${cure}`,
      error,
    );
  }
}

function complaints(errors: readonly ValidationError[]): string {
  const all = errors.flatMap((error) => Object.values(error.constraints ?? {}));
  const more = all.length > MAX_COMPLAINTS ? ` (and ${all.length - MAX_COMPLAINTS} more)` : '';
  return all.slice(0, MAX_COMPLAINTS).join('; ') + more;
}

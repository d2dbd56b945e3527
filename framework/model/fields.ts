/**
 * Fields: what a newly constructed entity holds, found by constructing one.
 *
 * Owns: the list of stored fields, and whether what decorators say about fields fits them (S28).
 * Does not own: which values survive (`codec/value`).
 *
 * Invariants: the instance is thrown away; initialisers meet time 0 and a constant for randomness, and a determinism
 * fault for everything else that a step's traps refuse (S21).
 */

import { encodeFields } from '../codec/fields';
import type { RunningStep } from '../core/running';
import { runSync } from '../core/running';
import { DeterminismFault } from '../errors';
import type { ClassFunction, IndexKind } from './declaration';
import { classChain, declarationOf } from './declaration';
import { describe, refusal, tagOf } from './shape-type';

export interface FieldDefinitions {
  /** Own field names of a newly constructed instance, sorted. */
  readonly fields: readonly string[];
  readonly indexed: ReadonlyMap<string, IndexKind>;
  /** Former field name to present one (S28). */
  readonly was: ReadonlyMap<string, string>;
  readonly dropped: ReadonlySet<string>;
}

export type EntityClass = new () => object;

const FITS: Readonly<Record<IndexKind, (value: unknown) => boolean>> = {
  keyword: (value) => typeof value === 'string',
  int: (value) => Number.isSafeInteger(value),
  double: (value) => typeof value === 'number',
  bool: (value) => typeof value === 'boolean',
  time: (value) => tagOf(value) === 'Date',
};

/** `handlers` are the names no field may take. Throws `invalid_argument`. */
export function fieldsOf(ctor: EntityClass, handlers: ReadonlySet<string>): FieldDefinitions {
  const probe = construct(ctor, ctor.name);
  const fields = ownFields(probe, ctor.name, handlers);
  checkDefineSemantics(ctor, fields);
  try {
    encodeFields(probe, fields);
  } catch (error) {
    throw refusal(`class ${ctor.name}`, `has a field that cannot be stored: ${(error as Error).message}`, error);
  }
  return { fields, ...declaredFields(ctor, probe, new Set(fields)) };
}

const PROBE_STEP: RunningStep = {
  now: () => 0,
  random: () => 0.5,
  fault: (what, cure) => new DeterminismFault(`${what}: ${cure}`),
  muted: true,
};

function construct(ctor: EntityClass, name: string): Record<string, unknown> {
  try {
    return runSync(PROBE_STEP, () => new ctor()) as Record<string, unknown>;
  } catch (error) {
    const cure = 'initialisers may compute values only; move effects into a handler or run()';
    throw refusal(`class ${name}`, `threw when constructed without arguments (${String(error)}): ${cure}`, error);
  }
}

function ownFields(probe: object, name: string, handlers: ReadonlySet<string>): string[] {
  const fields: string[] = [];
  for (const key of Reflect.ownKeys(probe)) {
    const where = `${name}.${String(key)}`;
    if (typeof key === 'symbol')
      throw refusal(where, 'is a field named by a symbol, which cannot be stored: use a name');
    if (key === '__proto__') throw refusal(where, 'is a field that would replace the prototype: rename it');
    if (handlers.has(key)) throw refusal(where, 'is a field that hides a method of that name: rename the field');
    if (Object.getOwnPropertyDescriptor(probe, key)?.get)
      throw refusal(where, 'is an accessor of its own: use a plain field');
    fields.push(key);
  }
  return fields.sort();
}

/** With `useDefineForClassFields: false` an initialiser is an assignment, which a setter of a subclass sees. */
function checkDefineSemantics(ctor: EntityClass, fields: readonly string[]): void {
  const assigned = new Set<string>();
  class Probe extends ctor {}
  for (const field of fields) {
    Object.defineProperty(Probe.prototype, field, {
      configurable: true,
      get: () => undefined,
      set: () => assigned.add(field),
    });
  }
  construct(Probe, ctor.name);
  if (assigned.size === 0) return;
  const cure = 'set it to true (extend perdure/tsconfig.json), and declare every field in the class';
  const fact = 'is assigned, not defined, by the constructor, as with useDefineForClassFields: false';
  throw refusal(`${ctor.name}.${[...assigned][0]}`, `${fact}: ${cure}`);
}

function declaredFields(
  ctor: ClassFunction,
  probe: Record<string, unknown>,
  present: ReadonlySet<string>,
): Omit<FieldDefinitions, 'fields'> {
  const indexed = new Map<string, IndexKind>();
  const was = new Map<string, string>();
  const dropped = new Set<string>();
  for (const declared of classChain(ctor).map(declarationOf)) {
    if (!declared) continue;
    declared.dropped.forEach((name) => dropped.add(name));
    for (const [field, kind] of declared.indexed) indexed.set(field, kind);
    for (const [old, field] of declared.was) {
      const other = was.get(old);
      if (other !== undefined && other !== field) {
        throw refusal(`@Was('${old}') ${ctor.name}.${field}`, `is claimed by ${other} already: keep one`);
      }
      was.set(old, field);
    }
  }
  for (const [field, kind] of indexed)
    checkIndexed(`@Indexed('${kind}') ${ctor.name}.${field}`, present.has(field), kind, probe[field]);
  for (const [old, field] of was) {
    const where = `@Was('${old}') ${ctor.name}.${field}`;
    if (!present.has(field)) throw refusal(where, 'stands on no field of a new instance: decorate the new field');
    if (present.has(old))
      throw refusal(where, `names a field that the class still has: remove ${old} or the decorator`);
    if (dropped.has(old)) throw refusal(where, `names a field that @Dropped names too: keep one`);
  }
  for (const old of dropped) {
    if (present.has(old))
      throw refusal(`@Dropped('${old}') ${ctor.name}`, 'names a field that the class still has: remove one');
  }
  return { indexed, was, dropped };
}

function checkIndexed(where: string, present: boolean, kind: IndexKind, value: unknown): void {
  if (!present) throw refusal(where, 'stands on no field of a new instance: give the field an initialiser');
  if (value === undefined || value === null || FITS[kind](value)) return;
  throw refusal(where, `does not fit its field, which begins as ${describe(value)}: choose another kind`);
}

/**
 * Definition: what an entity class declares, read once and checked.
 *
 * Owns: the shape every other module reads an entity class through.
 * Does not own: how it is declared (`decorators`), how arguments are built (`args`).
 *
 * Invariants: a definition is immutable; `fields`, `was` and `dropped` never overlap in a name (S28); all own fields
 * are visible, for `#private` fields are refused (S28).
 */

import type { PerdureError } from '../errors';
import type { ClassFunction, MethodKind } from './declaration';
import { classChain, declarationOf } from './declaration';
import type { EntityClass, FieldDefinitions } from './fields';
import { fieldsOf } from './fields';
import type { MethodDefinition } from './handlers';
import { handlersOf, methodNamed, runOf } from './handlers';
import { describe, refusal } from './shape-type';
import { hasConstructor, privateName } from './source-text';

export type { ArgsSchema } from './args';
export type { IndexKind, MethodKind } from './declaration';
export type { MethodDefinition } from './handlers';
export type { EntityClass } from './fields';

export interface EntityDefinition extends FieldDefinitions {
  /** 1 to 128 characters of `A-Z a-z 0-9 . _ -`. */
  readonly type: string;
  readonly ctor: EntityClass;
  readonly methods: ReadonlyMap<string, MethodDefinition>;
  /** The `@Every` methods, which are armed at birth and when a build brings them (S22). */
  readonly every: readonly MethodDefinition[];
  readonly hasRun: boolean;
  /** True when any method is marked `creates`: then every other method on an unknown id is `not_found` (S21). */
  readonly creates: boolean;
  /** Source text of the class and its bases, for the build id (S26a). */
  readonly source: string;
  /** What a completed entity does with further messages (S23). */
  readonly onCompleted: 'refuse';
}

const definitions = new WeakMap<object, EntityDefinition>();

/** Builds and checks the definition once. Throws `invalid_argument`: class or type, the fact, the cure. */
export function definitionOf(ctor: EntityClass): EntityDefinition {
  const known = definitions.get(ctor);
  if (known) return known;
  const type = typeof ctor === 'function' ? (declarationOf(ctor)?.entity ?? null) : null;
  if (type === null) {
    const name = typeof ctor === 'function' ? `class ${ctor.name}` : describe(ctor);
    throw refusal(name, "is not an entity: decorate the class with @Entity('type')");
  }
  const chain = classChain(ctor);
  const sources = chain.map((one) => Function.prototype.toString.call(one));
  checkChain(ctor, chain, sources);
  const methods = handlersOf(ctor);
  const run = runOf(ctor);
  if (![...methods.values()].some(({ kind }) => kind === 'signal' || kind === 'update')) {
    throw refusal(`class ${ctor.name}`, 'has no @Signal and no @Update, so no instance could ever exist: add one');
  }
  const source = sources.join('\n');
  const definition: EntityDefinition = {
    type,
    ctor,
    methods,
    every: [...methods.values()].filter((method) => method.kind === 'every'),
    hasRun: run !== null,
    creates: [...methods.values()].some((method) => method.creates),
    ...fieldsOf(ctor, new Set([...methods.keys(), 'run'])),
    source,
    onCompleted: 'refuse',
  };
  definitions.set(ctor, definition);
  return definition;
}

/** Definitions by type. Two different classes of one type are refused. */
export function definitionsOf(classes: readonly EntityClass[]): ReadonlyMap<string, EntityDefinition> {
  const byType = new Map<string, EntityDefinition>();
  for (const ctor of classes) {
    const definition = definitionOf(ctor);
    const other = byType.get(definition.type);
    if (other && other.ctor !== ctor) {
      const fact = `has the type '${definition.type}' of class ${other.ctor.name}`;
      throw refusal(`class ${ctor.name}`, `${fact}: give each entity class a type of its own`);
    }
    byType.set(definition.type, definition);
  }
  return byType;
}

/** What to answer when a message names no handler of the entity. `entity` is how messages call it. */
export function unknownMethod(definition: EntityDefinition, entity: string, name: string): PerdureError {
  const known = definition.methods.get(name);
  if (known)
    return refusal(
      entity,
      `method ${name} is a ${known.kind}, which callers cannot reach: make it a @Signal or @Update`,
    );
  if (name !== 'constructor' && typeof methodNamed(definition.ctor, name) === 'function') {
    const cure = 'decorate it with @Signal(), @Update() or @Query(), or mark it protected';
    return refusal(entity, `method ${name} of class ${definition.ctor.name} is no handler: ${cure}`);
  }
  const names = [...definition.methods.keys()].filter((method) => REACHABLE.has(definition.methods.get(method)!.kind));
  return refusal(entity, `has no method ${JSON.stringify(name)}: it has ${names.join(', ')}`);
}

const REACHABLE: ReadonlySet<MethodKind> = new Set(['signal', 'update', 'query']);

function checkChain(ctor: EntityClass, chain: readonly ClassFunction[], sources: readonly string[]): void {
  const entities = chain.filter((one) => declarationOf(one)?.entity);
  if (entities.length > 1) {
    const fact = `extends ${entities[0]!.name}, which is an entity too`;
    throw refusal(`class ${ctor.name}`, `${fact}: keep one @Entity in a chain and share by an undecorated base class`);
  }
  chain.forEach((one, index) => {
    const name = privateName(sources[index]!);
    if (name === null) return;
    const cure = "durable state must be visible, so use TypeScript's private";
    throw refusal(`class ${one.name}`, `has the private member ${name}: ${cure}`);
  });
  const constructing = chain.findLast((one, index) => one.length > 0 || hasConstructor(sources[index]!));
  if (constructing && constructing.length > 0) {
    const cure = 'an entity is constructed without arguments, so set fields in its first message';
    throw refusal(`class ${ctor.name}`, `has a constructor with parameters: ${cure}`);
  }
}

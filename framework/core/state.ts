/**
 * State: the fields of an entity's object (S28).
 *
 * Owns: construction with the birth's time and randomness, laying stored fields over it, finding undeclared fields.
 * Invariant: load = construct, then overlay; a stored field that the class lacks is a divergence naming its path,
 * unless the class declares `@Was` or `@Dropped` for it.
 */

import { decodeFields } from '../codec/fields';
import { PerdureError } from '../errors';
import type { EntityDefinition } from '../model/definition';
import type { EntityKey } from '../model/identity';
import { keyText } from '../model/identity';
import { ReadOnlyScope } from './invocation';
import { RandomStream } from './random';
import { runSync } from './running';

/** A new object of the class, its initialisers running at the birth's time with the birth's randomness (S21, S28). */
export function construct(
  definition: EntityDefinition,
  key: EntityKey,
  birth: { readonly time: number; readonly seed: readonly [number, number] },
): object {
  const stream = new RandomStream(birth.seed, { seq: 0, index: 0 });
  const source = { time: birth.time, random: () => stream.float() };
  const scope = new ReadOnlyScope(keyText(key), 'a field initialiser', { source });
  return runSync(scope, () => new definition.ctor());
}

export function overlay(object: object, definition: EntityDefinition, key: EntityKey, bytes: Uint8Array): void {
  for (const [stored, value] of decodeFields(bytes)) {
    const name = presentName(definition, stored);
    if (name === null) continue;
    if (!definition.fields.includes(name)) throw missingField(key, stored);
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  }
}

/** The present name of a stored field (through `@Was`); null when it was dropped. */
export function presentName(definition: EntityDefinition, stored: string): string | null {
  if (definition.dropped.has(stored)) return null;
  return definition.was.get(stored) ?? stored;
}

/** What is wrong with the own fields of the object, null when they are those of the class. */
export function fieldTrouble(object: object, definition: EntityDefinition): string | null {
  const own = Reflect.ownKeys(object);
  if (own.length === definition.fields.length && definition.fields.every((name) => Object.hasOwn(object, name)))
    return null;
  const extra = own.find((name) => typeof name === 'symbol' || !definition.fields.includes(name));
  if (extra !== undefined) {
    return `field ${String(extra)} is set but not declared: declare it in the class with an initial value, so that it is stored and restored`;
  }
  const gone = definition.fields.find((name) => !Object.hasOwn(object, name));
  return `field ${gone} was deleted: set it to undefined or null instead`;
}

/** Every object that the fields hold, in the order met: two equal lists mean that nothing was exchanged for a copy. */
export function containersOf(object: object, fields: readonly string[]): object[] {
  const met = new Set<object>();
  for (const name of fields) collect((object as Record<string, unknown>)[name], met);
  return [...met];
}

function collect(value: unknown, met: Set<object>): void {
  if (typeof value !== 'object' || value === null || met.has(value)) return;
  met.add(value);
  if (ArrayBuffer.isView(value)) return;
  if (value instanceof Map) for (const [key, held] of value) [key, held].forEach((one) => collect(one, met));
  else if (value instanceof Set) for (const one of value) collect(one, met);
  else for (const key in value) collect((value as Record<string, unknown>)[key], met);
}

function missingField(key: EntityKey, stored: string): PerdureError {
  const message =
    `${keyText(key)}: its history has a field ${stored} that the class lacks; ` +
    `declare @Was('${stored}') on the field that took its place, or @Dropped('${stored}') on the class`;
  return new PerdureError('internal', message, { reason: 'divergence' });
}

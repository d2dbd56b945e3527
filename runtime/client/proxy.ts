/**
 * Proxy: an object with an entity's methods, without the entity.
 *
 * Owns: which names are methods, what other names say, and how a handle is recognised.
 * Does not own: what calling a method does; that is handed in.
 *
 * Invariants: `then`, `toJSON` and symbols are never methods, so a handle can be awaited, printed, compared and encoded
 * without a call being made; a method of a handle is the same function at each look.
 */

import type { EncodeOptions } from '../../framework/codec/value';
import { PerdureError } from '../../framework/errors';
import type { Contract, ContractKind } from '../../framework/model/handle';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';

/** A method of a handle. */
export interface CallableMethod {
  readonly name: string;
  readonly kind: ContractKind;
  /** How its arguments are encoded, and what refusals call them (S10). */
  readonly encoding: EncodeOptions;
}

/** Whom a handle addresses. */
export interface Target {
  readonly key: EntityKey;
  readonly contract: Contract<unknown>;
}

export type Invoke = (target: Target, method: CallableMethod, args: readonly unknown[]) => Promise<unknown>;

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const TARGET = Symbol('perdure.target');

/** What stands behind a proxy: printable, and without a property that could be taken for a method. */
class EntityHandle {
  declare readonly [TARGET]: Target;

  [INSPECT](): string {
    return `EntityHandle(${keyText(this[TARGET].key)})`;
  }
}

/** Names that the language, Node and test frameworks look up on any object, besides those of `Object.prototype`. */
const PROBED = new Set(['then', 'catch', 'finally', 'toJSON', 'asymmetricMatch', 'nodeType', 'tagName', 'prototype']);
const NEVER_METHODS = new Set(['then', 'toJSON', 'constructor', '__proto__']);

/** A proxy whose methods are `invoke` with `target`. */
export function handleOf(target: Target, invoke: Invoke): object {
  const bound = new Map<string, (...args: unknown[]) => Promise<unknown>>();
  const behind = Object.freeze(new EntityHandle());
  const lookUp = (name: string): unknown => {
    const known = bound.get(name);
    if (known !== undefined) return known;
    const method = NEVER_METHODS.has(name) ? null : methodOf(target, name);
    if (method === null && isProbed(name)) return Reflect.get(behind, name);
    const call =
      method === null
        ? () => Promise.reject(unknownMethod(target, name))
        : (...args: unknown[]) => invoke(target, method, args);
    if (method !== null) bound.set(name, call);
    return call;
  };
  return new Proxy(behind, {
    get: (_, name) => {
      if (typeof name === 'string') return lookUp(name);
      return name === TARGET ? target : (Reflect.get(behind, name) as unknown);
    },
    has: (_, name) => typeof name === 'string' && target.contract.methods.has(name),
    set: () => false,
    defineProperty: () => false,
  });
}

/** The target of a handle that `handleOf` made; `what` names the function it was passed to. */
export function targetOf(handle: unknown, what: string): Target {
  const target = typeof handle === 'object' && handle !== null ? (handle as Partial<EntityHandle>)[TARGET] : undefined;
  if (target !== undefined) return target;
  throw new PerdureError('invalid_argument', `${what} takes a handle: pass what perdure.entity(Type, id) gave`);
}

function methodOf({ contract }: Target, name: string): CallableMethod | null {
  const kind = contract.methods.get(name);
  if (kind === undefined) return null;
  return { name, kind, encoding: { classes: 'plain', path: `${contract.type}.${name} arguments` } };
}

function isProbed(name: string): boolean {
  return PROBED.has(name) || name in Object.prototype || name.startsWith('$$') || name.startsWith('@@');
}

function unknownMethod({ key, contract }: Target, name: string): PerdureError {
  const names = [...contract.methods.keys()].sort().join(', ');
  const fact =
    name === 'run'
      ? `run of ${keyText(key)} is its own life and starts with its first message`
      : `${key.type} has no signal, update or query ${name}`;
  return new PerdureError('invalid_argument', `${fact}: call one of ${names === '' ? '(it has none)' : names}`);
}

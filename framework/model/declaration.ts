/**
 * Declaration: what the decorators of one class said, before anything is checked.
 *
 * Owns: the words a class is declared with, and the registry that keeps them under one global symbol, so that two
 * copies of the package in one process read each other's classes.
 * Does not own: what they mean for a class and its bases together (`definition`).
 *
 * Invariants: a declaration holds plain data and names one class only, never its bases; the registry keeps no class
 * alive (Jest evaluates a module again and again).
 */

import type { ArgType } from './arg-type';

/** What a handler is: callers reach signals, updates and queries; the framework alone reaches reminders and everys. */
export type MethodKind = 'signal' | 'update' | 'query' | 'reminder' | 'every';

/** Kinds of an indexed field: a string, a safe integer, any finite number, a boolean, a `Date`. */
export type IndexKind = 'keyword' | 'int' | 'double' | 'bool' | 'time';

export interface HandlerDeclaration {
  readonly kind: MethodKind;
  readonly interleave: boolean;
  readonly creates: boolean;
  readonly everyMs: number;
  /** What the author gave as `args`, or null. */
  readonly args: readonly ArgType[] | null;
  /** `design:paramtypes`; or why there is none: `reflect-metadata` was not loaded, or the compiler emitted nothing. */
  readonly paramTypes: readonly unknown[] | 'no-reflect' | 'not-emitted';
}

export interface ClassDeclaration {
  /** The type given to `@Entity`, or null. */
  entity: string | null;
  readonly handlers: Map<string, HandlerDeclaration>;
  /** Name of a `@Validate` method to the method it guards. */
  readonly validators: Map<string, string>;
  readonly indexed: Map<string, IndexKind>;
  /** Former field name to present one. */
  readonly was: Map<string, string>;
  readonly dropped: Set<string>;
  /** Property to what `@Nested` answers. */
  readonly nested: Map<string, () => ArgType>;
}

interface Registry {
  readonly declarations: WeakMap<object, ClassDeclaration>;
}

const REGISTRY = Symbol.for('perdure.registry');

function registry(): Registry {
  const home = globalThis as { [REGISTRY]?: Registry };
  return (home[REGISTRY] ??= { declarations: new WeakMap() });
}

/** The class's own declaration, made when there is none yet. */
export function declare(ctor: object): ClassDeclaration {
  const { declarations } = registry();
  let found = declarations.get(ctor);
  if (!found) {
    found = {
      entity: null,
      handlers: new Map(),
      validators: new Map(),
      indexed: new Map(),
      was: new Map(),
      dropped: new Set(),
      nested: new Map(),
    };
    declarations.set(ctor, found);
  }
  return found;
}

/** The class's own declaration, or undefined when no decorator of ours touched it. */
export function declarationOf(ctor: object): ClassDeclaration | undefined {
  return registry().declarations.get(ctor);
}

/** The class and its bases, the most basic first. */
export function classChain(ctor: object): ClassFunction[] {
  const chain: ClassFunction[] = [];
  for (let at = ctor; typeof at === 'function' && at !== Function.prototype && 'prototype' in at;) {
    chain.unshift(at);
    at = Object.getPrototypeOf(at) as object;
  }
  return chain;
}

export interface ClassFunction {
  readonly name: string;
  readonly length: number;
  readonly prototype: object;
}

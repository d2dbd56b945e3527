/**
 * Shape type: what `shape` and `dto` agree on, and how a value that does not fit is described.
 */

import { PerdureError } from '../errors';

export interface Shape {
  /** For messages, with its article: `a Trip`. */
  readonly name: string;
  /** Two shapes of one sort cannot be told apart by a value alone. */
  readonly sort: string;
  /** True when undefined is accepted. */
  readonly optional: boolean;
  /** How badly the value fits, by its outer form and property names only; 0 is best, Infinity refuses. */
  score(value: unknown): number;
  /** Throws `invalid_argument` whose message begins with `path`. */
  build(value: unknown, path: string): unknown;
  revive(value: unknown): unknown;
}

/** The shape, or undefined. */
export function orNothing(shape: Shape): Shape {
  return {
    name: shape.name,
    sort: shape.sort,
    optional: true,
    score: (value) => shape.score(value),
    build: (value, path) => (value === undefined ? value : shape.build(value, path)),
    revive: (value) => (value === undefined ? value : shape.revive(value)),
  };
}

export function refusal(where: string, fact: string, cause?: unknown): PerdureError {
  return new PerdureError('invalid_argument', `${where} ${fact}`, { cause });
}

/** `Date` of `[object Date]`: the same in every realm. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** What a value is, in a word or two, never its content: it may be secret. */
export function describe(value: unknown): string {
  if (value === undefined) return 'undefined: the argument is missing';
  if (value === null) return 'null';
  const tag = tagOf(value);
  return tag === 'Array' ? 'an array' : tag === 'Object' ? 'an object' : `a ${tag}`;
}

/** A plain object of any realm, or one without prototype. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'));
}

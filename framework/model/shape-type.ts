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
  build(value: unknown, path: string, seen: Seen): unknown;
  revive(value: unknown): unknown;
}

/** References to one object that an argument list may hold beyond the first of each. */
const MAX_SHARED_REFERENCES = 100;
const PENDING = Symbol('pending');

/** The objects met while one argument list is built: a shared one is built once and stays shared. */
export class Seen {
  private readonly met = new Map<object, { shape: string; built: unknown }>();
  private shared = 0;

  once(value: object, shape: Shape | null, path: string, build: () => unknown): unknown {
    const key = shape ? `${shape.sort}: ${shape.name}` : '';
    const known = this.met.get(value);
    if (known) {
      if (known.built === PENDING) throw refusal(path, 'contains itself: arguments may not be cyclic');
      if (known.shape !== key) throw refusal(path, 'is one object in two places of different types: send a copy');
      if (++this.shared > MAX_SHARED_REFERENCES) {
        throw refusal(path, `is one of more than ${MAX_SHARED_REFERENCES} shared references: send copies`);
      }
      return known.built;
    }
    const entry = { shape: key, built: PENDING as unknown };
    this.met.set(value, entry);
    return (entry.built = build());
  }
}

/** The shape, or undefined. */
export function orNothing(shape: Shape): Shape {
  return {
    name: shape.name,
    sort: shape.sort,
    optional: true,
    score: (value) => shape.score(value),
    build: (value, path, seen) => (value === undefined ? value : shape.build(value, path, seen)),
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

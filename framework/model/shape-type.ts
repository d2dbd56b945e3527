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
  /** True when `revive` changes nothing. */
  readonly plain: boolean;
  /** How badly the value fits, by its outer form and property names only; 0 is best, Infinity refuses. */
  score(value: unknown): number;
  /** Throws a `Misfit`. */
  build(value: unknown, seen: Seen): unknown;
  revive(value: unknown, revived: Revived): unknown;
}

/** Recorded objects to what they became. */
export type Revived = Map<object, object>;

/** A value does not fit its shape. The path is put together on the way out, for a value that fits needs none. */
export class Misfit extends Error {
  constructor(
    readonly fact: string,
    readonly path = '',
    override readonly cause?: unknown,
  ) {
    super(fact);
  }
}

/** The misfit as seen from outside: one step longer. Anything else thrown (by a DTO's own code) becomes one. */
export function misfitAt(step: string, error: unknown): Misfit {
  if (error instanceof Misfit) return new Misfit(error.fact, step + error.path, error.cause);
  return new Misfit(`cannot be built: ${String(error)}`, step, error);
}

/** References to one object that an argument list may hold beyond the first of each. */
const MAX_SHARED_REFERENCES = 100;
const PENDING = Symbol('pending');

/** The objects met while one argument list is built: a shared one is built once and stays shared. */
export class Seen {
  private readonly met = new Map<object, { shape: Shape | null; built: unknown }>();
  private shared = 0;

  once(value: object, shape: Shape | null, build: () => unknown): unknown {
    const known = this.met.get(value);
    if (known) {
      if (known.built === PENDING) throw new Misfit('contains itself: arguments may not be cyclic');
      if (known.shape?.sort !== shape?.sort || known.shape?.name !== shape?.name) {
        throw new Misfit('is one object in two places of different types: send a copy');
      }
      if (++this.shared > MAX_SHARED_REFERENCES) {
        throw new Misfit(`is one of more than ${MAX_SHARED_REFERENCES} shared references: send copies`);
      }
      return known.built;
    }
    const entry = { shape, built: PENDING as unknown };
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
    plain: shape.plain,
    score: (value) => shape.score(value),
    build: (value, seen) => (value === undefined ? value : shape.build(value, seen)),
    revive: (value, revived) => (value === undefined ? value : shape.revive(value, revived)),
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

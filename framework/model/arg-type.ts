/**
 * Argument types: how an author says at run time what a handler takes, where compiled metadata cannot.
 *
 * Owns: the words `oneOf`, `optional`, `any`. Does not own: what they accept (`shape`).
 * Invariant: they are plain data with a string tag, so that another copy of the package reads them.
 */

/** A class: a DTO, a `@Value` class, or one of String, Number, Boolean, Date, Map, Set, Uint8Array. */
export type ArgClass = abstract new (...args: never[]) => object;

/** What one argument may be. `[Trip]` is an array of trips, `null` is null. */
export type ArgType = ArgClass | BigIntConstructor | readonly [ArgType] | null | OneOf | Optional | Any;

export interface OneOf {
  readonly perdure: 'oneOf';
  readonly types: readonly ArgType[];
}

export interface Optional {
  readonly perdure: 'optional';
  readonly type: ArgType;
}

export interface Any {
  readonly perdure: 'any';
}

/** One of several types. Two classes must differ in their property names, by which they are told apart. */
export function oneOf(...types: readonly ArgType[]): OneOf {
  return { perdure: 'oneOf', types };
}

/** The type, or nothing: the argument may be left out or be undefined. */
export function optional(type: ArgType): Optional {
  return { perdure: 'optional', type };
}

/** Any value the codec carries, as it arrived: neither built nor validated. */
export function any(): Any {
  return { perdure: 'any' };
}

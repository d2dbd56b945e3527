/**
 * Model: what a kind of entity does when its operations come one after another; the yardstick of the search.
 *
 * Owns: the shape of a model and how a state becomes a number. Does not own: any particular model (`models/`).
 *
 * 1. A step is deterministic and pure: it neither changes the state it is given nor depends on anything else.
 * 2. With an unknown output, `step` gives the effect the operation has if it takes effect in that state.
 */

import type { Unknown } from './history';

export interface Model<S, I, O> {
  readonly name: string;
  init(): S;
  /** Whether the output fits the state, and the state after; the state after a misfit is never used. */
  step(state: S, input: I, output: O | Unknown): readonly [fits: boolean, state: S];
  equal(a: S, b: S): boolean;
  /** 32 bits; equal states have equal hashes. */
  hash(state: S): number;
  /** True if an operation with this output changes no state whatever, so that it may be placed as soon as it fits. */
  readOnly(input: I, output: O | Unknown): boolean;
  /** For people. Two operations with one text must be the same to `step`: the search swaps them freely. */
  describe(input: I, output: O | Unknown): string;
  describeState(state: S): string;
}

/** Spreads the bits of an integer over 32. */
export function mix(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** 32 bits of a text (FNV-1a). */
export function hashText(text: string): number {
  let bits = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193);
  return mix(bits);
}

/** An output as a text: lists in brackets, an unknown one as `?`. */
export function outcomeText(output: unknown): string {
  if (output === 'unknown') return '?';
  return typeof output === 'string' ? output : JSON.stringify(output);
}

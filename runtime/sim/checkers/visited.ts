/**
 * Visited: which configurations (the set of placed operations, the state) the search has been in (Lowe's memoisation).
 *
 * Owns: the set of placed operations as bits with a running hash, and the cache. Does not own: the search.
 */

import type { Model } from './model';
import { mix } from './model';

/** A set of the numbers 0 to `size` − 1 that knows its hash. */
export class BitSet {
  readonly words: Uint32Array;
  hash = 0;

  constructor(size: number) {
    this.words = new Uint32Array((size + 31) >>> 5);
  }

  has(index: number): boolean {
    return (((this.words[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1;
  }

  /** Puts the number in if it is not there, and takes it out if it is. */
  flip(index: number): void {
    const word = index >>> 5;
    this.words[word] = ((this.words[word] ?? 0) ^ (1 << (index & 31))) >>> 0;
    this.hash = (this.hash ^ mix(index + 1)) >>> 0;
  }
}

interface Seen<S> {
  readonly words: Uint32Array;
  readonly state: S;
}

export class Visited<S> {
  private readonly buckets = new Map<number, Seen<S>[]>();

  constructor(private readonly model: Pick<Model<S, never, never>, 'equal' | 'hash'>) {}

  /** False if the configuration was there already. */
  add(placed: BitSet, state: S): boolean {
    const hash = (placed.hash ^ mix(this.model.hash(state))) >>> 0;
    const bucket = this.buckets.get(hash);
    const seen = { words: placed.words.slice(), state };
    if (bucket === undefined) {
      this.buckets.set(hash, [seen]);
      return true;
    }
    if (bucket.some((other) => sameWords(other.words, placed.words) && this.model.equal(other.state, state))) {
      return false;
    }
    bucket.push(seen);
    return true;
  }
}

function sameWords(a: Uint32Array, b: Uint32Array): boolean {
  return a.every((word, at) => word === b[at]);
}

/**
 * Random: every choice of a simulated run, out of one seed.
 *
 * Owns: named streams, so that a draw more in one place changes nothing in another; the record of the choices that were
 * faults; running again with some of them left out.
 * Does not own: what a choice means, how a failing list is made shorter.
 *
 * Invariants:
 * 1. What a stream gives depends on the seed, its name and the draws before it in that stream alone.
 * 2. `chance` draws its number whether or not its answer may be true: leaving a fault out moves no other draw of its
 *    stream. A probability of 0 draws nothing.
 */

import { RandomStream } from '../../../framework/core/random';

/** The n-th question to the stream of that name which was answered with true: a fault, or a branch. */
export interface Choice {
  readonly stream: string;
  readonly n: number;
}

/** Lowest and highest of a range, the highest excluded. */
export type Range = readonly [low: number, high: number];

export interface RandomOptions {
  /** Only these choices may be made; all of them when absent. */
  readonly only?: readonly Choice[];
}

export class SimRandom {
  /** Choices made so far, in order. */
  readonly choices: Choice[] = [];
  readonly #seed: readonly [number, number];
  readonly #streams = new Map<string, SimStream>();
  readonly #only: ReadonlySet<string> | null;

  /** `seed`: a whole number from 0 to 2 ** 53 - 1. */
  constructor(seed: number, options: RandomOptions = {}) {
    this.#seed = [seed >>> 0, Math.floor(seed / 2 ** 32)];
    this.#only = options.only ? new Set(options.only.map(choiceText)) : null;
  }

  /** The stream of that name, the same one each time. */
  stream(name: string): SimStream {
    const known = this.#streams.get(name);
    if (known) return known;
    const [low, high] = this.#seed;
    const words = new RandomStream([low, high ^ hashName(name)], { seq: hashName(`${name}/`), index: 0 });
    const stream = new SimStream(name, words, (n) => this.#choose({ stream: name, n }));
    this.#streams.set(name, stream);
    return stream;
  }

  #choose(choice: Choice): boolean {
    if (this.#only && !this.#only.has(choiceText(choice))) return false;
    this.choices.push(choice);
    return true;
  }
}

export class SimStream {
  #asked = 0;

  constructor(
    readonly name: string,
    private readonly words: RandomStream,
    private readonly choose: (n: number) => boolean,
  ) {}

  /** True with `probability`, and recorded then. */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    this.#asked += 1;
    if (this.words.word() >= probability * 2 ** 32) return false;
    return this.choose(this.#asked);
  }

  /** An unsigned 32-bit word. */
  word(): number {
    return this.words.word();
  }

  /** A float in [0, 1). */
  float(): number {
    return this.words.word() / 2 ** 32;
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    return Math.floor((this.words.word() / 2 ** 32) * bound);
  }

  between([low, high]: Range): number {
    return low + this.float() * (high - low);
  }

  of<T>(options: readonly T[]): T {
    return options[this.below(options.length)] as T;
  }
}

export function choiceText({ stream, n }: Choice): string {
  return `${stream}#${n}`;
}

/** FNV-1a, 32 bits, of UTF-16 code units. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

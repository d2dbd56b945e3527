/** Random choices from a seed that is printed: a run repeats its plan, though not the moments of its kills. */

export class Random {
  constructor(private state: number) {}

  /** A whole number from 0, less than `bound`. */
  below(bound: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** `PERDURE_SEED`, or a fresh one; printed first. */
export function printedSeed(): number {
  const seed = Number(process.env['PERDURE_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
  process.stdout.write(`seed ${seed}\n`);
  return seed;
}

/**
 * Random: the seeded generator of a step.
 *
 * Owns: `sfc32` (Chris Doty-Humphrey, PractRand), seeded from the entity's birth seed and the step's position, so that
 * a step that is undone and run again, or replayed, draws the same numbers (S17).
 */

import type { Position } from '../model/identity';

/** A stream of 32-bit words and what is made from them. */
export class RandomStream {
  private a: number;
  private b: number;
  private c: number;
  private d = 1;

  constructor(seed: readonly [number, number], at: Position) {
    this.a = seed[0] | 0;
    this.b = (seed[1] ^ Math.imul(at.seq, 0x9e3779b1)) | 0;
    this.c = Math.imul(at.index + 1, 0x85ebca6b) | 0;
    for (let round = 0; round < 12; round += 1) this.word();
  }

  /** The next unsigned 32-bit word. */
  word(): number {
    const sum = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** The next float in [0, 1), 53 bits. */
  float(): number {
    const high = this.word() >>> 5;
    const low = this.word() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** A version-4 UUID. */
  uuid(): string {
    const words = [this.word(), this.word(), this.word(), this.word()];
    const hex = words.map((word) => word.toString(16).padStart(8, '0')).join('');
    const variant = ((parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

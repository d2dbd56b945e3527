/**
 * Seeded entropy: the Entropy port with one sequence per seed (sfc32).
 *
 * Owns: randomness of hosts under test; never of anything real.
 */

import type { Entropy } from '../ports/entropy';

const WARM_UP_DRAWS = 15;

/** `seed`: any integer; its lowest 32 bits count. */
export function seededEntropy(seed: number): Entropy {
  let a = seed | 0;
  let b = 0x9e3779b9;
  let c = 0x243f6a88;
  let counter = 1;
  const word = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let draw = 0; draw < WARM_UP_DRAWS; draw += 1) word();
  return {
    bytes: (length) => Uint8Array.from({ length }, () => word() >>> 24),
    float: () => word() / 2 ** 32,
  };
}

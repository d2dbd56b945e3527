/** Entropy: all randomness the runtime uses; a simulator hands in a seeded one. */
export interface Entropy {
  /** `length` random bytes, 1 to 64. */
  bytes(length: number): Uint8Array;
  /** A float in [0, 1), for jitter. */
  float(): number;
}

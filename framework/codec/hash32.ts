/**
 * Hash32: MurmurHash3 (x86, 32 bits, seed 0) of a range of bytes.
 *
 * Owns: the digest of a field (S25). It is on disk: its results never change. Not for adversaries.
 */

export function hash32(bytes: Uint8Array, from = 0, to = bytes.length): number {
  const whole = from + ((to - from) & ~3);
  let hash = 0;
  for (let i = from; i < whole; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    hash ^= scramble(word);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  let rest = 0;
  for (let i = to - 1; i >= whole; i--) rest = (rest << 8) | bytes[i]!;
  if (to > whole) hash ^= scramble(rest);
  hash ^= to - from;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

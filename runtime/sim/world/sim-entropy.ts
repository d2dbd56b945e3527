/**
 * Simulated entropy: the Entropy port of one process, out of the run's seed.
 */

import { assert } from '../../../framework/assert';
import type { Entropy } from '../../ports/entropy';
import type { SimProcess } from './sim-process';

const MAX_BYTES = 64;

/** Processes of one name share a stream: a restarted one draws on, and repeats nothing. */
export function simEntropy(process: SimProcess): Entropy {
  const stream = process.world.random.stream(`entropy.${process.name}`);
  return {
    bytes(length) {
      assert(
        Number.isInteger(length) && length >= 1 && length <= MAX_BYTES,
        () => `entropy gives 1 to 64 bytes, not ${length}`,
      );
      return Uint8Array.from({ length }, () => stream.word() & 0xff);
    },
    float: () => stream.float(),
  };
}

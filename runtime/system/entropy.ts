/**
 * Entropy of the operating system, captured at import, before traps.
 */

import crypto from 'node:crypto';
import { assert } from '../../framework/assert';
import type { Entropy } from '../ports/entropy';
import { untrapped } from './genuine';

const MAX_BYTES = 64;
const randomBytes = untrapped(crypto.randomBytes);
const random = untrapped(Math.random);

export const systemEntropy: Entropy = {
  bytes(length) {
    assert(
      Number.isInteger(length) && length >= 1 && length <= MAX_BYTES,
      () => `entropy gives 1 to 64 bytes, not ${length}`,
    );
    return new Uint8Array(randomBytes(length));
  },
  float: () => random(),
};

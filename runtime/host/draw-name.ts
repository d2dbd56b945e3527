/**
 * Draw name: the name of a session, or of an attempt at a lease, that nobody has had and nobody will have (C1, C3).
 */

import type { Entropy } from '../ports/entropy';

const NAME_BYTES = 16;

export function drawName(entropy: Entropy): string {
  return Buffer.from(entropy.bytes(NAME_BYTES)).toString('base64url');
}

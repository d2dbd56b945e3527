/**
 * Footprint: an estimate of what one activation holds in memory, from the encoded length of its fields.
 */

import type { Instance } from '../../framework/core/instance';

/** Bytes of an activation with an empty state, and how much larger a state is in memory than encoded. */
const ACTIVATION_BYTES = 1_024;
const STATE_FACTOR = 4;

export class Footprint {
  bytes = 0;
  /** Length of the encoded fields when they were last looked at; null before. */
  private stateBytes: number | null = null;

  /** Looks again; answers by how much `bytes` has changed. Fields that have not been encoded since are as they were. */
  measure(instance: Instance | null): number {
    const before = this.bytes;
    if (instance !== null && (instance.bytes !== null || this.stateBytes === null))
      this.stateBytes = (instance.bytes ?? instance.encode()).length;
    this.bytes = ACTIVATION_BYTES + STATE_FACTOR * (this.stateBytes ?? 0);
    return this.bytes - before;
  }
}

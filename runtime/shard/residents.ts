/**
 * Residents: which entities of a host are in memory, over all of its shards together, and which leaves first.
 *
 * Owns: their order, least recently used first, and what they weigh. Does not own: finding one by its key, putting it out
 * (`shard`).
 *
 * Invariant: only an entity that is idle leaves. One that cannot goes to the end of the line, so that the next look finds
 * others.
 */

import type { Activation } from '../activation/activation';
import { EVICTION_TRIES } from '../config';

export interface ResidentLimits {
  readonly residentEntities: number;
  readonly residentBytes: number;
}

/** Puts an idle entity out of memory; resolves once it is. */
export type Passivate = (activation: Activation) => Promise<void>;

export class Residents {
  /** Least recently used first. */
  private readonly line = new Map<Activation, Passivate>();
  private leaving = 0;
  private bytes = 0;

  constructor(private readonly limits: ResidentLimits) {}

  enter(activation: Activation, passivate: Passivate): void {
    this.line.set(activation, passivate);
    this.makeRoom();
  }

  /** It has nothing to do for now. */
  rested(activation: Activation): void {
    if (!this.toEnd(activation)) return;
    this.bytes += activation.footprint.measure(activation.instance);
    this.makeRoom();
  }

  leave(activation: Activation): void {
    if (this.line.delete(activation)) this.bytes -= activation.footprint.bytes;
  }

  private toEnd(activation: Activation): boolean {
    const passivate = this.line.get(activation);
    if (passivate === undefined) return false;
    this.line.delete(activation);
    this.line.set(activation, passivate);
    return true;
  }

  private makeRoom(): void {
    const { residentEntities, residentBytes } = this.limits;
    if (this.line.size - this.leaving <= residentEntities && this.bytes <= residentBytes) return;
    const oldest = this.line.entries();
    for (let tries = 0; tries < EVICTION_TRIES; tries += 1) {
      const next = oldest.next();
      if (next.done) return;
      const [activation, passivate] = next.value;
      if (activation.idle && !activation.leaving) return this.putOut(activation, passivate);
      this.toEnd(activation);
    }
  }

  private putOut(activation: Activation, passivate: Passivate): void {
    activation.leaving = true;
    this.leaving += 1;
    void passivate(activation).finally(() => {
      activation.leaving = false;
      this.leaving -= 1;
    });
  }
}

/**
 * Quorum write: one mutation, sent to all three replicas and answered when two have applied it.
 *
 * Owns: counting acknowledgements. Does not own: the ways and their faults (`replica-set`).
 *
 * Whatever the host is told, every copy that was sent is applied when it arrives.
 */

import { QuorumRequest } from './quorum-request';
import type { Mutation } from './replica';
import { REPLICAS } from './replica-set';
import type { Node, ReplicaSet } from './replica-set';
import type { Ending } from './quorum-request';

export function quorumWrite(set: ReplicaSet, mutation: Mutation, done: (ending: Ending<true>) => void): void {
  new QuorumWrite(set, mutation, done).start();
}

class QuorumWrite extends QuorumRequest<true> {
  /** When the first and the second answer will be back, as far as known. */
  #firstMs = Infinity;
  #secondMs = Infinity;

  constructor(
    set: ReplicaSet,
    private readonly mutation: Mutation,
    done: (ending: Ending<true>) => void,
  ) {
    super(set, done);
  }

  protected override coordinate(from: Node, alive: readonly Node[], atMs: number): void {
    const { set, mutation } = this;
    if (set.streams.coordinatorDeath.chance(set.faults.coordinatorDeath)) return this.#dieHalfWay(from, atMs);
    for (const to of set.nodes) {
      if (!alive.includes(to)) {
        set.hint(to, mutation);
        continue;
      }
      this.expectedAt(set.deliver({ from, to, atMs }, mutation, (backAtMs) => this.#told(backAtMs)));
    }
  }

  #told(backAtMs: number | null): void {
    if (this.ended) return;
    if (backAtMs === null) return this.troubled();
    if (backAtMs >= this.#secondMs) return;
    this.#secondMs = Math.max(backAtMs, this.#firstMs);
    this.#firstMs = Math.min(backAtMs, this.#firstMs);
    if (this.#secondMs < Infinity) this.answerAt(this.#secondMs, { value: true });
  }

  #dieHalfWay(from: Node, atMs: number): void {
    const { set, mutation } = this;
    set.world.count('store.coordinator-death');
    const only = set.streams.oneReplica.chance(set.faults.oneReplica) ? set.nodes[set.draw.below(REPLICAS)] : null;
    for (const to of set.nodes) {
      const reached = set.draw.float() < 0.5;
      if (only === null ? reached : to === only) set.deliver({ from, to, atMs }, mutation, () => undefined);
    }
    this.troubled();
  }
}

/**
 * Audit reads: how an auditor reads the store, and whether it would read the same again.
 *
 * Owns: reading what two replicas hold at once, deleted buckets included, at no time and repairing nothing; which state of
 * which partitions was read. Does not own: what the cells mean (`sim-store`), what deleted buckets held (`archive`).
 */

import type { Cell, Slice } from './replica';
import { mergeCells } from './replica';
import type { StoreCluster } from './store-cluster';

export class AuditReads {
  /** By partition, the states in which the replicas were. */
  private readonly states = new Map<string, readonly number[]>();

  constructor(private readonly cluster: Pick<StoreCluster, 'archive' | 'set'>) {}

  read(slice: Slice): readonly Cell[] {
    const { partition, fromMajor } = slice;
    this.states.set(partition, this.stateOf(partition));
    const [first, second] = this.replicas.map((replica) => replica.read(slice));
    return this.cluster.archive.complete(partition, fromMajor, mergeCells(first ?? [], second ?? []));
  }

  /** Nothing has come to the partitions that were read, nor to those that were found empty. */
  get stand(): boolean {
    return [...this.states].every(([partition, states]) => {
      const now = this.stateOf(partition);
      return states.every((state, i) => state === now[i]);
    });
  }

  private stateOf(partition: string): readonly number[] {
    return this.replicas.map((replica) => replica.state(partition));
  }

  private get replicas() {
    return this.cluster.set.nodes.slice(0, 2).map(({ replica }) => replica);
  }
}

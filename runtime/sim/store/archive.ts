/**
 * Archive: what the deleted partitions of histories held, so that an auditor still reads them from their first row.
 *
 * Owns: a copy of what all replicas held together when the deletion was issued. Does not own: deleting (`sim-store`).
 */

import type { Cell } from './replica';
import { mergeCells } from './replica';
import type { ReplicaSet } from './replica-set';

export class Archive {
  private readonly kept = new Map<string, readonly Cell[]>();

  constructor(private readonly set: ReplicaSet) {}

  /** Before the partition is deleted. */
  keep(partition: string): void {
    const slice = { partition, fromMajor: -Infinity };
    const held = this.set.nodes.map(({ replica }) => replica.read(slice));
    this.kept.set(partition, held.reduce(mergeWritten, this.kept.get(partition) ?? []));
  }

  /** What was read of a partition, and what was deleted of it. */
  complete(partition: string, fromMajor: number, read: readonly Cell[]): readonly Cell[] {
    const kept = this.kept.get(partition);
    if (kept === undefined) return read;
    return mergeWritten(
      kept.filter(({ major }) => major >= fromMajor),
      read,
    );
  }
}

function mergeWritten(a: readonly Cell[], b: readonly Cell[]): readonly Cell[] {
  return mergeCells(
    a,
    b.filter(({ value }) => value !== null),
  );
}

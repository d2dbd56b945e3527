/**
 * Epoch notes: the notes that one ownership of a shard writes beside histories (C8a).
 *
 * Owns: their order, epoch × 2^31 + a counter, which is their timestamp; repeating the newest of a name until the store
 * has it. Does not own: what a note says, when one is written (`activation/activity-runner`).
 *
 * Invariants: a note of a greater epoch wins, whichever comes last, and so does its deletion; nobody waits for a note on
 * the way of a turn; nothing is written once the epoch is closed (C4), and a copy that was overtaken may come later, for
 * its order is lower. An owner that dies takes its newest notes with it at worst.
 */

import { assert } from '../../../framework/assert';
import type { EntityKey } from '../../../framework/model/identity';
import type { ClusterStore, Note } from '../../ports/cluster-store';
import type { EpochWrites } from './epoch-writes';

/** Notes of one epoch, and epochs, that fit into the order. */
const PER_EPOCH = 2 ** 31;
const EPOCHS = 2 ** 22;

export class EpochNotes {
  private count = 0;
  /** Order of the newest note that is being written, by entity and name. */
  private readonly newest = new Map<string, number>();

  constructor(
    private readonly store: Pick<ClusterStore, 'writeNote' | 'notes'>,
    private readonly writes: EpochWrites,
    private readonly epoch: number,
  ) {
    assert(epoch < EPOCHS, 'the order of notes has room for 2^22 epochs of a shard');
  }

  /** Settles when the store has it, or nobody will know any more. */
  async write(key: EntityKey, name: string, bytes: Uint8Array | null): Promise<void> {
    const order = this.nextOrder();
    const place = `${key.namespace}\0${key.type}\0${key.id}\0${name}`;
    const copy = bytes?.slice() ?? null;
    this.newest.set(place, order);
    await this.writes.untilOk(async () => {
      const overtaken = this.newest.get(place) !== order;
      return overtaken ? 'ok' : this.store.writeNote(key, name, copy, order);
    });
    if (this.newest.get(place) === order) this.newest.delete(place);
  }

  read(key: EntityKey): Promise<readonly Note[]> {
    return this.store.notes(key);
  }

  private nextOrder(): number {
    assert(this.count < PER_EPOCH - 1, 'an epoch has room for 2^31 notes');
    this.count += 1;
    return this.epoch * PER_EPOCH + this.count;
  }
}

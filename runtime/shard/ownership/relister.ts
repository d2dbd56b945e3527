/**
 * Relister: goes through what older epochs announced and did not drop, until all of it is listed (C10).
 *
 * Owns: the order and the pace: part by part, a few entities at a time, in the background; dropping a part that is done.
 * Does not own: loading an entity (the shard), its row (`lister`), the parts of one's own epoch (`unlisted`).
 *
 * Invariants: an older part is dropped only when the row of each of its keys is of this epoch, at quorum, and a session
 * read after that says alive (C2). What cannot be loaded now is tried again in a later round, and by the next owner.
 */

import type { EntityKey } from '../../../framework/model/identity';
import { isPlanted } from '../../../framework/planted-bugs';
import {
  INDEX_PAGE_ENTRIES,
  RELIST_IN_FLIGHT,
  RELIST_PAUSE_MS,
  RELIST_ROUND_MAXIMUM_MS,
  RELIST_ROUND_MS,
} from '../../config';
import type { ClusterStore, IndexEntry, IndexPart } from '../../ports/cluster-store';
import type { EpochWrites } from './epoch-writes';
import { dropPart } from './unlisted';

export interface RelisterOptions {
  readonly store: Pick<ClusterStore, 'parts' | 'entries' | 'clearPart' | 'deleteParts'>;
  readonly writes: EpochWrites;
  readonly shard: number;
  readonly epoch: number;
  /** As of a store session (C2). */
  readonly fence: () => Promise<boolean>;
  /** The key's row is of this epoch and up to date; may wait for its writing. */
  readonly isListed: (key: EntityKey) => Promise<boolean>;
}

/** Brings an entity into memory, which lists it again; resolves when it has been, or could not be. */
export type LoadEntity = (key: EntityKey) => Promise<void>;

export class Relister {
  constructor(private readonly options: RelisterOptions) {}

  /** Resolves when nothing is left, or the shard is lost. Never rejects. */
  async run(load: LoadEntity): Promise<void> {
    if (isPlanted('unlisted-never-read')) return;
    for (let pauseMs = RELIST_ROUND_MS; this.options.writes.open;) {
      if (await this.round(load).catch(() => false)) return;
      await this.options.writes.pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, RELIST_ROUND_MAXIMUM_MS);
    }
  }

  /** True when no older part is left. */
  private async round(load: LoadEntity): Promise<boolean> {
    const { store, shard, epoch } = this.options;
    const parts = await store.parts(shard);
    let done = true;
    for (const part of parts) {
      if (part.kind === 'unlisted' && part.epoch < epoch) done = (await this.part(part, load)) && done;
    }
    return done;
  }

  private async part(part: IndexPart, load: LoadEntity): Promise<boolean> {
    const { store, writes, shard, fence } = this.options;
    let done = true;
    for (let after: IndexEntry | null = null; ;) {
      const page: readonly IndexEntry[] = await store.entries(shard, part, after, INDEX_PAGE_ENTRIES);
      for (let at = 0; at < page.length && writes.open; at += RELIST_IN_FLIGHT) {
        const some = page.slice(at, at + RELIST_IN_FLIGHT);
        const listed = await Promise.all(some.map(({ key }) => this.one(key, load)));
        done &&= listed.every((one) => one);
        await writes.pause(RELIST_PAUSE_MS);
      }
      after = page.at(-1) ?? null;
      if (after === null || page.length < INDEX_PAGE_ENTRIES) break;
    }
    return done && (await fence()) && (await dropPart(store, writes, shard, part));
  }

  private async one(key: EntityKey, load: LoadEntity): Promise<boolean> {
    await load(key);
    return this.options.isListed(key);
  }
}

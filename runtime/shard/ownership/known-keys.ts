/**
 * Known keys: what one epoch knows of the keys it has touched.
 *
 * Owns: one first touch per key at a time, each key's tail, base and bucket in memory, reading its chain again.
 * Does not own: how a key is touched (`first-touch`), appending (`owned-session`).
 *
 * Invariants: a key that is being written or read stays known; one that was put out is touched again at its next use,
 * and finds its own epoch's tail (C6). There is room for more keys than may be in memory, so that one that was found
 * without history is not touched again, and finds a late row, while an activation goes on from nothing.
 */

import { ROW_KIND } from '../../../framework/core/history';
import { assert } from '../../../framework/assert';
import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';
import { KNOWN_KEYS } from '../../config';
import type { Pointer } from '../../ports/cluster-store';
import type { EntityIndex } from '../../ports/history-store';
import type { Linked, Place } from './chain';
import { chainTo } from './chain';
import type { Touched, Toucher } from './first-touch';
import { bucketAfter, firstTouch, readBuckets } from './first-touch';

export interface Known {
  /** The last row at quorum; null as long as there is no history. */
  tail: Place | null;
  /** Of the next row. */
  bucket: number;
  /** The last snapshot; null without one. */
  base: Pointer | null;
  /** Where the stored pointer leads, as far as this epoch knows. */
  pointer: Pointer | null;
  index: EntityIndex | null;
  /** Rows of the first touch, for the load that asked for it. */
  fresh: readonly Linked[] | null;
  /** Uses that are not over. */
  busy: number;
  readonly row: DirectoryRow;
}

/** What an epoch knows of a key's row in the directory (C10). */
export interface DirectoryRow {
  /** The greatest stamp that may stand; null if that must be read first. */
  stamp: number | null;
  /** What this epoch has listed, at quorum. */
  listed: EntityIndex | null;
  /** When, by the monotonic clock. */
  atMs: number;
}

export class KnownKeys {
  /** Least recently used first. */
  private readonly keys = new Map<string, Known>();
  private readonly touching = new Map<string, Promise<Known>>();

  constructor(private readonly toucher: Toucher) {}

  /** As far as the key is known; null for one that was not touched yet. */
  peek(key: EntityKey): Known | null {
    return this.keys.get(textOf(key)) ?? null;
  }

  /** Rejects as a first touch does. */
  know(key: EntityKey): Promise<Known> {
    const text = textOf(key);
    const known = this.keys.get(text);
    if (known !== undefined) {
      this.keys.delete(text);
      this.keys.set(text, known);
      return Promise.resolve(known);
    }
    let touching = this.touching.get(text);
    if (touching === undefined) {
      touching = this.touch(key, text).finally(() => this.touching.delete(text));
      this.touching.set(text, touching);
    }
    return touching;
  }

  /** Runs `use` while the key stays known. */
  async use<T>(key: EntityKey, use: (known: Known) => Promise<T>): Promise<T> {
    const known = await this.know(key);
    known.busy += 1;
    try {
      return await use(known);
    } finally {
      known.busy -= 1;
    }
  }

  /** The rows from `base`, or from `fromSeq`, to the tail, read again. */
  async chain(key: EntityKey, known: Known, base: Pointer | null, fromSeq = 1): Promise<readonly Linked[]> {
    const { tail, bucket: through } = known;
    if (tail === null) return [];
    const from = { bucket: base?.bucket ?? 0, seq: Math.max(base?.seq ?? 1, fromSeq), through };
    const found = await readBuckets(this.toucher.store, key, from);
    const rows = chainTo(found, tail, base, fromSeq);
    assert(rows !== null, `${keyText(key)}: every row below one at quorum is at quorum`);
    return rows;
  }

  private async touch(key: EntityKey, text: string): Promise<Known> {
    const touched = await firstTouch(this.toucher, key);
    const known = touched === null ? unknown() : knownOf(touched);
    this.keys.set(text, known);
    if (this.keys.size > KNOWN_KEYS) this.putOut();
    return known;
  }

  private putOut(): void {
    for (const [text, known] of this.keys) {
      if (known.busy > 0) continue;
      this.keys.delete(text);
      return;
    }
  }
}

function unknown(): Known {
  const row = { stamp: 0, listed: null, atMs: -Infinity };
  return { tail: null, bucket: 0, base: null, pointer: null, index: null, fresh: null, busy: 0, row };
}

/** Of a key that cannot be touched, for its history is corrupt. */
export function detached(): Known {
  const known = unknown();
  known.row.stamp = null;
  return known;
}

function knownOf({ rows, pointer, fenced }: Touched): Known {
  const tail = rows.at(-1);
  assert(tail !== undefined, 'an adopted chain has rows');
  const snapshot = rows.findLast(({ row }) => row.kind === ROW_KIND.snapshot);
  const base = snapshot === undefined ? null : placeOf(snapshot);
  const place = { seq: tail.row.seq, epoch: tail.row.epoch };
  const known = fenced ? unknown() : detached();
  return { ...known, tail: place, bucket: bucketAfter(tail), base, pointer, fresh: rows };
}

function placeOf({ row, bucket }: Linked): Pointer {
  return { seq: row.seq, epoch: row.epoch, bucket };
}

export function textOf({ namespace, type, id }: EntityKey): string {
  return `${namespace}\0${type}\0${id}`;
}

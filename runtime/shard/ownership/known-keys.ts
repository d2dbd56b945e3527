/**
 * Known keys: what one epoch knows of the keys it has touched.
 *
 * Owns: one first touch per key at a time, what is kept of it in memory, and who is put out.
 * Does not own: how a key is touched (`first-touch`), its history (`key-history`), appending (`owned-session`).
 *
 * Invariants: a key that is being written or read stays known; one that was put out is touched again at its next use,
 * and finds its own epoch's tail (C6). There is room for more keys than may be in memory, so that one that was found
 * without history is not touched again, and finds a late row, while an activation goes on from nothing.
 */

import { ROW_KIND } from '../../../framework/core/history';
import type { EntityKey } from '../../../framework/model/identity';
import { KNOWN_KEYS, PAGE_BYTES, PAGE_ROWS } from '../../config';
import type { EntityIndex, LoadedPage, Row } from '../../ports/history-store';
import type { TouchedKey } from './build-touches';
import { lastTouchIn } from './build-touches';
import type { Linked } from './chain';
import type { Touched, Toucher } from './first-touch';
import { firstTouch } from './first-touch';
import { KeyHistory } from './key-history';

export interface Known extends TouchedKey {
  readonly history: KeyHistory;
  index: EntityIndex | null;
  /** The page that a load begins with, for the one that asked for the first touch. */
  fresh: LoadedPage | null;
  /** A pointer is on its way behind a snapshot. */
  following: boolean;
  /** A row is on its way: there is one of a seq, whatever becomes of whoever made it (C5). */
  appending: boolean;
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

  private async touch(key: EntityKey, text: string): Promise<Known> {
    const touched = await firstTouch(this.toucher, key);
    const known = touched === null ? unknown() : knownOf(key, touched);
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
  return {
    history: KeyHistory.empty(),
    index: null,
    fresh: null,
    following: false,
    appending: false,
    busy: 0,
    row,
    lastTouch: null,
    touchedBy: null,
  };
}

/** Of a key that cannot be touched, for its history is corrupt. */
export function detached(): Known {
  const known = unknown();
  known.row.stamp = null;
  return known;
}

function knownOf(key: EntityKey, { rows, pointer, fenced }: Touched): Known {
  const known = fenced ? unknown() : detached();
  const lastTouch = lastTouchIn(key, rows);
  return { ...known, history: KeyHistory.of(rows, pointer), fresh: firstPage(rows), lastTouch };
}

/** A load begins at the last snapshot: what is before it does not count any more (S24). */
function firstPage(rows: readonly Linked[]): LoadedPage {
  const from = Math.max(
    rows.findLastIndex(({ row }) => row.kind === ROW_KIND.snapshot),
    0,
  );
  const page: Row[] = [];
  let bytes = 0;
  for (const { row } of rows.slice(from)) {
    bytes += row.bytes.length;
    if (page.length === PAGE_ROWS || (page.length > 0 && bytes > PAGE_BYTES)) return { rows: page, next: row.seq };
    page.push(row);
  }
  return { rows: page, next: null };
}

export function textOf({ namespace, type, id }: EntityKey): string {
  return `${namespace}\0${type}\0${id}`;
}

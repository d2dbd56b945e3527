/**
 * Chain: which of the rows found for a key are its history (C6).
 *
 * Owns: choosing the tail among rows of several epochs, and what a successor must write again.
 * Does not own: reading or writing rows, what a record says beyond its links.
 *
 * Why there is a choice: a host that lost its shard may have written a row that only one replica has, or that arrives
 * after its successor read. Such a row is part of the history only if a successor adopted it, and then the successor's
 * own FENCE stands above it. So the tail is the greatest (epoch, seq) whose links lead back to the base; whatever does
 * not lead there was never acknowledged and is skipped.
 */

import { sameBytes } from '../../../framework/codec/fields';
import { ROW_KIND } from '../../../framework/core/history';
import type { Link } from '../../../framework/core/history';
import { isPlanted } from '../../../framework/planted-bugs';
import type { Row } from '../../ports/history-store';

/** A row with its place in a chain: what it follows, and its own hash. */
export interface Linked {
  readonly row: Row;
  /** As it lies in its bucket: the row itself, or a stub (`wide-rows`). */
  readonly stored: Row;
  readonly bucket: number;
  readonly prev: Link | null;
  readonly hash: Uint8Array;
}

/** A row's place: no two rows of a key share one, whatever their buckets. */
export interface Place {
  readonly seq: number;
  readonly epoch: number;
}

export interface Adopted {
  /** From the base to the tail, in order. */
  readonly rows: readonly Linked[];
  /** To be written again before one's own FENCE: the last row with content, and the FENCE rows above it. */
  readonly rewrite: readonly Linked[];
}

/** A chain begins at `base`: the row a pointer names, or null for a key's first row. Null when none closes there. */
export function adopt(found: readonly Linked[], base: Place | null): Adopted | null {
  const byPlace = placed(found);
  const newestFirst = [...found].sort((a, b) => b.row.epoch - a.row.epoch || b.row.seq - a.row.seq);
  for (const tail of newestFirst) {
    const rows = trace(tail, byPlace, base);
    if (rows !== null) return { rows, rewrite: toRewrite(rows) };
  }
  return null;
}

/** The rows that lead down from a link, the lowest found first; none when what it names is not there. */
export function chainDown(found: readonly Linked[], from: Link): Linked[] {
  const byPlace = placed(found);
  const rows: Linked[] = [];
  for (let next: Link | null = from; next !== null;) {
    const row = byPlace.get(placeText(next));
    if (row === undefined || !sameBytes(row.hash, next.hash)) break;
    rows.push(row);
    next = row.prev;
  }
  return rows.reverse();
}

/** Where the row after this one stands. */
export function bucketAfter({ row, bucket }: { readonly row: Row; readonly bucket: number }): number {
  return row.kind === ROW_KIND.seal ? bucket + 1 : bucket;
}

function trace(tail: Linked, byPlace: ReadonlyMap<string, Linked>, base: Place | null): Linked[] | null {
  const rows = [tail];
  for (let at = tail; !isBase(at, base);) {
    const { prev } = at;
    const before = prev === null ? undefined : byPlace.get(placeText(prev));
    if (prev === null || before === undefined) return null;
    if (before.row.seq !== at.row.seq - 1 || !isNamedBy(prev, before)) return null;
    rows.push(before);
    at = before;
  }
  return rows.reverse();
}

function isNamedBy(link: Link, { hash }: Linked): boolean {
  return sameBytes(hash, link.hash) || isPlanted('links-not-followed');
}

function isBase({ row, prev }: Linked, base: Place | null): boolean {
  return base === null ? prev === null && row.seq === 1 : row.seq === base.seq && row.epoch === base.epoch;
}

function toRewrite(rows: readonly Linked[]): readonly Linked[] {
  let from = rows.length - 1;
  while (from > 0 && rows[from]?.row.kind === ROW_KIND.fence) from -= 1;
  return rows.slice(from, isPlanted('rewrite-without-fences') ? from + 1 : rows.length);
}

function placed(found: readonly Linked[]): Map<string, Linked> {
  return new Map(found.map((linked) => [placeText(linked.row), linked]));
}

function placeText({ seq, epoch }: Place): string {
  return isPlanted('links-not-followed') ? `${seq}` : `${epoch}.${seq}`;
}

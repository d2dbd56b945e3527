/**
 * Entry scan: entries of several parts of the index as one list.
 *
 * Owns: reading pages as they are needed, and merging them by (at, key). Does not own: which parts, what an entry means.
 */

import type { EntityKey } from '../../../framework/model/identity';
import type { IndexEntry, IndexPart } from '../../ports/cluster-store';
import { compareText } from '../../ports/query';

export type ReadEntries = (part: IndexPart, after: IndexEntry | null, limit: number) => Promise<readonly IndexEntry[]>;

export interface Slice {
  readonly part: IndexPart;
  /** Entries after this one; all when null. */
  readonly after: IndexEntry | null;
}

export interface Found {
  readonly entry: IndexEntry;
  readonly part: IndexPart;
}

/** An entry before all others of its time. */
export function startOf(at: number): IndexEntry {
  return { at, key: { namespace: '', type: '', id: '' } };
}

/** The first pages of all slices are read at once. */
export async function* inOrder(
  read: ReadEntries,
  slices: readonly Slice[],
  pageEntries: number,
): AsyncGenerator<Found, void> {
  const streams = slices.map((slice) => new Stream(read, slice, pageEntries));
  await Promise.all(streams.map((stream) => stream.fill()));
  for (;;) {
    let first: Stream | null = null;
    for (const stream of streams) if (stream.isBefore(first)) first = stream;
    const entry = first?.head ?? null;
    if (first === null || entry === null) return;
    yield { entry, part: first.slice.part };
    first.shift();
    if (first.head === null) await first.fill();
  }
}

class Stream {
  private page: readonly IndexEntry[] = [];
  private at = 0;
  private ended = false;

  constructor(
    private readonly read: ReadEntries,
    readonly slice: Slice,
    private readonly pageEntries: number,
  ) {}

  get head(): IndexEntry | null {
    return this.page[this.at] ?? null;
  }

  shift(): void {
    this.at += 1;
  }

  isBefore(other: Stream | null): boolean {
    const mine = this.head;
    if (mine === null) return false;
    const its = other?.head ?? null;
    return its === null || (mine.at - its.at || compareKeys(mine.key, its.key)) < 0;
  }

  /** Reads the next page, when there may be one. */
  async fill(): Promise<void> {
    if (this.ended) return;
    const { slice, pageEntries } = this;
    this.page = await this.read(slice.part, this.page.at(-1) ?? slice.after, pageEntries);
    this.at = 0;
    this.ended = this.page.length < pageEntries;
  }
}

function compareKeys(a: EntityKey, b: EntityKey): number {
  return compareText(a.namespace, b.namespace) || compareText(a.type, b.type) || compareText(a.id, b.id);
}

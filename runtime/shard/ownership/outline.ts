/**
 * Outline: of a key's chain, which epoch each row is of and which bucket it stands in (C6, C8).
 *
 * Owns: two short lists. Along a chain epochs only rise, for whoever writes stands above what it has adopted, and buckets
 * only follow one another: so a row's place is known from where each epoch and each bucket begins.
 * Does not own: which rows form the chain (`chain`), reading them (`history-pages`).
 *
 * With it a page is read forward: a row of another epoch at the same seq is no part of the history.
 */

import { assert } from '../../../framework/assert';

export interface OutlinedRow {
  readonly seq: number;
  readonly epoch: number;
  readonly bucket: number;
}

/** Rows from a seq on, up to the next stretch, share a number. */
interface Stretch {
  readonly from: number;
  readonly is: number;
}

export class Outline {
  private epochs: Stretch[] = [];
  private buckets: Stretch[] = [];

  /** The least seq it knows; Infinity while it is empty. */
  get first(): number {
    return this.epochs[0]?.from ?? Infinity;
  }

  /** The row above the last one. */
  add({ seq, epoch, bucket }: OutlinedRow): void {
    extend(this.epochs, seq, epoch);
    extend(this.buckets, seq, bucket);
  }

  /** Rows right below the first one, in order. */
  prepend(rows: readonly OutlinedRow[]): void {
    const { epochs, buckets } = this;
    this.epochs = [];
    this.buckets = [];
    for (const row of rows) this.add(row);
    for (const { from, is } of epochs) extend(this.epochs, from, is);
    for (const { from, is } of buckets) extend(this.buckets, from, is);
  }

  /** Forgets the rows below a bucket that it knows from its beginning on. */
  cut(bucket: number): void {
    const start = this.buckets.find(({ is }) => is === bucket)?.from;
    if (start === undefined) return;
    this.epochs = cutAt(this.epochs, start);
    this.buckets = cutAt(this.buckets, start);
  }

  epochOf(seq: number): number {
    return stretchOf(this.epochs, seq).is;
  }

  bucketOf(seq: number): number {
    return stretchOf(this.buckets, seq).is;
  }
}

function extend(stretches: Stretch[], from: number, is: number): void {
  if (stretches.at(-1)?.is !== is) stretches.push({ from, is });
}

function cutAt(stretches: readonly Stretch[], from: number): Stretch[] {
  return [{ from, is: stretchOf(stretches, from).is }, ...stretches.filter((stretch) => stretch.from > from)];
}

function stretchOf(stretches: readonly Stretch[], seq: number): Stretch {
  let low = 0;
  let high = stretches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stretches[middle]?.from ?? Infinity) <= seq) low = middle + 1;
    else high = middle;
  }
  const found = stretches[low - 1];
  assert(found !== undefined, () => `row ${seq} is not below the outline`);
  return found;
}

/**
 * Replica: the cells of one node, merged as Cassandra merges them.
 *
 * Owns: last write wins per cell, its ties, deletions, what a slice holds.
 * Does not own: how mutations reach it (`replica-set`), which cells make a row of the port (`sim-store`).
 *
 * Invariants:
 * 1. A greater timestamp wins; on a tie a deletion wins over a value, and of two values the greater. So the order in
 *    which mutations come, and how often each does, changes nothing.
 * 2. A mutation of one partition is applied whole. A deletion of the partition is a cell before all others: what is not
 *    newer is gone, and does not come back when it comes late.
 * 3. Cells are never changed: replicas share them, and equal ones are found by reference first.
 */

export type CellValue = Uint8Array | string | number;

export interface Cell {
  /** Clustering: first by `major`, then by `minor` (numbers before texts; of texts by UTF-16 code units). */
  readonly major: number;
  readonly minor: number | string;
  readonly timestamp: number;
  /** Null: deleted. */
  readonly value: CellValue | null;
}

/** The `major` of a partition's deletion. */
export const WHOLE_PARTITION = -Infinity;

export interface Mutation {
  readonly partition: string;
  /** In clustering order or not; at most one per place. */
  readonly cells: readonly Cell[];
}

export interface Slice {
  readonly partition: string;
  /** Cells from this `major` on, and the partition's deletion. */
  readonly fromMajor: number;
}

interface Partition {
  readonly cells: Cell[];
  /** When the first mutation of it came. */
  readonly sinceMs: number;
  /** How many mutations had come to the replica with the last one of this partition. */
  state: number;
}

export class Replica {
  #partitions = new Map<string, Partition>();
  #mutations = 0;

  constructor(readonly number: number) {}

  apply({ partition, cells }: Mutation, nowMs = 0): void {
    let kept = this.#partitions.get(partition);
    if (kept === undefined) this.#partitions.set(partition, (kept = { cells: [], sinceMs: nowMs, state: 0 }));
    kept.state = this.#mutations += 1;
    for (const cell of cells) put(kept.cells, cell);
  }

  /** Another one whenever something has come to the partition; 0 while nothing has. */
  state(partition: string): number {
    return this.#partitions.get(partition)?.state ?? 0;
  }

  /** From when on something has stood in the partition; Infinity while nothing does. */
  sinceMs(partition: string): number {
    return this.#partitions.get(partition)?.sinceMs ?? Infinity;
  }

  /** Deletions included, in clustering order; a copy. */
  read({ partition, fromMajor }: Slice): readonly Cell[] {
    const kept = this.#partitions.get(partition)?.cells;
    if (kept === undefined) return [];
    const rest = kept.slice(fromMajor === -Infinity ? 0 : placeOf(kept, fromMajor, -Infinity));
    const deletion = deletionIn(kept);
    return deletion === null || rest[0] === deletion ? rest : [deletion, ...rest];
  }

  /** Loses everything: a node that came back on an empty disk and takes part as if it had not. */
  forget(): void {
    this.#partitions = new Map();
  }
}

/** Both lists merged, in clustering order. */
export function mergeCells(a: readonly Cell[], b: readonly Cell[]): readonly Cell[] {
  if (a.length === b.length && a.every((cell, i) => cell === b[i])) return a;
  const merged: Cell[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    const order = left === undefined ? 1 : right === undefined ? -1 : comparePlaces(left, right.major, right.minor);
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
    const winner = order < 0 ? left : order > 0 ? right : winnerOf(left as Cell, right as Cell);
    merged.push(winner as Cell);
  }
  const deletion = deletionIn(merged);
  return deletion === null ? merged : merged.filter((cell) => cell === deletion || cell.timestamp > deletion.timestamp);
}

/** What of `merged` a replica that answered `own` lacks; both in clustering order. */
export function missingFrom(own: readonly Cell[], merged: readonly Cell[]): readonly Cell[] {
  if (own === merged) return [];
  const missing: Cell[] = [];
  let i = 0;
  for (const cell of merged) {
    while (i < own.length && comparePlaces(own[i] as Cell, cell.major, cell.minor) < 0) i += 1;
    const mine = own[i];
    const here = mine !== undefined && comparePlaces(mine, cell.major, cell.minor) === 0;
    if (here) i += 1;
    if (!here || !sameCell(mine, cell)) missing.push(cell);
  }
  return missing;
}

function put(kept: Cell[], cell: Cell): void {
  const deletion = deletionIn(kept);
  if (deletion !== null && cell.timestamp <= deletion.timestamp) return;
  if (cell.major === WHOLE_PARTITION) {
    const newer = kept.filter(({ timestamp }) => timestamp > cell.timestamp);
    kept.splice(0, kept.length, cell, ...newer);
    return;
  }
  const last = kept.at(-1);
  if (last === undefined || comparePlaces(last, cell.major, cell.minor) < 0) {
    kept.push(cell);
    return;
  }
  const at = placeOf(kept, cell.major, cell.minor);
  const old = kept[at];
  if (old !== undefined && comparePlaces(old, cell.major, cell.minor) === 0) kept[at] = winnerOf(old, cell);
  else kept.splice(at, 0, cell);
}

function deletionIn(kept: readonly Cell[]): Cell | null {
  const [first] = kept;
  return first?.major === WHOLE_PARTITION ? first : null;
}

/** Where the first cell at or after the place stands. */
function placeOf(kept: readonly Cell[], major: number, minor: number | string): number {
  let low = 0;
  let high = kept.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePlaces(kept[middle] as Cell, major, minor) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function comparePlaces(cell: Cell, major: number, minor: number | string): number {
  if (cell.major !== major) return cell.major - major;
  const own = cell.minor;
  if (own === minor) return 0;
  if (typeof own !== typeof minor) return typeof own === 'number' ? -1 : 1;
  return own < minor ? -1 : 1;
}

/** The one that stays; `a` where nothing tells them apart. */
function winnerOf(a: Cell, b: Cell): Cell {
  if (a === b) return a;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp ? a : b;
  if (a.value === null) return a;
  return b.value === null || compareCellValues(b.value, a.value) > 0 ? b : a;
}

function sameCell(a: Cell, b: Cell): boolean {
  if (a === b) return true;
  if (a.timestamp !== b.timestamp) return false;
  if (a.value === null || b.value === null) return a.value === b.value;
  return compareCellValues(a.value, b.value) === 0;
}

function compareCellValues(a: CellValue, b: CellValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a === b ? 0 : a < b ? -1 : 1;
  return Buffer.compare(bytesOf(a), bytesOf(b));
}

function bytesOf(value: CellValue): Uint8Array {
  return typeof value === 'object' ? value : Buffer.from(String(value));
}

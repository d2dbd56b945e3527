/**
 * Due queue: things ordered by when they are due, equal times in the order they were added.
 *
 * Owns: a binary heap whose entries can be removed, so that any number of waiting things cost one timer in all.
 * Does not own: a clock. `at` is a number of whichever clock the owner compares it with.
 *
 * Invariants: add, remove and take are O(log n); a removed or taken entry has `slot` -1 and may be removed again.
 */

export interface DueEntry<T> {
  readonly at: number;
  readonly value: T;
}

interface Node<T> extends DueEntry<T> {
  readonly order: number;
  /** Place in the heap, -1 outside it. */
  slot: number;
}

export class DueQueue<T> {
  private readonly heap: Node<T>[] = [];
  private added = 0;

  get size(): number {
    return this.heap.length;
  }

  /** When the earliest entry is due; Infinity when there is none. */
  get nextAt(): number {
    return this.heap[0]?.at ?? Infinity;
  }

  add(at: number, value: T): DueEntry<T> {
    const node: Node<T> = { at, value, order: (this.added += 1), slot: this.heap.length };
    this.heap.push(node);
    this.rise(node);
    return node;
  }

  /** True when the entry was still waiting. */
  remove(entry: DueEntry<T>): boolean {
    const node = entry as Node<T>;
    const slot = node.slot;
    if (slot < 0 || this.heap[slot] !== node) return false;
    const last = this.heap.pop() as Node<T>;
    node.slot = -1;
    if (last !== node) {
      last.slot = slot;
      this.heap[slot] = last;
      this.rise(last);
      this.sink(last);
    }
    return true;
  }

  /** Takes the earliest entry that is due at `now`, null when none is. */
  take(now: number): DueEntry<T> | null {
    const first = this.heap[0];
    if (first === undefined || first.at > now) return null;
    this.remove(first);
    return first;
  }

  clear(): void {
    for (const node of this.heap) node.slot = -1;
    this.heap.length = 0;
  }

  private rise(node: Node<T>): void {
    while (node.slot > 0) {
      const parent = this.heap[(node.slot - 1) >> 1] as Node<T>;
      if (!before(node, parent)) return;
      this.swap(node, parent);
    }
  }

  private sink(node: Node<T>): void {
    for (;;) {
      const left = this.heap[2 * node.slot + 1];
      const right = this.heap[2 * node.slot + 2];
      if (left === undefined) return;
      const least = right !== undefined && before(right, left) ? right : left;
      if (!before(least, node)) return;
      this.swap(least, node);
    }
  }

  private swap(a: Node<T>, b: Node<T>): void {
    const slot = a.slot;
    a.slot = b.slot;
    b.slot = slot;
    this.heap[a.slot] = a;
    this.heap[b.slot] = b;
  }
}

function before<T>(a: Node<T>, b: Node<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

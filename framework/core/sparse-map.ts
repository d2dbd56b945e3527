/**
 * Sparse map: a Map for what most entities have none or one of, of which there are a hundred thousand in memory (P11).
 *
 * Owns: the first entry inline, the others in a Map that is there only while there are others.
 * Invariant: entries are in the order of their insertion, as in a Map; what `values` gives is not changed by later writes.
 */

const NONE = Symbol('none');

export class SparseMap<K, V> {
  private key: K | typeof NONE = NONE;
  private value: V | undefined = undefined;
  private rest: Map<K, V> | null = null;

  get size(): number {
    return (this.key === NONE ? 0 : 1) + (this.rest?.size ?? 0);
  }

  get(key: K): V | undefined {
    return this.key === key ? this.value : this.rest?.get(key);
  }

  set(key: K, value: V): void {
    if (this.key === key || (this.key === NONE && this.rest === null)) {
      this.key = key;
      this.value = value;
    } else (this.rest ??= new Map<K, V>()).set(key, value);
  }

  delete(key: K): void {
    if (this.key === key) {
      this.key = NONE;
      this.value = undefined;
    } else if (this.rest?.delete(key) && this.rest.size === 0) this.rest = null;
  }

  values(): readonly V[] {
    const first = this.key === NONE ? EMPTY : [this.value as V];
    return this.rest === null ? first : [...first, ...this.rest.values()];
  }
}

const EMPTY: readonly never[] = [];

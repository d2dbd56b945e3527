/**
 * Key cache: number and tail of the entities written lately, and the index of those whose index changed.
 *
 * Owns: a bounded map in two generations: what was used since the younger one began survives its turning old. Cheaper
 * per use than an exact order of use, with the same bound. Does not own: what is true; the caller writes through.
 */

export interface CachedEntity {
  readonly no: number;
  readonly namespace: number;
  readonly type: number;
  readonly id: string;
  /** Seq of the last row. */
  tail: number;
  /** The index as JSON, as it stands in the table; null until it was needed. */
  doc: string | null;
}

export class KeyCache {
  private young = new Map<string, CachedEntity>();
  private old = new Map<string, CachedEntity>();

  /** Holds at most `capacity` entities. */
  constructor(private readonly capacity: number) {}

  get(name: string): CachedEntity | undefined {
    const entity = this.young.get(name);
    if (entity) return entity;
    const older = this.old.get(name);
    if (older) this.set(name, older);
    return older;
  }

  set(name: string, entity: CachedEntity): void {
    if (this.young.size >= this.capacity / 2) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(name, entity);
  }
}

/**
 * Known wakes: what wakes the entities of a shard, as far as one epoch has read or written their histories.
 *
 * Owns: the due time and open work of each, where its timer's entry of this epoch stands, what is being written.
 * Does not own: entries in the store (`shard-index`).
 *
 * Invariants: what is known was at quorum, entry and turn, when it became known; an entry that stands elsewhere than
 * where its entity's does is done. The oldest are forgotten: their entries are looked at once more.
 */

import type { EntityKey } from '../../../framework/model/identity';
import { KNOWN_KEYS } from '../../config';
import type { IndexEntry } from '../../ports/cluster-store';

export interface Wake {
  readonly wakeAt: number | null;
  readonly open: boolean;
  /** Where the entry of this epoch stands; null without a timer, or when the timer counts as open work. */
  readonly at: number | null;
}

export class KnownWakes {
  private readonly known = new Map<string, Wake>();
  /** Entries that were issued, and the turn is not acknowledged yet. */
  private readonly pending = new Map<string, Wake>();
  /** Entities that are not known and count as open work: their timers are done. */
  private readonly parked = new Set<string>();
  /** Least place of an entry that is being written now, or was since `watch`. */
  private least = Infinity;
  /** Entities known with open work, and entries of open work whose entity has none any more. */
  open = 0;
  closed = 0;

  get(key: EntityKey): Wake | undefined {
    return this.known.get(textOf(key));
  }

  isPending(key: EntityKey): boolean {
    return this.pending.has(textOf(key));
  }

  /** Its entries are about to be issued. */
  begin(key: EntityKey, wake: Wake): void {
    this.pending.set(textOf(key), wake);
    if (wake.at !== null) this.least = Math.min(this.least, wake.at);
  }

  /** Its turn is acknowledged, or its history was adopted; `otherwise` when nothing was begun. */
  settle(key: EntityKey, otherwise: Wake): void {
    const text = textOf(key);
    const wake = this.pending.get(text) ?? otherwise;
    this.pending.delete(text);
    this.parked.delete(text);
    this.put(text, wake);
    if (this.known.size <= KNOWN_KEYS) return;
    for (const [oldest, { open }] of this.known) {
      this.known.delete(oldest);
      if (open) this.open -= 1;
      return;
    }
  }

  /** The turn was refused: its entries are spurious. */
  abandon(key: EntityKey): void {
    this.pending.delete(textOf(key));
  }

  /** It stands among open work now, so its timers are done; nothing when it is being written meanwhile. */
  park(key: EntityKey): void {
    const text = textOf(key);
    const wake = this.known.get(text);
    if (this.pending.has(text)) return;
    if (wake === undefined) this.parked.add(text);
    else this.put(text, { ...wake, open: true, at: null });
  }

  /** True when the entry wakes nobody any more. */
  isDone({ at, key }: IndexEntry): boolean {
    const text = textOf(key);
    const wake = this.known.get(text);
    return wake === undefined ? this.parked.has(text) : wake.at !== at;
  }

  /** True when the entity is known to have no open work, and gets none now. */
  isIdle(key: EntityKey): boolean {
    return this.get(key)?.open === false && !this.isPending(key);
  }

  /** Entries that are being written now, or will be begun from now on, count for `leastSince`. */
  watch(): void {
    this.least = Infinity;
    for (const { at } of this.pending.values()) if (at !== null) this.least = Math.min(this.least, at);
  }

  get leastSince(): number {
    return this.least;
  }

  private put(text: string, wake: Wake): void {
    const before = this.known.get(text)?.open === true;
    this.known.delete(text);
    this.known.set(text, wake);
    if (wake.open !== before) this.open += before ? -1 : 1;
    if (before && !wake.open) this.closed += 1;
  }
}

function textOf({ namespace, type, id }: EntityKey): string {
  return `${namespace}\0${type}\0${id}`;
}

/**
 * Index care: what is done for a shard's index in the background, a bounded piece at a time (C9).
 *
 * Owns: when; moving the watermark. Does not own: where it stands (`watermarks`), old parts (`consolidation`).
 *
 * Invariants:
 * 1. The watermark passes an entry only if it is done: the turn that fired it is acknowledged, and a session read that
 *    began after that says alive; or its entity counts as open work. It passes none that is being written, and stays
 *    behind the clock, so that a timer set for now is not at or behind it.
 * 2. Nothing is armed while there is nothing to do, and nothing begins once the epoch is closed.
 */

import { isPerdureError, PerdureError } from '../../../framework/errors';
import { isPlanted } from '../../../framework/planted-bugs';
import { INDEX_CARE_MS, INDEX_PAGE_ENTRIES, WATERMARK_LAG_MS, WATERMARK_MS, WATERMARK_PAGES } from '../../config';
import type { Consolidation, IndexBounds, Shared } from './consolidation';
import type { ReadEntries } from './entry-scan';
import { inOrder, startOf } from './entry-scan';

/** Runs when no read of the index does. */
type Alone = (work: () => Promise<void>) => Promise<void>;

export class IndexCare {
  private armed = false;

  constructor(
    private readonly shared: Shared,
    private readonly moving: Consolidation,
    private readonly alone: Alone,
    private readonly bounds: IndexBounds = {},
  ) {}

  /** There may be something to do. */
  wake(): void {
    const { owner } = this.shared;
    if (this.armed || !owner.writes.open) return;
    const soon = this.moving.due;
    if (!soon && !this.mayAdvance) return;
    this.armed = true;
    void owner.writes.pause(soon ? INDEX_CARE_MS : (this.bounds.watermarkMs ?? WATERMARK_MS)).then(() => this.run());
  }

  private get mayAdvance(): boolean {
    const { watermarks, parts } = this.shared;
    return watermarks.behind > watermarks.issued && parts.of('timer').length > 0;
  }

  private async run(): Promise<void> {
    const { owner } = this.shared;
    try {
      await this.alone(() => this.turn());
    } catch (error) {
      if (!isPerdureError(error) || error.code !== 'unavailable') {
        const fact = 'the index of a shard could not be cared for';
        owner.guard.die(new PerdureError('internal', `${fact}: the session ends`, { cause: error }));
      }
    }
    this.armed = false;
    this.wake();
  }

  private async turn(): Promise<void> {
    if (!this.shared.owner.writes.open) return;
    if (this.mayAdvance) await this.advance();
    if (!(await this.moving.clear())) return;
    if (this.moving.due) await this.moving.step();
    await this.moving.forget();
  }

  private async advance(): Promise<void> {
    const { owner, wakes, watermarks } = this.shared;
    wakes.watch();
    const to = await this.doneUpTo(Math.floor(owner.clock.now() - (this.bounds.watermarkLagMs ?? WATERMARK_LAG_MS)));
    if (to <= watermarks.issued || !(await owner.guard.confirm())) return;
    const at = Math.min(to, wakes.leastSince - 1);
    if (at > watermarks.issued && owner.writes.open) await watermarks.raise(at);
  }

  /** The place up to which every entry is done, at most `until`. */
  private async doneUpTo(until: number): Promise<number> {
    const { owner, wakes, watermarks, parts, buckets } = this.shared;
    const read: ReadEntries = (part, after, limit) => owner.store.entries(owner.shard, part, after, limit);
    const slices = parts.of('timer').flatMap((part) => {
      const start = watermarks.passed(part.epoch) + 1;
      const { from, to } = buckets.stretchOf(part.bucket);
      return from <= until && to > start ? [{ part, after: startOf(start) }] : [];
    });
    const early = isPlanted('watermark-before-firing');
    let left = WATERMARK_PAGES * INDEX_PAGE_ENTRIES;
    for await (const { entry } of inOrder(read, slices, INDEX_PAGE_ENTRIES)) {
      if (entry.at > until) return until;
      left -= 1;
      if (left === 0 || !(early || wakes.isDone(entry))) return entry.at - 1;
    }
    return until;
  }
}

/**
 * Epoch writes: every write of one ownership of a shard goes through here (C4, C5).
 *
 * Owns: whether (shard, epoch) is open, how many writes have been issued and not answered for good, and repeating the
 * same bytes while an outcome is unknown. Does not own: what is written.
 *
 * Invariants:
 * 1. Nothing is issued once closed, and it never opens again. Whoever gives the shard back waits for `outstanding` to
 *    be 0 first.
 * 2. `refused` is told only of a first attempt: after an unknown one a refusal says nothing of the earlier copy.
 */

import { isPlanted } from '../../../framework/planted-bugs';
import { REWRITE_INITIAL_MS, REWRITE_MAXIMUM_MS } from '../../config';
import type { Clock } from '../../ports/clock';
import type { WriteOutcome } from '../../ports/cluster-store';
import type { SessionGuard } from './session-guard';

export class EpochWrites {
  outstanding = 0;
  private closed = false;
  private readonly pauses = new Set<() => void>();

  constructor(
    private readonly guard: SessionGuard,
    private readonly clock: Clock,
  ) {}

  get open(): boolean {
    return !this.closed && this.guard.alive;
  }

  close(): void {
    this.closed = true;
    for (const end of this.pauses) end();
  }

  /** Resolves after that time, or as soon as (shard, epoch) is closed: nothing of it waits any longer. */
  pause(ms: number): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        this.pauses.delete(end);
        cancel();
        resolve();
      };
      const cancel = this.clock.after(ms, end);
      this.pauses.add(end);
    });
  }

  /** `unknown`: the shard was closed, or the session died, before the store answered. */
  async once(write: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
    const hasty = async (): Promise<WriteOutcome> => ((await write()) === 'ok' ? 'ok' : 'refused');
    return this.repeat(isPlanted('unknown-as-refused') ? hasty : write, (outcome) => outcome === 'refused');
  }

  /** Repeats until the store has it; false when the shard was closed, or the session died, before. */
  async untilOk(write: () => Promise<WriteOutcome>): Promise<boolean> {
    return (await this.repeat(write, () => false)) === 'ok';
  }

  private async repeat(
    write: () => Promise<WriteOutcome>,
    final: (first: WriteOutcome) => boolean,
  ): Promise<WriteOutcome> {
    if (!this.open) return 'unknown';
    this.outstanding += 1;
    try {
      let outcome = await write();
      if (outcome === 'ok' || final(outcome)) return outcome;
      for (let pauseMs = REWRITE_INITIAL_MS; this.open; pauseMs = Math.min(pauseMs * 2, REWRITE_MAXIMUM_MS)) {
        await this.pause(pauseMs);
        if (!this.open) break;
        outcome = await write();
        if (outcome === 'ok') return 'ok';
      }
      return 'unknown';
    } finally {
      this.outstanding -= 1;
    }
  }
}

/**
 * Running table: what a store without shards keeps of steps that take their process with them, in memory (S20).
 *
 * Owns: which write to a row wins, and what a new session finds. The memory store is this; the embedded store keeps it
 * in a file (`embedded/running-file`).
 */

import { MAX_SUSPICIONS } from '../config';
import type { Running, RunningRow, RunningRows } from '../ports/watchdog';

/** No step has so great an order. */
const REMOVED = Number.MAX_SAFE_INTEGER;

/** One write: a row of a session, or that the session is stable. */
export type RunningWrite =
  { readonly epoch: number; readonly order: number; readonly running: Running | null } | { readonly stable: number };

export class RunningTable {
  private readonly rows = new Map<number, { readonly order: number; readonly running: Running | null }>();
  private stable = 0;

  apply(write: RunningWrite): void {
    if ('stable' in write) {
      this.stable = Math.max(this.stable, write.stable);
      return;
    }
    const { epoch, order, running } = write;
    if ((this.rows.get(epoch)?.order ?? -1) < order) this.rows.set(epoch, { order, running });
  }

  /** Rows that stand, oldest session first, as many as are kept. */
  standing(before: number): readonly RunningRow[] {
    const rows = [...this.rows].filter(([epoch]) => epoch < before).sort(([a], [b]) => a - b);
    const standing = rows.flatMap(([epoch, { running }]) => (running === null ? [] : [{ epoch, ...running }]));
    return standing.slice(-MAX_SUSPICIONS);
  }

  /** The rows of one session; `write` makes a write durable, and answers false when the session is over. */
  session(epoch: number, write: (write: RunningWrite) => Promise<boolean>): RunningRows {
    return {
      place: { shard: 0, epoch },
      left: this.standing(epoch),
      stable: this.stable,
      write: (order, running) => write({ epoch, order, running }),
      forget: async (rows) => {
        await Promise.all(rows.map((row) => write({ epoch: row.epoch, order: REMOVED, running: null })));
      },
      settle: async () => {
        await write({ stable: epoch });
      },
    };
  }

  /** All there is, as writes: what a file of it needs to hold. */
  writes(): readonly RunningWrite[] {
    const rows = this.standing(Infinity);
    return [
      { stable: this.stable },
      ...rows.map(({ epoch, key, input, build }) => ({ epoch, order: 0, running: { key, input, build } })),
    ];
  }
}

/**
 * Until ok: a write repeated, with growing pauses, until a quorum has it (C5). What is written is the same each time.
 */

import { REWRITE_INITIAL_MS, REWRITE_MAXIMUM_MS } from '../config';
import type { Clock } from '../ports/clock';
import type { WriteOutcome } from '../ports/cluster-store';

/** False when `wanted` said no before the store had it; nothing is known of the outcome then. */
export async function untilOk(
  clock: Clock,
  wanted: () => boolean,
  write: () => Promise<WriteOutcome>,
): Promise<boolean> {
  for (let pauseMs = REWRITE_INITIAL_MS; wanted(); pauseMs = Math.min(pauseMs * 2, REWRITE_MAXIMUM_MS)) {
    if ((await write()) === 'ok') return true;
    await pause(clock, pauseMs);
  }
  return false;
}

export function pause(clock: Clock, forMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(forMs, resolve));
}

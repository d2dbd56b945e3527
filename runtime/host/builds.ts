/**
 * Builds: the ordinal of this host's build, by which all hosts know the newer of two (S29).
 *
 * Owns: claiming it at a host's start, by one conditional write for each build there ever is. Does not own: what follows
 * from it (`placement`, `offers`).
 *
 * Invariant: a build has one ordinal for ever. The next free one is claimed only by a conditional write, and a claim that
 * was refused, or whose outcome is unknown, is settled by reading all again.
 */

import { isPlanted } from '../../framework/planted-bugs';
import { REWRITE_INITIAL_MS, REWRITE_MAXIMUM_MS } from '../config';
import type { Clock } from '../ports/clock';
import type { ClusterStore } from '../ports/cluster-store';
import { pause } from './until-ok';

/** Null when `wanted` said no before it was certain. Never rejects. */
export async function claimOrdinal(
  store: Pick<ClusterStore, 'builds' | 'casBuild'>,
  clock: Clock,
  build: string,
  wanted: () => boolean,
): Promise<number | null> {
  for (let pauseMs = REWRITE_INITIAL_MS; wanted(); pauseMs = Math.min(pauseMs * 2, REWRITE_MAXIMUM_MS)) {
    const builds = await store.builds().catch(() => null);
    if (builds !== null) {
      const known = builds.indexOf(build);
      if (known >= 0) return known + 1;
      const next = builds.length + 1;
      const outcome = isPlanted('ordinal-unclaimed') ? 'ok' : await store.casBuild(next, build);
      if (outcome === 'ok') return next;
    }
    await pause(clock, pauseMs);
  }
  return null;
}

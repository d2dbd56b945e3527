/**
 * Shrink: makes the list of choices of a failing run shorter, while it still fails.
 *
 * Owns: which lists are tried (delta debugging by halves, quarters, …, single choices). Does not own: running them.
 *
 * A run under fewer choices takes another course, and what it would choose there is not allowed either: so a short list is
 * a whole run, not a part of the long one. The result fails; it is not always the shortest.
 */

import type { Choice } from '../world/random';

/** Runs that shrinking may cost, unless said otherwise. */
export const SHRINK_RUNS = 300;

/** `fails` runs the seed with these choices only (`RandomOptions.only`). Gives the shortest list seen to fail. */
export async function shrink(
  choices: readonly Choice[],
  fails: (only: readonly Choice[]) => Promise<boolean>,
  runsMax = SHRINK_RUNS,
): Promise<readonly Choice[]> {
  let kept = choices;
  let runs = 0;
  let size = Math.ceil(kept.length / 2);
  while (runs < runsMax && kept.length > 0) {
    const before = kept.length;
    for (let from = 0; from < kept.length && runs < runsMax;) {
      const rest = [...kept.slice(0, from), ...kept.slice(from + size)];
      runs += 1;
      if (await fails(rest)) kept = rest;
      else from += size;
    }
    if (size === 1 && kept.length === before) break;
    size = Math.max(1, Math.floor(size / 2));
  }
  return kept;
}

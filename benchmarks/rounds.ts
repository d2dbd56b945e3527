/**
 * Rounds: sides measured in turns, A B A B, so that what else the machine does falls on each of them.
 *
 * Owns: the order of rounds, medians, ratios with their spread. Does not own: what a round is.
 */

import type { Rate } from './measure';
import type { Figure } from './workload';

/** Runs each side once per round, in the order given, then the other way round, and so on; results by side. */
export async function interleave<R, const N extends string>(
  rounds: number,
  sides: Readonly<Record<N, () => Promise<R>>>,
): Promise<Record<N, R[]>> {
  const names = Object.keys(sides) as N[];
  const results = Object.fromEntries(names.map((name) => [name, [] as R[]])) as Record<N, R[]>;
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? names : [...names].reverse();
    for (const name of order) results[name].push(await sides[name]());
  }
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The round that is in the middle by rate. */
export function medianRate(rates: readonly Rate[]): Rate {
  const sorted = [...rates].sort((a, b) => a.perSecond - b.perSecond);
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) throw new Error('no round was run');
  return middle;
}

/** `values` are those of the rounds. */
export function figure(about: Omit<Figure, 'median' | 'spread'>, values: readonly number[]): Figure {
  return { ...about, median: median(values), spread: [Math.min(...values), Math.max(...values)] };
}

/** Of each round by itself: A of round 3 over B of round 3. */
export function ratios<R>(over: readonly R[], under: readonly R[], of: (result: R) => number): number[] {
  return over.map((result, round) => of(result) / of(under[round] as R));
}

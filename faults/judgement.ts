/**
 * Judgement: whether one order explains all that callers were told, once nothing goes wrong any more.
 *
 * Owns: handing what was heard, of each load and era, to a workload that asks for the final state and judges. Does not
 * own: what is right (`sim/workloads` and their checkers).
 *
 * An outcome that nobody was told is open to the end: it may have come about at any time, or never.
 */

import type { Caller } from '../runtime/sim/workloads/workload';
import type { LoadName, Told } from './loads';
import { loadOf } from './loads';

export interface Judgement {
  /** What no order explains, in words; empty if nothing was lost or doubled. */
  readonly wrong: readonly string[];
  /** Histories of one load in one era. */
  readonly histories: number;
  /** Those in which the search for an order was given up; they say nothing. */
  readonly undecided: number;
}

/** Told as they are judged. */
export async function judge(
  told: readonly Told[],
  auditor: Caller,
  tell: (done: number, all: number) => void = () => undefined,
): Promise<Judgement> {
  const wrong: string[] = [];
  let undecided = 0;
  const histories = [...byHistory(told)];
  for (const [n, [name, ofOne]] of histories.entries()) {
    const [{ load, era }] = ofOne;
    const count = (what: string): void => void (what === 'verdict.undecided' && (undecided += 1));
    const workload = loadOf(load, era, { count });
    for (const { heard } of ofOne) workload.hear?.(heard);
    await workload.settle?.(auditor);
    const fault = await workload.verdict(auditor);
    if (fault !== null) wrong.push(`${name}: ${fault}`);
    tell(n + 1, histories.length);
  }
  return { wrong, histories: histories.length, undecided };
}

type OfOne = [Told, ...Told[]];

function byHistory(told: readonly Told[]): Map<`${LoadName} ${number}`, OfOne> {
  const histories = new Map<`${LoadName} ${number}`, OfOne>();
  for (const one of told) {
    const name = `${one.load} ${one.era}` as const;
    const known = histories.get(name);
    if (known === undefined) histories.set(name, [one]);
    else known.push(one);
  }
  return histories;
}

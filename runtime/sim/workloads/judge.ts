/**
 * Judge: the verdict of a search over what was asked, for workloads whose model decides all.
 *
 * Owns: the order of complaints and search, and what an exhausted budget means: nothing, but it is counted, for a run
 * that is not decided has not been checked.
 */

import type { Asked } from './asked';
import type { Verdict } from '../checkers/history';
import type { Model } from '../checkers/model';
import { checkHistory } from '../checkers/search';
import type { CallContext } from './workload';

/** Model steps for one key: some 20 ms, of the time that a whole run may take. */
const STEPS = 20_000;

export function judge<S, I, O>(run: CallContext, asked: Asked<I, O>, model: Model<S, I, O>): string | null {
  const [complaint] = asked.complaints;
  return complaint ?? faultOf(run, checkHistory(model, asked.operations, STEPS));
}

/** Null but for an illegal history. */
export function faultOf({ world }: CallContext, verdict: Verdict): string | null {
  world.count(`verdict.${verdict.verdict}`);
  return verdict.verdict === 'illegal' ? verdict.counterexample.text : null;
}

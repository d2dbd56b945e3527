/**
 * History: what concurrent clients asked of entities, what they were told, and when: the input of every checker.
 *
 * Owns: the shapes of operations and verdicts, and the order in real time. Does not own: what an operation means (the
 * models), how an order is found (`search`, `list-append`), how a failure is shown (`timeline`).
 *
 * 1. Times are any numbers that never run backwards; a counter of events gives sharper verdicts than a clock, because
 *    operations that share an instant count as concurrent.
 * 2. An outcome that no client saw is 'unknown'. Such an operation stays open to the end, whenever its client gave up:
 *    it may take effect at any time after it was invoked, or never.
 * 3. A refusal is an answer, not an unknown outcome: whatever was refused has no effect, ever (S13).
 */

import { assert } from '../../../framework/assert';

export const UNKNOWN = 'unknown';
export type Unknown = typeof UNKNOWN;

/** One operation of one client on one entity. `returnedAt` is null if and only if nobody waited for an end of it. */
export interface Operation<I, O> {
  readonly client: string;
  /** The entity; operations on different keys are checked apart. */
  readonly key: string;
  readonly op: I;
  readonly output: O | Unknown;
  readonly invokedAt: number;
  readonly returnedAt: number | null;
  /**
   * Where a record of the entity has it, null if no record has it, absent if nobody looked. Advice for the search alone:
   * an order that it helps to find counts as any other, and where it does not help it is ignored.
   */
  readonly hint?: number | null;
}

/** Why a history is not linearizable. */
export interface Counterexample {
  /** 'unexplained' from the search; the direct checkers name what they found. */
  readonly kind: string;
  readonly key: string;
  /** One sentence. */
  readonly message: string;
  /** `message`, then the window as a timeline with one line per operation. */
  readonly text: string;
  /** The operations that cannot be brought into an order, or that overlap the one that fits nowhere. */
  readonly window: readonly Operation<unknown, unknown>[];
}

export type Verdict =
  | { readonly verdict: 'linearizable'; readonly steps: number }
  | { readonly verdict: 'illegal'; readonly steps: number; readonly counterexample: Counterexample }
  /** The step budget ran out first; says nothing about the history. */
  | { readonly verdict: 'undecided'; readonly steps: number };

/** True if what the client was told is known; such an operation took effect before `returnedAt`. */
export function isClosed<I, O>(operation: Operation<I, O>): operation is Operation<I, O> & { output: O } {
  return operation.output !== UNKNOWN;
}

/** The last moment at which the operation may have taken effect: infinity if its outcome is unknown. */
export function endOf(operation: Operation<unknown, unknown>): number {
  if (!isClosed(operation)) return Infinity;
  const end = operation.returnedAt;
  assert(end !== null, () => `operation of ${operation.client} on ${operation.key} has an outcome and no end`);
  assert(
    end >= operation.invokedAt,
    () => `operation of ${operation.client} on ${operation.key} ends before it begins`,
  );
  return end;
}

/** The operations of each key, in the order given. */
export function byKey<I, O>(operations: readonly Operation<I, O>[]): Map<string, Operation<I, O>[]> {
  const groups = new Map<string, Operation<I, O>[]>();
  for (const operation of operations) {
    const group = groups.get(operation.key);
    if (group === undefined) groups.set(operation.key, [operation]);
    else group.push(operation);
  }
  return groups;
}

/** Checks each key alone (linearizability is local): the first illegal one is the verdict, then any undecided one. */
export function checkEachKey<I, O>(
  operations: readonly Operation<I, O>[],
  check: (ofOneKey: readonly Operation<I, O>[]) => Verdict,
): Verdict {
  let steps = 0;
  let undecided = false;
  for (const group of byKey(operations).values()) {
    const verdict = check(group);
    steps += verdict.steps;
    if (verdict.verdict === 'illegal') return { ...verdict, steps };
    if (verdict.verdict === 'undecided') undecided = true;
  }
  return { verdict: undecided ? 'undecided' : 'linearizable', steps };
}

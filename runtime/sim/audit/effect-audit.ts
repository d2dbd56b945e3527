/**
 * Effect audit: what activities did outside, against the history of the entity that asked for them (S15).
 *
 * Owns: each finished one was attempted, under its own key and no other; each attempt is of one that is on record, for
 * none may begin before its turn is durable (C2); attempt numbers do not go back where notes of them are kept.
 * Does not own: attempts of entities whose history was not read.
 */

import { idempotencyKey } from '../../activation/activity-attempt';
import type { Attempt } from '../workloads/outside';
import type { EntityFacts } from './entity-facts';
import { Violation, violation } from './violation';

export interface EffectAudit {
  /** Of every entity that can have asked for one of the attempts. */
  readonly facts: readonly EntityFacts[];
  /** In the order they began. */
  readonly attempts: readonly Attempt[];
  /** Notes of attempts outlive whoever writes them, so that counting goes on. */
  readonly notesKept: boolean;
}

/** Throws a Violation. */
export function auditEffects({ facts, attempts, notesKept }: EffectAudit): void {
  const byKey = new Map<string, Attempt[]>();
  for (const attempt of attempts) {
    const others = byKey.get(attempt.idempotencyKey);
    if (others === undefined) byKey.set(attempt.idempotencyKey, [attempt]);
    else others.push(attempt);
  }
  for (const one of facts) auditEntity(one, byKey, notesKept);
  for (const [key, [first]] of byKey)
    throw new Violation(`${first?.activity} was begun under ${key}, and no history has asked for it (C2)`);
}

/** Takes the entity's attempts out of those that nobody has accounted for. */
function auditEntity({ key, activities }: EntityFacts, byKey: Map<string, Attempt[]>, notesKept: boolean): void {
  for (const { effect, name, outcome } of activities.values()) {
    const text = idempotencyKey(key, effect);
    const attempts = byKey.get(text) ?? [];
    byKey.delete(text);
    const what = `activity ${effect}, ${name},`;
    const other = attempts.find(({ activity }) => activity !== name);
    if (other !== undefined) throw violation(key, `${what} shares its key with ${other.activity} (S15)`);
    if (outcome?.ok === true && !attempts.some(({ done }) => done))
      throw violation(key, `${what} has succeeded, and no attempt came to its end (S15)`);
    const back = attempts.find(({ attempt }, at) => attempt < (attempts[at - 1]?.attempt ?? 1));
    if (back !== undefined && notesKept) throw violation(key, `${what} goes back to attempt ${back.attempt} (S15)`);
  }
}

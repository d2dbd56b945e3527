/**
 * Rest audit: what an entity may not leave undone once everything is healed and idle.
 *
 * Owns: no input waits, nothing is held, no activity is open, no due timer is lost, no condition is true and unheard.
 */

import { choose } from '../../../framework/core/choose';
import type { EntityFacts } from './entity-facts';
import { violation } from './violation';

const NOTHING = { continuation: null, message: null, retryHeld: false } as const;

/** Throws a Violation. `nowMs` is a wall clock that no host's is behind. */
export function auditRest({ key, instance, activities }: EntityFacts, nowMs: number): void {
  if (instance === null) return;
  const { ledger } = instance;
  if (ledger.held !== null) throw violation(key, `is held: ${ledger.held.held?.failure.message} (S19)`);
  if (ledger.operatorHold !== null) throw violation(key, "is held by an operator's word that was taken back (S19)");
  if (ledger.ended) return;
  const [admitted] = ledger.admitted;
  if (admitted !== undefined)
    throw violation(key, `what was admitted at ${admitted.at.seq}.${admitted.at.index} is never applied (S2)`);
  const choice = choose(instance, NOTHING);
  if (choice !== null) throw violation(key, `an input of its own waits: ${JSON.stringify(choice)} (S6)`);
  for (const { effect, due } of ledger.timers?.values() ?? [])
    if (due <= nowMs) throw violation(key, `timer ${effect} was due ${nowMs - due} ms ago and has not fired (C9)`);
  for (const { effect } of ledger.activities?.values() ?? [])
    throw violation(key, `activity ${effect}, ${activities.get(effect)?.name}, is never finished (S15)`);
}

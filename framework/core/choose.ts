/**
 * Choose: which input is next (S2, S6, S7).
 *
 * Owns: the order. The framework's own inputs come first (a `run()` to start, true conditions in creation order), then
 * admitted continuations whose lock is free, ready continuations, admitted messages, and new messages; FIFO in each.
 * Does not own: executing what was chosen.
 *
 * Invariants: an input that cannot start now is admitted, never dropped (S2); one that holds the entity stays first in
 * line and is tried again only when asked (S19).
 */

import type { Input } from './history';
import type { Instance } from './instance';
import type { Admitted } from './ledger';
import { readOnly } from './read-only';
import type { Wait } from './wait';
import { isPlanted } from '../planted-bugs';

export type Choice =
  /** Run the step of an input of the framework's own. */
  | { readonly kind: 'own'; readonly input: Input }
  /** Run the step of an input that was admitted. */
  | { readonly kind: 'admitted'; readonly admitted: Admitted }
  /** Run the step of the first continuation or the first message in the mailbox. */
  | { readonly kind: 'apply'; readonly from: 'continuations' | 'messages' }
  /** Make the first continuation or message durable without running it. */
  | { readonly kind: 'admit'; readonly from: 'continuations' | 'messages' };

/** The heads of the mailbox. */
export interface Heads {
  readonly continuation: Input | null;
  readonly message: Input | null;
  /** The held input is to be tried again. */
  readonly retryHeld: boolean;
}

export function choose(instance: Instance, heads: Heads): Choice | null {
  const { ledger } = instance;
  if (ledger.ended) return heads.continuation === null ? null : { kind: 'apply', from: 'continuations' };
  const { held } = ledger;
  if (held !== null && heads.retryHeld && ledger.operatorHold === null) return { kind: 'admitted', admitted: held };
  if (held !== null || ledger.operatorHold !== null) return chooseWhileHeld(heads);
  const own = isPlanted('timeout-before-predicate') && heads.continuation?.kind === 'timer' ? null : ownInput(instance);
  if (own !== null) return { kind: 'own', input: own };
  return chooseReady(instance, heads);
}

function chooseWhileHeld(heads: Heads): Choice | null {
  if (heads.continuation !== null)
    return { kind: heads.continuation.kind === 'operator' ? 'apply' : 'admit', from: 'continuations' };
  return heads.message === null ? null : { kind: 'admit', from: 'messages' };
}

function ownInput(instance: Instance): Input | null {
  const { ledger } = instance;
  if (ledger.born && ledger.run === 'none' && instance.definition.hasRun) return { kind: 'run' };
  const ending = ledger.run === 'completing' || ledger.run === 'failing';
  if (ending && (!instance.quiet || !ledger.admitted.some((one) => canStart(instance, one.input))))
    return { kind: 'complete' };
  const completed = firstCompleted(instance);
  if (completed !== null) return completed;
  const wait = firstTrueCondition(instance);
  return wait === null ? null : { kind: 'condition', effect: wait.effect };
}

function chooseReady(instance: Instance, heads: Heads): Choice | null {
  const { admitted } = instance.ledger;
  const woken = firstWoken(instance, admitted);
  if (woken !== null) return { kind: 'admitted', admitted: woken };
  if (heads.continuation !== null) {
    return { kind: canStart(instance, heads.continuation) ? 'apply' : 'admit', from: 'continuations' };
  }
  const inLine = isPlanted('admitted-last-first') ? [...admitted].reverse() : admitted;
  for (const one of inLine) if (canStart(instance, one.input)) return { kind: 'admitted', admitted: one };
  if (heads.message === null) return null;
  return { kind: canStart(instance, heads.message) ? 'apply' : 'admit', from: 'messages' };
}

/** A wait for a promise that was completed before: the oldest that may go on. */
function firstCompleted(instance: Instance): Input | null {
  const { promises } = instance.ledger;
  if (promises === null || !instance.conditionsStale) return null;
  for (const [name, outcome] of promises) {
    const wait = instance.promiseWait(name);
    if (wait !== null && mayContinue(instance, wait)) return { kind: 'promise', name, outcome };
  }
  return null;
}

/** Waiting conditions in creation order; those of exclusive invocations only while exclusivity is free (S6, S7). */
function firstTrueCondition(instance: Instance): Wait | null {
  if (!instance.conditionsStale) return null;
  for (const wait of instance.conditions.values()) {
    if (wait.owner.origin.exclusive && instance.holder !== null && instance.holder !== wait.owner) continue;
    if (holds(instance, wait)) return wait;
  }
  instance.conditionsStale = false;
  return null;
}

/** A predicate that throws is released too: its step fails with what it threw. */
function holds(instance: Instance, wait: Wait): boolean {
  try {
    return Boolean(readOnly(instance, 'the predicate of a condition', () => wait.predicate?.()));
  } catch {
    return true;
  }
}

/** Admitted continuations of invocations that can go on, the oldest wait first (S7). */
function firstWoken(instance: Instance, admitted: readonly Admitted[]): Admitted | null {
  let first: Admitted | null = null;
  let least = Infinity;
  for (const one of admitted) {
    if (one.input.kind === 'message' || !canStart(instance, one.input)) continue;
    const effect = instance.waitFor(one.input)?.effect ?? Number.MAX_SAFE_INTEGER;
    if (effect < least) [first, least] = [one, effect];
  }
  return first;
}

/** True when the input's step may run now: it needs no lock, or the lock is free or its own (S7). */
export function canStart(instance: Instance, input: Input): boolean {
  switch (input.kind) {
    case 'message':
      return mayEnter(instance, input.method);
    case 'timer': {
      const timer = instance.ledger.timers?.get(input.effect);
      const method = timer?.purpose === 'reminder' || timer?.purpose === 'every' ? timer.method : null;
      return method === null ? mayContinue(instance, instance.waitFor(input)) : mayEnter(instance, method);
    }
    case 'activity':
    case 'promise':
      return mayContinue(instance, instance.waitFor(input));
    case 'condition':
    case 'run':
    case 'complete':
    case 'operator':
      return true;
  }
}

function mayEnter(instance: Instance, method: string): boolean {
  if (isPlanted('exclusivity-ignored')) return true;
  return instance.holder === null || (instance.definition.methods.get(method)?.interleave ?? true);
}

function mayContinue(instance: Instance, wait: Wait | null): boolean {
  return wait === null || !wait.owner.origin.exclusive || instance.holder === null || instance.holder === wait.owner;
}

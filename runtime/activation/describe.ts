/**
 * Describe: an entity in memory as people and tools see it.
 */

import type { Input } from '../../framework/core/history';
import type { Instance } from '../../framework/core/instance';
import type { Waiter } from '../../framework/core/wait';
import type { ActivityDescription, BlockedDescription, EntityDescription, HeldDescription } from '../wire/description';
import type { Commit } from './commit';
import type { Resident } from './grounds';
import type { HeldRetry } from './held-retry';
import { watchedIndexOf } from './entity-index';

/** What `describe` reads besides the ledger. */
export interface Described extends Resident {
  readonly commit: Commit;
  readonly heldRetry: HeldRetry;
  readonly floating: number;
}

export function describeEntity(
  described: Described,
  instance: Instance,
  activities: readonly ActivityDescription[],
): EntityDescription {
  const { key, commit, grounds } = described;
  const { ledger } = instance;
  const index = watchedIndexOf(described, instance);
  return {
    ...key,
    status: index.status,
    seq: commit.link?.seq ?? 0,
    epoch: grounds.session.epoch,
    build: grounds.core.build,
    createdAt: index.createdAt,
    updatedAt: ledger.time,
    fields: index.fields,
    run: ledger.run === 'completing' || ledger.run === 'failing' ? 'running' : ledger.run,
    invocations: [...instance.invocations.values()].map(describeInvocation),
    blocked: blockedOf(instance, activities),
    held: heldOf(described, instance),
    activities,
    timers: [...(ledger.timers?.values() ?? [])].map(({ effect, purpose, method, due }) => ({
      effect,
      purpose,
      method,
      due,
    })),
    admitted: ledger.admitted.length,
    failures: ledger.failures,
    floating: described.floating,
    turnsSinceSnapshot: commit.turnsSinceSnapshot,
    unbounded: commit.turnsSinceSnapshot > grounds.limits.maxTurnsSinceSnapshot,
    remembered: ledger.dedupe.size,
    forgottenEarly: ledger.dedupe.forgottenEarly,
    unsafe: grounds.session.unsafe ?? [],
  };
}

function describeInvocation({ number, origin, waits }: Waiter): EntityDescription['invocations'][number] {
  return {
    number,
    method: origin.method,
    since: origin.since,
    parkedOn: waits.filter((wait) => wait.promise.live).map((wait) => wait.label),
  };
}

/** What keeps messages waiting: the exclusive invocation that holds the lock (S7). */
function blockedOf(
  { holder, ledger }: Instance,
  activities: readonly ActivityDescription[],
): BlockedDescription | null {
  if (holder === null) return null;
  const activity = activities.find(({ effect }) => holder.waits.some((wait) => wait.effect === effect));
  return {
    by: holder.origin.method,
    on: holder.waits.filter((wait) => wait.promise.live).map((wait) => wait.label),
    since: holder.origin.since,
    attempt: activity?.attempt ?? 0,
    lastFailure: activity?.lastFailure ?? null,
    waiting: ledger.admitted.filter(({ input }) => input.kind === 'message').length,
  };
}

function heldOf({ heldRetry }: Described, { ledger }: Instance): HeldDescription | null {
  const { held, operatorHold } = ledger;
  if (held?.held != null) {
    const { failure, build } = held.held;
    return {
      failure,
      build,
      since: held.time,
      input: inputText(held.input),
      retries: heldRetry.retries,
      nextRetryAt: heldRetry.nextAt,
    };
  }
  if (operatorHold === null) return null;
  const failure = {
    kind: 'refusal',
    code: 'held',
    message: operatorHold.reason || 'held by an operator',
    details: null,
    cause: null,
    stack: '',
  } as const;
  return { failure, build: '', since: operatorHold.at, input: 'operator hold', retries: 0, nextRetryAt: null };
}

/** An input in a few words: `update redeem`, `activity 7`, `timer 9`, `promise approval`, `run`. */
export function inputText(input: Input): string {
  switch (input.kind) {
    case 'message':
      return `${input.message} ${input.method}`;
    case 'activity':
    case 'timer':
    case 'condition':
      return `${input.kind} ${input.effect}`;
    case 'promise':
      return `promise ${input.name}`;
    case 'operator':
      return `operator ${input.action}`;
    case 'run':
    case 'complete':
      return input.kind;
  }
}

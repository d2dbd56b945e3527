/**
 * Steps: what was chosen is run, and what came of it recorded and told.
 *
 * Owns: the step of each kind of choice, queries, an operator's skip, inputs that must not be run (S20).
 * Does not own: which input is next (`core/choose`), when steps run (`activation`), which must not (`poison`).
 *
 * Invariant: no code of the entity runs but between `begin` and `end` of the watchdog.
 */

import { isPlanted } from '../../framework/planted-bugs';
import { toFailure } from '../../framework/codec/failure';
import { choose } from '../../framework/core/choose';
import type { Choice, Heads } from '../../framework/core/choose';
import type { Instance } from '../../framework/core/instance';
import { admit, perform, quarantine, undo } from '../../framework/core/perform';
import type { Performed, Source } from '../../framework/core/perform';
import { answerQuery } from '../../framework/core/query';
import type { Reply } from '../wire/envelope';
import { lookAtContinuation, skipped } from './admission';
import type { Admitting } from './admission';
import type { HeldRetry } from './held-retry';
import type { Continuation, Delivery } from './mailbox';
import { CONDITIONS, inputName, queryName } from './poison';
import { acknowledged, errorReply, failureReply, refusal } from './replies';

/** The activation as its steps see it. */
export interface Stepping extends Admitting {
  /** Why it cannot be used; null while it can. */
  readonly broken: unknown;
  readonly heldRetry: HeldRetry;
  /** The held input has come, gone or stayed. */
  heldChanged(wasHeld: boolean): void;
  rebuild(wasHeld: boolean): void;
  notFound(): Reply;
}

/** What is next; a promise where predicates of conditions have to be written down before they run. */
export function chooseNext(entity: Stepping, instance: Instance, heads: Heads): Choice | null | Promise<Choice | null> {
  if (instance.conditions.size === 0 || !instance.conditionsStale) return choose(instance, heads);
  const { grounds, key } = entity;
  const look = (): Choice | null => {
    const choice = watched(entity, CONDITIONS, () => choose(instance, heads));
    doneWith(entity, CONDITIONS);
    return choice;
  };
  return grounds.poison.announce(key, CONDITIONS)?.then(look) ?? look();
}

export async function runChosen(
  entity: Stepping,
  instance: Instance,
  choice: Choice,
  message: Delivery | null,
): Promise<void> {
  if (choice.kind === 'own') return step(entity, instance, { input: choice.input, args: null }, null);
  if (choice.kind === 'admitted') {
    entity.heldRetry.taken();
    return step(entity, instance, { admitted: choice.admitted }, null);
  }
  if (choice.from === 'continuations') return runContinuation(entity, instance, choice.kind);
  if (message?.input == null) return;
  if (choice.kind === 'apply') return step(entity, instance, { input: message.input, args: message.args }, message);
  entity.commit.turn.add(admit(instance, message.input, entity.position, entity.grounds.clock.now()));
  entity.mailbox.shiftMessage();
  entity.callers.answerWhenDone(message, message.input.id, null);
  if (entity.callers.isHeld(message.input.id)) entity.callers.tellHeld();
}

async function runContinuation(entity: Stepping, instance: Instance, kind: 'apply' | 'admit'): Promise<void> {
  const { continuation } = entity.mailbox;
  if (continuation === null) return;
  const { input, settled } = continuation;
  const known = lookAtContinuation(entity, instance, input);
  if (known === null && kind === 'apply' && !(input.kind === 'operator' && input.action === 'skip'))
    await step(entity, instance, { input, args: null }, null);
  if (entity.broken !== null) return;
  entity.mailbox.shiftContinuation();
  if (known !== null) return settled === null ? undefined : entity.commit.reply(settled, known);
  if (kind === 'admit') entity.commit.turn.add(admit(instance, input, entity.position, entity.grounds.clock.now()));
  else if (input.kind === 'operator' && input.action === 'skip')
    return skip(entity, instance, input.reason, continuation);
  const { held } = instance.ledger;
  if (input.kind === 'operator' && input.action === 'resume' && held !== null) {
    entity.grounds.poison.doneWith(entity.key, inputName(held.input))?.();
    entity.heldRetry.retryNow();
  }
  if (settled !== null) entity.commit.reply(settled, acknowledged(entity.commit.turn.seq));
}

/** Drops the held input on an operator's word (S19). */
function skip(entity: Stepping, instance: Instance, reason: string, { input, settled }: Continuation): void {
  const { held } = instance.ledger;
  if (held === null) {
    if (settled !== null)
      entity.commit.reply(settled, refusal('conflict', `${entity.name} is not held: there is nothing to skip`));
    return;
  }
  const now = entity.grounds.clock.now();
  entity.record(undo(instance, { input, args: null }, skipped(reason), entity.position, now));
  entity.record(undo(instance, { admitted: held }, skipped(reason), entity.position, now));
  doneWith(entity, inputName(held.input));
  entity.heldRetry.cancel();
  if (settled !== null) entity.commit.reply(settled, acknowledged(entity.commit.turn.seq));
}

async function step(entity: Stepping, instance: Instance, source: Source, message: Delivery | null): Promise<void> {
  const { grounds, key } = entity;
  const wasHeld = instance.ledger.held !== null;
  const input = 'admitted' in source ? source.admitted.input : source.input;
  const name = inputName(input);
  const poison = grounds.poison.refusal(key, name);
  let performed: Performed;
  if (poison === null) {
    const announced = grounds.poison.announce(key, name);
    if (announced !== null) await announced;
    if (entity.broken !== null) return grounds.poison.end();
    grounds.poison.begin(key, name);
    try {
      performed = await perform(instance, source, entity.position, grounds.clock.now());
    } finally {
      grounds.poison.end();
    }
    if (entity.broken !== null) return;
  } else {
    grounds.log.error({ entity: entity.name, error: poison }, 'an input is not run: it has taken its process with it');
    performed = quarantine(instance, source, toFailure(poison), entity.position, grounds.clock.now());
  }
  if (message !== null) entity.mailbox.shiftMessage();
  entity.record(performed);
  if (performed.entry?.kind === 'apply') doneWith(entity, name);
  if (message?.input != null) {
    if (performed.entry !== null) entity.callers.answerWhenDone(message, message.input.id, performed.entry);
    else if (performed.failure !== null) entity.commit.reply(message.answer, failureReply(performed.failure));
  }
  if (performed.rebuild) entity.rebuild(wasHeld);
  else entity.heldChanged(wasHeld);
}

/** Runs code of the entity under the watchdog's eyes (S20). */
function watched<T>({ grounds: { poison }, key }: Stepping, name: string, run: () => T): T {
  poison.begin(key, name);
  try {
    return run();
  } finally {
    poison.end();
  }
}

/** What is suspected of it is needed no more once the open turn is committed. */
function doneWith({ grounds, key, commit }: Stepping, name: string): void {
  const forget = grounds.poison.doneWith(key, name);
  if (forget !== null) commit.release(forget);
}

/** Answers a query; a promise where it has to be written down first. */
export function answerDelivery(entity: Stepping, instance: Instance, delivery: Delivery): void | Promise<void> {
  const { request, error, answer } = delivery;
  if (!instance.ledger.born) return answer(entity.notFound());
  if (error !== null) return answer(errorReply(error));
  const { poison } = entity.grounds;
  const name = queryName(request.method, request.args);
  const refused = poison.refusal(entity.key, name);
  if (refused !== null) return entity.commit.reply(answer, errorReply(refused));
  const ask = (): void => {
    if (entity.broken === null) query(entity, instance, delivery, name);
    else poison.end();
  };
  return poison.announce(entity.key, name)?.then(ask) ?? ask();
}

function query(entity: Stepping, instance: Instance, { request, args, answer }: Delivery, name: string): void {
  const { turn } = entity.commit;
  let reply: Reply;
  try {
    const value = watched(entity, name, () => answerQuery(instance, request.method, args ?? []));
    doneWith(entity, name);
    reply = { ok: true, value, duplicate: false, seq: turn.empty ? turn.seq - 1 : turn.seq };
  } catch (failure) {
    reply = errorReply(failure);
  }
  if (instance.stray !== null) entity.rebuild(instance.ledger.held !== null);
  if (isPlanted('query-sees-uncommitted')) answer(reply);
  else entity.commit.reply(answer, reply);
}

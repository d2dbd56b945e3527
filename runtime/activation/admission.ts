/**
 * Admission: what becomes of a message before its step (S11 to S13).
 *
 * Owns: recognising repeated messages, and refusals that must be recorded.
 * Does not own: the window of ids (`core/dedupe`), running the message (`activation`).
 */

import { toFailure } from '../../framework/codec/failure';
import { encodeValue } from '../../framework/codec/value';
import { hashPayload } from '../../framework/core/dedupe';
import type { Failure, Input } from '../../framework/core/history';
import type { Instance } from '../../framework/core/instance';
import { undo } from '../../framework/core/perform';
import type { Performed } from '../../framework/core/perform';
import { PerdureError } from '../../framework/errors';
import { isPlanted } from '../../framework/planted-bugs';
import type { MessageId, Position } from '../../framework/model/identity';
import type { Reply } from '../wire/envelope';
import { MAX_PROMISES } from '../config';
import type { Callers } from './callers';
import type { Commit } from './commit';
import type { Resident } from './grounds';
import type { Delivery, Mailbox } from './mailbox';
import { isPoison } from './poison';
import { repeat } from './repeat';
import { acknowledged, errorReply, idText, refusal } from './replies';
import type { Answer } from './replies';

/** The activation as admission sees it. */
export interface Admitting extends Resident {
  readonly instance: Instance | null;
  readonly mailbox: Mailbox;
  readonly commit: Commit;
  readonly callers: Callers;
  readonly position: Position;
  unborn(): Instance;
  record(performed: Performed): void;
  loadSegments(): void;
}

/** Looks at the first message; answers true when it is new and may go on. Otherwise it has been dealt with. */
export function lookAtMessage(entity: Admitting, delivery: Delivery): boolean {
  const { input, request, answer } = delivery;
  const dedupe = entity.instance?.ledger.dedupe;
  if (input === null || dedupe === undefined) return lookAtArguments(entity, delivery);
  if ('given' in input.id && dedupe.missingSegments().length > 0) {
    entity.loadSegments();
    return false;
  }
  const verdict = dedupe.look(input.id, () => hashPayload(input.args), entity.grounds.clock.now());
  if (verdict.state === 'new') return lookAtArguments(entity, delivery);
  entity.mailbox.shiftMessage();
  if (verdict.state === 'done') repeat(entity, entity.commit, request, verdict.at, answer);
  else if (verdict.state === 'pending') entity.callers.repeatPending(delivery, input.id);
  else refuse(entity, answer, refused(entity.name, input.id, verdict.state));
  return false;
}

/** The message that it is refused for may be in a turn that is never committed (S8). */
function refuse({ commit }: Admitting, answer: Answer, reply: Reply): void {
  if (isPlanted('conflict-before-commit')) answer(reply);
  else commit.reply(answer, reply);
}

/** Arguments that were refused are answered so; on the record where S13 demands it, or processes died of them (S20). */
function lookAtArguments(entity: Admitting, { input, request, error, answer }: Delivery): boolean {
  if (error === null || input === null) return true;
  entity.mailbox.shiftMessage();
  if ((request.attempt > 1 || isPoison(error)) && entity.instance?.ledger.ended !== true) {
    const now = entity.grounds.clock.now();
    entity.record(undo(entity.unborn(), { input, args: null }, toFailure(error), entity.position, now));
  }
  entity.commit.reply(answer, errorReply(error));
  return false;
}

function refused(name: string, id: MessageId, state: 'conflict' | 'too_old' | 'full') {
  switch (state) {
    case 'conflict': {
      const cure = 'give each message an id of its own';
      return refusal('conflict', `${name}: message id ${idText(id)} was used before with other arguments: ${cure}`);
    }
    case 'too_old':
      return refusal('conflict', `${name}: the outcome of message ${idText(id)} is no longer kept`, 'too_old');
    case 'full':
      return refusal('resource_exhausted', `${name} remembers too many message ids: await calls before making more`);
  }
}

/** No more messages are taken: too many wait, or what was admitted would not fit into a snapshot. */
export function isFull({ mailbox, instance, grounds }: Admitting): boolean {
  const { limits } = grounds;
  const admitted = instance?.ledger.admitted ?? [];
  if (mailbox.size >= limits.mailboxMessages || admitted.length >= limits.admitted) return true;
  let bytes = 0;
  for (const { input } of admitted) if (input.kind === 'message') bytes += input.args.length;
  return bytes >= limits.admittedBytes;
}

/** It was taken in before: what it is told takes no more room than its wait. */
export function isKnown({ mailbox, instance, grounds }: Admitting, { input }: Delivery): boolean {
  if (input === null || mailbox.size >= grounds.limits.mailboxMessages) return false;
  return instance?.ledger.dedupe.find(input.id) != null;
}

/** Of a message that was sent before nobody knows here whether it was taken (S13). */
export function fullReply({ name }: Admitting, { attempt }: Delivery['request']): Reply {
  const fact = `${name} has too many messages waiting`;
  if (attempt > 1) return refusal('unavailable', `${fact}; the outcome is unknown: send again with the same id`);
  return refusal('resource_exhausted', `${fact}: send again later`);
}

/** The failure with which an operator's skip ends an invocation (S19). */
export function skipped(reason: string): Failure {
  const message = `an operator skipped it${reason && `: ${reason}`}`;
  return { ...toFailure(new PerdureError('cancelled', message)), kind: 'cancelled', code: 'skipped' };
}

/** Null for a continuation that is to be applied or admitted; otherwise what its sender is told. */
export function lookAtContinuation(entity: Admitting, instance: Instance, input: Input): Reply | null {
  if (input.kind !== 'promise') return isExpected(instance, input) ? null : acknowledged(0, true);
  const { promises, admitted, ended } = instance.ledger;
  const waiting = admitted.find((one) => one.input.kind === 'promise' && one.input.name === input.name)?.input;
  const known = isPlanted('promise-completed-twice')
    ? undefined
    : (promises?.get(input.name) ?? (waiting?.kind === 'promise' ? waiting.outcome : undefined));
  if (known === undefined && ended) return entity.callers.endReply(instance);
  if (known === undefined) return (promises?.size ?? 0) < MAX_PROMISES ? null : promisesFull(entity.name);
  if (Buffer.compare(encodeValue(known), encodeValue(input.outcome)) === 0) return acknowledged(0, true);
  return refusal('conflict', `${entity.name}: promise ${input.name} was completed before, with another outcome`);
}

function promisesFull(name: string): Reply {
  const cure = 'use fewer names, or complete through a signal';
  return refusal('resource_exhausted', `${name} has had ${MAX_PROMISES} promises completed: ${cure}`);
}

/** False for what has been applied or admitted before, or that nobody waits for any more. */
function isExpected({ ledger }: Instance, input: Input): boolean {
  if (input.kind === 'activity' || input.kind === 'timer') {
    const { kind, effect } = input;
    if (ledger.admitted.some((one) => one.input.kind === kind && one.input.effect === effect)) return false;
    if (kind === 'activity') return ledger.activities?.has(effect) ?? false;
    return !ledger.ended && (ledger.timers?.has(effect) ?? false);
  }
  return !ledger.ended;
}

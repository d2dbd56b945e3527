/**
 * Admission: what becomes of a message before its step (S11 to S13).
 *
 * Owns: recognising repeated messages, and refusals that must be recorded.
 * Does not own: the window of ids (`core/dedupe`), running the message (`activation`).
 */

import { toFailure } from '../../framework/codec/failure';
import { hashPayload } from '../../framework/core/dedupe';
import type { Failure, Input } from '../../framework/core/history';
import type { Instance } from '../../framework/core/instance';
import { undo } from '../../framework/core/perform';
import type { Performed } from '../../framework/core/perform';
import { PerdureError } from '../../framework/errors';
import type { MessageId, Position } from '../../framework/model/identity';
import type { Callers } from './callers';
import type { Commit } from './commit';
import type { Resident } from './grounds';
import type { Delivery, Mailbox } from './mailbox';
import { repeat } from './repeat';
import { errorReply, idText, refusal } from './replies';

/** The activation as admission sees it. */
export interface Admitting extends Resident {
  readonly instance: Instance | null;
  readonly mailbox: Mailbox;
  readonly commit: Commit;
  readonly callers: Callers;
  readonly position: Position;
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
  const verdict = dedupe.look(input.id, () => hashPayload(input.args));
  if (verdict.state === 'new') return lookAtArguments(entity, delivery);
  entity.mailbox.shiftMessage();
  if (verdict.state === 'done') repeat(entity, entity.commit, request, verdict.at, answer);
  else if (verdict.state === 'pending') entity.callers.repeatPending(delivery, input.id);
  else answer(refused(entity.name, input.id, verdict.state));
  return false;
}

/** Arguments that were refused are answered so; where S13 demands it, on the record. */
function lookAtArguments(entity: Admitting, { input, request, error, answer }: Delivery): boolean {
  if (error === null || input === null) return true;
  entity.mailbox.shiftMessage();
  const { instance } = entity;
  if (request.attempt > 1 && instance !== null && !instance.ledger.ended) {
    const now = entity.grounds.clock.now();
    entity.record(undo(instance, { input, args: null }, toFailure(error), entity.position, now));
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

/** The failure with which an operator's skip ends an invocation (S19). */
export function skipped(reason: string): Failure {
  const message = `an operator skipped it${reason && `: ${reason}`}`;
  return { ...toFailure(new PerdureError('cancelled', message)), kind: 'cancelled', code: 'skipped' };
}

/** False for what has been applied or admitted before, or that nobody waits for any more. */
export function isExpected({ ledger }: Instance, input: Input): boolean {
  if (input.kind === 'activity' || input.kind === 'timer') {
    const { kind, effect } = input;
    if (ledger.admitted.some((one) => one.input.kind === kind && one.input.effect === effect)) return false;
    if (kind === 'activity') return ledger.activities?.has(effect) ?? false;
    return !ledger.ended && (ledger.timers?.has(effect) ?? false);
  }
  return !ledger.ended;
}

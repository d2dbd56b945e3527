/**
 * Replies: what a caller is told, from what the history says.
 *
 * Owns: reply values, and finding a recorded outcome again (S12). Does not own: when a reply may leave (`activation`).
 */

import { encodeValue } from '../../framework/codec/value';
import type { Entry, Failure, Outcome } from '../../framework/core/history';
import type { EntityStatus } from '../ports/history-store';
import type { ErrorCode } from '../../framework/errors';
import { PerdureError } from '../../framework/errors';
import type { EntityKey, MessageId } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { encodeOperationId } from '../wire/operation-id';
import type { Reply } from '../wire/envelope';
import { failureToWireError, toWireError } from '../wire/errors';

export type Answer = (reply: Reply) => void;

const NOTHING = encodeValue(undefined);

/** The value is a plain one, encoded here. */
export function valueReply(value: unknown): Reply {
  return { ok: true, value: encodeValue(value, { classes: 'plain' }), duplicate: false, seq: 0 };
}

/** A signal, or a submitted message, is durable. */
export function acknowledged(seq: number, duplicate = false): Reply {
  return { ok: true, value: NOTHING, duplicate, seq };
}

export function errorReply(error: unknown, duplicate = false): Reply {
  return { ok: false, error: toWireError(error), duplicate };
}

/**
 * Of an entity that cannot go on, for whoever waits for what may be on record: other code, or a mended store, may read it
 * there, so nothing final is told (S12, S13).
 */
export function openReply(error: unknown): Reply {
  const told = toWireError(error);
  if (told.code === 'unavailable') return { ok: false, error: told, duplicate: false };
  const message = `${told.message}; what became of the message is not known: once this is cured, ask again with its id`;
  return { ok: false, error: { ...told, code: 'unavailable', message }, duplicate: false };
}

export function refusal(code: ErrorCode, message: string, reason?: string): Reply {
  return errorReply(new PerdureError(code, message, reason === undefined ? {} : { reason }));
}

export function failureReply(failure: Failure, duplicate = false): Reply {
  return { ok: false, error: failureToWireError(failure), duplicate };
}

export function outcomeReply(outcome: Outcome, seq: number, duplicate = false): Reply {
  return outcome.ok ? { ok: true, value: outcome.value, duplicate, seq } : failureReply(outcome.failure, duplicate);
}

/** A signal's sender learns of refusals only: its business failures are the entity's own affair (S18). */
export function signalReply(outcome: Outcome | null, seq: number, duplicate: boolean): Reply {
  const refused = outcome !== null && !outcome.ok && outcome.failure.kind === 'refusal';
  return refused ? failureReply(outcome.failure, duplicate) : acknowledged(seq, duplicate);
}

/** The outcome that an entry holds; null when it is still to come. */
export function outcomeIn(entry: Entry): Outcome | null {
  if (entry.kind !== 'apply') return null;
  if (entry.undone !== null) return { ok: false, failure: entry.undone };
  for (const one of entry.consequences) if (one.kind === 'outcome') return one.outcome;
  return null;
}

/** A message is durable behind a held input; its operation can be followed (S19). */
export function heldReply(key: EntityKey, id: MessageId): Reply {
  const message = `${keyText(key)} is held: the message is recorded and runs once the cause is cured; see describe`;
  return errorReply(new PerdureError('held', message, { operation: encodeOperationId({ key, id }) }));
}

/** One text per message id. */
export function idText(id: MessageId): string {
  return 'given' in id ? `=${id.given}` : `${id.session}:${id.n}`;
}

export function endedReply(name: string, status: EntityStatus): Reply {
  if (status === 'terminated') return refusal('terminated', `${name} was terminated; it takes no more messages`);
  return refusal('completed', `${name} has completed: its run() has ended, and its type takes no more messages`);
}

/**
 * Message audit: what callers were told of one entity's messages, against its history.
 *
 * Owns: acknowledged, or told to be held, ⊆ history (C2, C5, S2), the same answer to the same id (S12), no effect of what was refused (S13),
 * refusals of resent messages on record (S13). Does not own: answers to queries, which the workloads judge.
 */

import { isDeepStrictEqual } from 'node:util';
import type { PerdureError } from '../../../framework/errors';
import { idText } from '../../activation/replies';
import { failureToWireError } from '../../wire/errors';
import type { Reply } from '../../wire/envelope';
import type { Told } from '../network/witness';
import { sameBytes } from '../../../framework/codec/fields';
import type { EntityFacts, MessageFacts } from './entity-facts';
import { violation } from './violation';

type Refusal = Extract<Reply, { ok: false }>;

/**
 * Final for a first send without a record; to be recorded for every later one (S13). `failed` is among them, for what
 * would have created an entity and failed leaves nothing (S21).
 */
const NEGATIVE: ReadonlySet<PerdureError['code']> = new Set([
  'invalid_argument',
  'rejected',
  'internal',
  'deadlock',
  'failed',
]);

/** Throws a Violation for the first reply that does not fit. */
export function auditMessages(facts: EntityFacts, told: readonly Told[]): void {
  for (const one of told) {
    const known = facts.messages.get(idText(one.request.id)) ?? null;
    if (one.reply.ok) auditSuccess(facts, one, one.reply, known);
    else auditRefusal(facts, one, one.reply, known);
  }
}

function auditSuccess(facts: EntityFacts, one: Told, reply: Reply & { ok: true }, known: MessageFacts | null): void {
  if (known === null) throw violation(facts.key, `${text(one)} was acknowledged, and is not in the history (C5)`);
  const { request } = one;
  if (request.message !== 'update' || request.submit) return;
  const { outcome, outcomeSeq } = known;
  if (outcome === null) throw violation(facts.key, `${text(one)} was answered, and has no outcome in the history (C5)`);
  if (!outcome.ok) throw violation(facts.key, `${text(one)} succeeded, and fails in the history (S12)`);
  if (!sameBytes(outcome.value, reply.value))
    throw violation(facts.key, `${text(one)} was answered otherwise than the history says (S12)`);
  if (reply.seq !== outcomeSeq)
    throw violation(
      facts.key,
      `${text(one)} was answered as of row ${reply.seq}, and ended in row ${outcomeSeq} (S11)`,
    );
}

function auditRefusal(facts: EntityFacts, one: Told, { error }: Refusal, known: MessageFacts | null): void {
  if (error.code === 'held' && known === null)
    throw violation(facts.key, `${text(one)} was told that it is held, and is not in the history (S2)`);
  if (!NEGATIVE.has(error.code)) return;
  if (known === null) {
    const ended = facts.instance?.ledger.ended === true;
    if (one.request.attempt === 1 || ended) return;
    throw violation(facts.key, `${text(one)} was answered ${error.code} and is not on record (S13)`);
  }
  // Others may send an id that a caller gave, and do so after a refusal that left no record.
  if ('given' in one.request.id && one.request.attempt === 1) return;
  const { outcome } = known;
  if (outcome === null || outcome.ok)
    throw violation(facts.key, `${text(one)} was answered ${error.code}, and was applied all the same (S13)`);
  if (one.request.submit) return;
  const recorded = failureToWireError(outcome.failure);
  if (!isDeepStrictEqual(recorded, error))
    throw violation(facts.key, `${text(one)} was answered ${error.code} otherwise than the history says (S12)`);
}

function text({ caller, request }: Told): string {
  return `${request.message} ${request.method} ${idText(request.id)} of ${caller}, attempt ${request.attempt},`;
}

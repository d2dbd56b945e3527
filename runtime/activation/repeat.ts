/**
 * Repeat: a message that was applied before gets its first outcome (S12).
 *
 * Owns: finding the outcome, in the open turn, in the one being written, or in its row.
 */

import type { Position } from '../../framework/model/identity';
import { PerdureError } from '../../framework/errors';
import { isPlanted } from '../../framework/planted-bugs';
import type { Entry } from '../../framework/core/history';
import type { Reply } from '../wire/envelope';
import type { Commit } from './commit';
import type { Resident } from './grounds';
import { readRow } from './loader';
import { acknowledged, errorReply, outcomeIn, outcomeReply, signalReply } from './replies';
import type { Answer } from './replies';

interface Asked {
  readonly message: 'signal' | 'update' | 'query';
  readonly submit: boolean;
}

export function repeat(resident: Resident, commit: Commit, asked: Asked, at: Position, answer: Answer): void {
  const pending = commit.pending(at.seq);
  if (pending !== null) commit.reply(answer, replyOf(pending[at.index], asked, at.seq));
  else void fromRow(resident, asked, at, answer);
}

async function fromRow({ grounds, key, name }: Resident, asked: Asked, at: Position, answer: Answer): Promise<void> {
  try {
    const { rows } = await grounds.session.rows(key, at.seq, 1);
    const row = rows[0];
    const record = row?.seq === at.seq ? readRow(key, row).record : null;
    if (record?.kind !== 'turn')
      throw new PerdureError('internal', `${name}: record ${at.seq} with an outcome is missing`, { reason: 'corrupt' });
    answer(replyOf(record.entries[isPlanted('repeat-from-wrong-place') ? 0 : at.index], asked, at.seq));
  } catch (error) {
    answer(errorReply(error, true));
  }
}

function replyOf(entry: Entry | undefined, asked: Asked, seq: number): Reply {
  const outcome = entry === undefined ? null : outcomeIn(entry);
  if (asked.submit) return acknowledged(seq, true);
  if (asked.message === 'signal' || outcome === null) return signalReply(outcome, seq, true);
  return outcomeReply(outcome, seq, true);
}

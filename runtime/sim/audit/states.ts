/**
 * States: what the rows of an entity add up to, after each of them, as a store keeps it beside them.
 *
 * Owns: running a history again, and which last turn need not have had any effect: its host may have died before it was
 * released, and nobody was told. A history does not say whether it was; so the state before it counts as well, unless some
 * caller was answered from that turn or a later one. Does not own: what is compared with it (`directory-audit`,
 * `wake-audit`).
 */

import { readRow } from '../../activation/loader';
import { indexOf } from '../../activation/entity-index';
import { ROW_KIND } from '../../../framework/core/history';
import { Replay } from '../../../framework/core/replay';
import { definitionOf } from '../../../framework/model/definition';
import type { EntityClass } from '../../../framework/model/definition';
import type { EntityKey } from '../../../framework/model/identity';
import type { EntityIndex, Row } from '../../ports/history-store';
import type { Told } from '../network/witness';
import { entityText } from '../network/witness';
import { auditEnvironment } from './entity-state';

export interface History {
  readonly entity: EntityClass;
  readonly key: EntityKey;
  readonly rows: readonly Row[];
}

/** What the first so many rows add up to; null for none, and as long as there are only refusals. */
export type StateAt = (count: number) => EntityIndex | null;

/** Null for a history that cannot be run again: others say so. */
export async function statesOf({ key, entity, rows }: History): Promise<StateAt | null> {
  const definition = definitionOf(entity);
  const replay = new Replay(key, definition, auditEnvironment);
  const indexes: (EntityIndex | null)[] = [null];
  try {
    for (const row of rows) {
      const { record, hash } = readRow(key, row);
      await replay.record(record, hash, false);
      const index = replay.instance && indexOf(replay.instance, definition);
      indexes.push(index?.status === 'unborn' ? null : index);
    }
  } catch {
    return null;
  }
  return (count) => indexes[count] ?? null;
}

/** The place of the last turn, if nothing proves that it was released; null if something does. */
export function unreleased({ rows }: Pick<History, 'rows'>, answeredSeq: number): number | null {
  const at = rows.findLastIndex(({ kind }) => kind !== ROW_KIND.fence);
  const row = rows[at];
  return row === undefined || row.kind !== ROW_KIND.turn || row.seq <= answeredSeq ? null : at;
}

/** By entity, the greatest seq from which a caller was answered. */
export function answeredSeqs(told: readonly Told[]): ReadonlyMap<string, number> {
  const seqs = new Map<string, number>();
  for (const { request, reply } of told) {
    const text = entityText(request.key);
    if (reply.ok) seqs.set(text, Math.max(seqs.get(text) ?? 0, reply.seq));
  }
  return seqs;
}

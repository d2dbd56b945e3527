/**
 * States: what the rows of an entity add up to, after each of them, as a store keeps it beside them.
 *
 * Owns: running a history again, and which last turn need not have had any effect: its host may have died before it was
 * released, and nobody was told. A history does not say whether it was; so the state before it counts as well, unless some
 * caller was answered from that turn or a later one. Does not own: what is compared with it (`directory-audit`,
 * `wake-audit`).
 */

import { indexOf } from '../../activation/entity-index';
import { sameBytes } from '../../../framework/codec/fields';
import { recordHash } from '../../../framework/codec/record';
import { ROW_KIND } from '../../../framework/core/history';
import { definitionOf } from '../../../framework/model/definition';
import type { EntityClass } from '../../../framework/model/definition';
import type { EntityKey } from '../../../framework/model/identity';
import type { EntityIndex, Row } from '../../ports/history-store';
import type { Told } from '../network/witness';
import { entityText } from '../network/witness';
import { EntityFacts } from './entity-facts';

export interface History {
  readonly entity: EntityClass;
  readonly key: EntityKey;
  readonly rows: readonly Row[];
}

/** What the first so many rows add up to; null for none, and as long as there are only refusals. */
export type StateAt = (count: number) => EntityIndex | null;

interface Known {
  readonly facts: EntityFacts;
  readonly indexes: (EntityIndex | null)[];
}

/** Of the histories of one run: what was run again once is not run again for every look, only what has come since. */
export class States {
  private readonly known = new Map<string, Known>();

  /** Null for a history that cannot be run again: `factsOf` says why. */
  async of(history: History): Promise<StateAt | null> {
    const known = await this.walked(history).catch(() => null);
    return known && ((count) => known.indexes[count] ?? null);
  }

  /** Rejects with what is wrong with the history itself. */
  async factsOf(history: History): Promise<EntityFacts> {
    return (await this.walked(history)).facts;
  }

  private async walked({ key, entity, rows }: History): Promise<Known> {
    const definition = definitionOf(entity);
    const known = this.sharing(key, rows) ?? { facts: new EntityFacts(key, definition), indexes: [null] };
    const { facts, indexes } = known;
    this.known.delete(entityText(key));
    for (const row of rows.slice(indexes.length - 1)) {
      await facts.walk([row]);
      const index = facts.instance && indexOf(facts.instance, definition);
      indexes.push(index?.status === 'unborn' ? null : index);
    }
    this.known.set(entityText(key), known);
    return known;
  }

  /** What is known, if these rows begin with the same: a row names the one before it by its hash (C6). */
  private sharing(key: EntityKey, rows: readonly Row[]): Known | null {
    const known = this.known.get(entityText(key));
    const last = known?.facts.link ?? null;
    if (known === undefined || last === null) return null;
    const row = rows[known.indexes.length - 2];
    const same = row?.seq === last.seq && row.epoch === last.epoch && sameBytes(recordHash(row.bytes), last.hash);
    return same ? known : null;
  }
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

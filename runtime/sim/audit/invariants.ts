/**
 * Invariants: what holds of any entity whatever it does, checked once everything is healed and idle.
 *
 * Owns: asking each entity for its live state, reading its history, and the order of the checks over them.
 * Does not own: the checks (`audit/`), what a workload promises beyond them, when the world has come to rest.
 *
 * 1. `gather` runs inside the world, `judge` outside of it: running a history again takes no virtual time.
 * 2. Each entity class of a workload has a query `whole` that answers every field; the live answer must be that of the
 *    history, run again from its first row, and again from its last snapshot.
 */

import { encodeValue } from '../../../framework/codec/value';
import { sameBytes } from '../../../framework/codec/fields';
import { answerQuery } from '../../../framework/core/query';
import { ROW_KIND } from '../../../framework/core/history';
import { Replay } from '../../../framework/core/replay';
import { isPerdureError } from '../../../framework/errors';
import { definitionOf } from '../../../framework/model/definition';
import type { EntityClass } from '../../../framework/model/definition';
import { contract } from '../../../framework/model/handle';
import type { EntityKey } from '../../../framework/model/identity';
import { readRow } from '../../activation/loader';
import { idText } from '../../activation/replies';
import type { Row } from '../../ports/history-store';
import { auditEffects } from './effect-audit';
import type { EntityFacts } from './entity-facts';
import { auditEnvironment, stateDifference } from './entity-state';
import { auditMessages } from './message-audit';
import { auditRest } from './rest-audit';
import type { States } from './states';
import { answeredSeqs, unreleased } from './states';
import { violation } from './violation';
import type { Attempt } from '../workloads/outside';
import type { Numbered, Told } from '../network/witness';
import { entityText } from '../network/witness';
import type { Caller } from '../workloads/workload';

/** The rows of a key from the first on, in order. */
export type ReadHistory = (key: EntityKey) => Promise<readonly Row[]>;

export interface AuditOptions {
  /** Of the newest version. */
  readonly entities: readonly EntityClass[];
  readonly ids: readonly string[];
  readonly told: readonly Told[];
  readonly states: States;
  readonly attempts: readonly Attempt[];
  /** See `audit/effect-audit`. */
  readonly notesKept: boolean;
  /** Its owner may have found nothing of the key. */
  readonly isUnseen: (key: EntityKey) => boolean;
}

interface Gathered {
  readonly key: EntityKey;
  readonly entity: EntityClass;
  readonly rows: readonly Row[];
  /** Encoded answer of `whole`; null if the entity does not exist. */
  readonly live: Uint8Array | null;
  readonly unseen: boolean;
}

export class Invariants {
  private gathered: readonly Gathered[] = [];
  private nowMs = 0;
  /** Of the entities whose history could be run again to its end. */
  private readonly facts = new Map<string, EntityFacts>();

  constructor(private readonly options: AuditOptions) {}

  /** Inside the world. Rejects if an entity does not answer. */
  async gather(auditor: Caller, readHistory: ReadHistory): Promise<void> {
    const { entities, ids, isUnseen } = this.options;
    const gathered: Gathered[] = [];
    for (const entity of entities) {
      for (const id of ids) {
        const key = { namespace: 'default', type: definitionOf(entity).type, id };
        const live = await this.ask(auditor, key);
        gathered.push({ key, entity, live, unseen: isUnseen(key), rows: await readHistory(key) });
      }
    }
    this.gathered = gathered;
    this.nowMs = auditor.clock.now() - CLOCKS_APART_MS;
  }

  /** Outside the world: the first thing that is wrong, or null. */
  async judge(): Promise<string | null> {
    const told = new Map<string, Told[]>();
    for (const one of this.options.told) {
      const text = entityText(one.request.key);
      told.set(text, [...(told.get(text) ?? []), one]);
    }
    try {
      for (const one of this.gathered) await this.entity(one, told.get(entityText(one.key)) ?? []);
      const { attempts, notesKept } = this.options;
      auditEffects({ facts: [...this.facts.values()], attempts, notesKept });
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Where the history has a message: null if nowhere, undefined if it was not read to its end. */
  positionOf({ key, id }: Numbered): number | null | undefined {
    const facts = this.facts.get(entityText(key));
    if (facts === undefined) return undefined;
    const applied = facts.messages.get(idText(id))?.applied ?? null;
    return applied === null ? null : applied.seq + applied.index / MOST_ENTRIES;
  }

  private async ask(auditor: Caller, key: EntityKey): Promise<Uint8Array | null> {
    const { client, patienceMs } = auditor;
    const handle = client.entity(contract<Whole>(key.type, { whole: 'query' }), key.id);
    try {
      const answer = await client.call(handle, { timeout: patienceMs }).whole();
      return encodeValue(answer, { classes: 'plain' });
    } catch (error) {
      if (isPerdureError(error) && error.code === 'not_found') return null;
      throw error;
    }
  }

  private async entity({ key, entity, rows, live, unseen }: Gathered, told: readonly Told[]): Promise<void> {
    const facts = await this.options.states.factsOf({ key, entity, rows });
    this.facts.set(entityText(key), facts);
    await auditTail(facts, rows);
    auditMessages(facts, told);
    if (live === null && unseen && isBirthAlone(rows, told)) return;
    auditRest(facts, this.nowMs);
    auditLive(facts, live);
  }
}

/** By how much a host's clock may be behind the auditor's, and a timer that is due on its way. */
const CLOCKS_APART_MS = 10_000;
/** More than any record holds. */
const MOST_ENTRIES = 1_000_000;

interface Whole {
  whole(): unknown;
}

/** The last snapshot and what comes after it: what the next host will load (S24). */
async function auditTail({ key, definition, instance }: EntityFacts, rows: readonly Row[]): Promise<void> {
  const from = rows.findLastIndex(({ kind }) => kind === ROW_KIND.snapshot);
  if (from < 0 || instance === null) return;
  const replay = new Replay(key, definition, auditEnvironment);
  for (const row of rows.slice(from)) {
    const { record, hash } = readRow(key, row);
    await replay.record(record, hash, true);
  }
  const difference = replay.instance === null ? 'is empty' : stateDifference(instance, replay.instance);
  if (difference !== null) throw violation(key, `its last snapshot with the records after it ${difference} (S24)`);
}

/**
 * A first turn that nobody was told of, and that came to a quorum late or never: its owner may have found an empty
 * partition, and such a look writes nothing that would decide it (C6).
 */
function isBirthAlone(rows: readonly Row[], told: readonly Told[]): boolean {
  const [answered = 0] = answeredSeqs(told).values();
  return unreleased({ rows }, answered) === 0;
}

function auditLive({ key, instance }: EntityFacts, live: Uint8Array | null): void {
  const exists = instance?.ledger.born === true;
  if (live === null) {
    if (exists) throw violation(key, 'has a history, and its host says that it does not exist');
    return;
  }
  if (instance === null || !exists) throw violation(key, 'is there, and has no history');
  if (!sameBytes(live, answerQuery(instance, 'whole', [])))
    throw violation(key, 'answers otherwise than its history says (S24)');
}

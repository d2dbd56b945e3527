/**
 * Directory audit: does what `list` shows agree with the histories? (C10)
 *
 * Owns: reading both before anybody asks an entity for anything, for an owner that is asked lists again; comparing them,
 * again and again until they agree or the time for it is over. Does not own: what a history says (`core/replay`).
 *
 * What an entity's last turn changed need not be listed if that turn was never released: its host died before, and nobody
 * was told. A history does not say whether it was; so the state before it counts as well, unless some caller was answered
 * from that turn or a later one. Fields that the listing's build did not index are not compared where there are several.
 */

import { readRow } from '../../activation/loader';
import { indexOf } from '../../activation/entity-index';
import { ROW_KIND } from '../../../framework/core/history';
import { Replay } from '../../../framework/core/replay';
import { definitionOf } from '../../../framework/model/definition';
import type { EntityClass } from '../../../framework/model/definition';
import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';
import type { ListedEntity } from '../../client/directory';
import type { EntityIndex, Row } from '../../ports/history-store';
import type { ReadHistory } from '../invariants';
import type { Told } from '../witness';
import { entityText } from '../witness';
import type { Caller } from '../workload';
import type { World } from '../world';
import { auditEnvironment } from './entity-state';

export interface DirectoryAuditOptions {
  readonly world: World;
  readonly auditor: Caller;
  readonly readHistory: ReadHistory;
  /** Of the newest version. */
  readonly entities: readonly EntityClass[];
  readonly ids: readonly string[];
  readonly told: readonly Told[];
  /** All of the run's hosts ran one version of the code. */
  readonly oneBuild: boolean;
  /** Within this time a healed site's directory has come after its histories; virtual milliseconds. */
  readonly withinMs: number;
}

interface Gathered {
  readonly entity: EntityClass;
  readonly key: EntityKey;
  readonly listed: ListedEntity | null;
  readonly rows: readonly Row[];
}

const LOOK_AGAIN_MS = 2_000;
const READ_MS = 30 * 60_000;

/** Null once the directory agrees; else the first difference that is left, in words. */
export async function directoryDifference(options: DirectoryAuditOptions): Promise<string | null> {
  const { world, withinMs } = options;
  const answered = answeredSeqs(options.told);
  for (const untilMs = world.nowMs + withinMs; ;) {
    const gathered = await world.complete(gather(options), world.nowMs + READ_MS);
    const difference = await firstDifference(gathered, answered, options.oneBuild);
    if (difference === null || world.nowMs >= untilMs) return difference;
    await world.run({ untilMs: world.nowMs + LOOK_AGAIN_MS });
  }
}

async function gather({ entities, ids, auditor, readHistory }: DirectoryAuditOptions): Promise<readonly Gathered[]> {
  const gathered: Gathered[] = [];
  for (const entity of entities) {
    const { type } = definitionOf(entity);
    const listed = new Map<string, ListedEntity>();
    for await (const one of auditor.client.list({ type })) listed.set(one.id, one);
    for (const id of new Set([...ids, ...listed.keys()])) {
      const key = { namespace: 'default', type, id };
      gathered.push({ entity, key, listed: listed.get(id) ?? null, rows: await readHistory(key) });
    }
  }
  return gathered;
}

async function firstDifference(
  gathered: readonly Gathered[],
  answered: ReadonlyMap<string, number>,
  oneBuild: boolean,
): Promise<string | null> {
  for (const one of gathered) {
    const { rows, listed, key } = one;
    const difference = differenceOf(listed, await indexAt(one, rows), oneBuild);
    if (difference === null) continue;
    const lastTurn = unreleased(rows, answered.get(entityText(key)) ?? 0);
    if (lastTurn !== null && differenceOf(listed, await indexAt(one, rows.slice(0, lastTurn)), oneBuild) === null)
      continue;
    return `${keyText(key)}: the directory ${difference}, at row ${rows.at(-1)?.seq ?? 0} (C10)`;
  }
  return null;
}

/** What the rows add up to; null for none, and for a key that only has refusals. */
async function indexAt({ key, entity }: Gathered, rows: readonly Row[]): Promise<EntityIndex | null> {
  const definition = definitionOf(entity);
  const replay = new Replay(key, definition, auditEnvironment);
  for (const row of rows) {
    const { record, hash } = readRow(key, row);
    await replay.record(record, hash, false);
  }
  const index = replay.instance && indexOf(replay.instance, definition);
  return index?.status === 'unborn' ? null : index;
}

/** The place of the last turn, if nothing proves that it was released; null if something does. */
function unreleased(rows: readonly Row[], answeredSeq: number): number | null {
  const at = rows.findLastIndex(({ kind }) => kind !== ROW_KIND.fence);
  const row = rows[at];
  return row === undefined || row.kind !== ROW_KIND.turn || row.seq <= answeredSeq ? null : at;
}

function differenceOf(listed: ListedEntity | null, index: EntityIndex | null, oneBuild: boolean): string | null {
  if (listed === null) return index === null ? null : `lacks it, which is ${index.status}`;
  if (index === null) return `lists it as ${listed.status}, and it has no history`;
  if (listed.status !== index.status) return `lists it as ${listed.status}, and it is ${index.status}`;
  if (listed.createdAt !== index.createdAt) return `lists it as created at ${listed.createdAt}, not ${index.createdAt}`;
  for (const field of new Set([...Object.keys(listed.fields), ...Object.keys(index.fields)])) {
    const [shown, is] = [listed.fields[field], index.fields[field]];
    if ((shown === undefined || is === undefined) && !oneBuild) continue;
    if (shown !== is) return `lists it with ${field} ${String(shown)}, and it has ${String(is)}`;
  }
  return null;
}

/** By entity, the greatest seq from which a caller was answered. */
function answeredSeqs(told: readonly Told[]): ReadonlyMap<string, number> {
  const seqs = new Map<string, number>();
  for (const { request, reply } of told) {
    const text = entityText(request.key);
    if (reply.ok) seqs.set(text, Math.max(seqs.get(text) ?? 0, reply.seq));
  }
  return seqs;
}

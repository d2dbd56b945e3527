/**
 * Directory audit: does what `list` shows, and showed, agree with the histories? (C10)
 *
 * Owns: reading both before anybody asks an entity for anything, for an owner that is asked lists again; comparing them,
 * again and again until they agree or the time for it is over. Does not own: what a history says (`core/replay`).
 *
 * 1. In the end the directory says what the histories say. What an entity's last turn changed need not be listed if that
 *    turn was never released: its host died before, and nobody was told. A history does not say whether it was; so the
 *    state before it counts as well, unless some caller was answered from that turn or a later one.
 * 2. Whatever row was written on the way, the entity was so at that seq: somebody may have seen it.
 *
 * Fields that the listing's build did not index are not compared where there are several builds.
 */

import { definitionOf } from '../../../framework/model/definition';
import type { EntityClass } from '../../../framework/model/definition';
import { keyText } from '../../../framework/model/identity';
import type { EntityIndex } from '../../ports/history-store';
import type { ReadHistory } from './invariants';
import type { Listed } from '../store/store-cluster';
import type { Told } from '../network/witness';
import { entityText } from '../network/witness';
import type { Caller } from '../workloads/workload';
import type { World } from '../world/world';
import type { History, StateAt, States } from './states';
import { answeredSeqs, unreleased } from './states';

export interface DirectoryAuditOptions {
  readonly world: World;
  readonly auditor: Caller;
  readonly readHistory: ReadHistory;
  /** Of the newest version. */
  readonly entities: readonly EntityClass[];
  readonly ids: readonly string[];
  readonly told: readonly Told[];
  readonly states: States;
  /** Every row of the directory that was to be written. */
  readonly listed: readonly Listed[];
  /** All of the run's hosts ran one version of the code. */
  readonly oneBuild: boolean;
  /** Within this time a healed site's directory has come after its histories; virtual milliseconds. */
  readonly withinMs: number;
}

interface Shown {
  readonly index: Pick<EntityIndex, 'status' | 'fields' | 'createdAt'>;
  readonly seq: number;
}

interface Gathered extends History {
  /** What `list` shows; null if it shows nothing of the entity. */
  readonly shown: Shown | null;
}

interface Judged extends Gathered {
  readonly at: StateAt;
}

const LOOK_AGAIN_MS = 2_000;
const READ_MS = 30 * 60_000;
/** What no turn says, and what is as good as nothing. */
const UNRECORDED: ReadonlySet<EntityIndex['status']> = new Set(['corrupt', 'diverged', 'unborn']);

/** Null once the directory agrees; else the first difference that is left, in words. */
export async function directoryDifference(options: DirectoryAuditOptions): Promise<string | null> {
  const { world, withinMs, told, oneBuild } = options;
  const answered = answeredSeqs(told);
  for (const untilMs = world.nowMs + withinMs; ;) {
    const all: Judged[] = [];
    for (const one of await world.complete(gather(options), world.nowMs + READ_MS)) {
      const at = await options.states.of(one);
      if (at !== null) all.push({ ...one, at });
    }
    const difference = firstBehind(all, answered, oneBuild);
    if (difference === null) return firstFalse(all, options);
    if (world.nowMs >= untilMs) return difference;
    await world.run({ untilMs: world.nowMs + LOOK_AGAIN_MS });
  }
}

async function gather(options: DirectoryAuditOptions): Promise<readonly Gathered[]> {
  const { entities, ids, auditor, readHistory, told, listed } = options;
  const gathered: Gathered[] = [];
  for (const entity of entities) {
    const { type } = definitionOf(entity);
    const shown = new Map<string, Shown>();
    for await (const { id, seq, ...index } of auditor.client.list({ type })) shown.set(id, { index, seq });
    const keys = [...told.map(({ request }) => request.key), ...listed.map(({ key }) => key)];
    const others = keys.filter((key) => key.type === type).map(({ id }) => id);
    for (const id of new Set([...ids, ...shown.keys(), ...others])) {
      const key = { namespace: 'default', type, id };
      gathered.push({ entity, key, shown: shown.get(id) ?? null, rows: await readHistory(key) });
    }
  }
  return gathered;
}

function firstBehind(all: readonly Judged[], answered: ReadonlyMap<string, number>, oneBuild: boolean): string | null {
  for (const { key, rows, shown, at } of all) {
    const lastTurn = unreleased({ rows }, answered.get(entityText(key)) ?? 0);
    const difference = differenceOf(shown, at(rows.length), oneBuild);
    if (difference === null) continue;
    if (lastTurn !== null && differenceOf(shown, at(lastTurn), oneBuild) === null) continue;
    return `${keyText(key)}: the directory ${difference}, at row ${rows.at(-1)?.seq ?? 0} (C10)`;
  }
  return null;
}

/** The first row that was to be written though the entity never was so at that seq. */
function firstFalse(all: readonly Judged[], { listed, oneBuild }: DirectoryAuditOptions): string | null {
  const byKey = Map.groupBy(listed, ({ key }) => entityText(key));
  for (const { key, rows, at } of all) {
    for (const { listing } of byKey.get(entityText(key)) ?? []) {
      if (UNRECORDED.has(listing.index.status)) continue;
      const count = rows.findLastIndex(({ seq }) => seq <= listing.seq) + 1;
      const difference = differenceOf(listing, at(count), oneBuild);
      if (difference !== null) return `${keyText(key)}: a row ${difference}, at row ${listing.seq} (C10)`;
    }
  }
  return null;
}

function differenceOf(shown: Shown | null, is: EntityIndex | null, oneBuild: boolean): string | null {
  if (shown === null) return is === null ? null : `lacks it, which is ${is.status}`;
  const { index } = shown;
  if (is === null) return `lists it as ${index.status}, and it has no history`;
  if (index.status !== is.status) return `lists it as ${index.status}, and it is ${is.status}`;
  if (index.createdAt !== is.createdAt) return `lists it as created at ${index.createdAt}, not ${is.createdAt}`;
  for (const field of new Set([...Object.keys(index.fields), ...Object.keys(is.fields)])) {
    const [left, right] = [index.fields[field], is.fields[field]];
    if ((left === undefined || right === undefined) && !oneBuild) continue;
    if (left !== right) return `lists it with ${field} ${String(left)}, and it has ${String(right)}`;
  }
  return null;
}

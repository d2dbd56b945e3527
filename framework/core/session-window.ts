/**
 * Session window: the ids that one client session has sent to one entity, and when each may be forgotten (S11, S16).
 *
 * Invariants: a pending id is never dropped; the submitted ones stay for OPERATION_WINDOW_MS whatever their sender says.
 */

import { OPERATION_WINDOW_MS, SESSION_WINDOW_MS } from './limits';
import { isPlanted } from '../planted-bugs';
import type { Remembered } from './segment';

export interface SessionId extends Remembered {
  readonly n: number;
}

export interface ClientSession {
  readonly session: string;
  doneBelow: number;
  /** Ids below it that are not in `ids` may have been applied and forgotten. */
  evictedBelow: number;
  /** Sorted by n. */
  ids: SessionId[];
  touched: number;
}

const FEW_IDS = 4;

/** First index whose n is at least the given one. */
function lowerBound(ids: readonly SessionId[], n: number): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle]?.n ?? Infinity) < n) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function findId(ids: readonly SessionId[], n: number): SessionId | undefined {
  const found = ids[lowerBound(ids, n)];
  return found?.n === n ? found : undefined;
}

export function insertId(client: ClientSession, id: SessionId): void {
  const { ids } = client;
  const last = ids.at(-1);
  if (last === undefined) client.ids = [id];
  else if (last.n < id.n) ids.push(id);
  else ids.splice(lowerBound(ids, id.n), 0, id);
}

/** Applying a message with this `doneBelow` forgets one id at least. */
export function makesRoom({ ids }: ClientSession, doneBelow: number): boolean {
  for (const id of ids) {
    if (id.n >= doneBelow) return false;
    if (id.seq > 0 && !id.operation) return true;
  }
  return false;
}

/** Drops what the sender has declared done; pending ids stay, and operations, whose outcome others may ask for. */
export function dropDone(client: ClientSession): void {
  const { ids, doneBelow } = client;
  const end = lowerBound(ids, doneBelow);
  if (end === 0) return;
  const kept = ids.slice(0, end).filter((id) => id.seq === 0 || (id.operation && !isPlanted('operation-forgotten')));
  if (kept.length === end) return;
  // A short list is copied: what is pushed to keeps room for more, and most entities hold one id (P11).
  if (ids.length - end <= FEW_IDS) client.ids = kept.concat(ids.slice(end));
  else ids.splice(0, end, ...kept);
}

/** Nothing of the session is kept any more at this time. */
export function isIdle(client: ClientSession, time: number): boolean {
  if (client.touched + SESSION_WINDOW_MS >= time) return false;
  return client.ids.every((id) => isDroppable(client, id, time));
}

function isDroppable({ doneBelow }: ClientSession, id: SessionId, time: number): boolean {
  if (id.seq === 0) return false;
  const windowMs = id.operation ? OPERATION_WINDOW_MS : SESSION_WINDOW_MS;
  return (id.n < doneBelow && !id.operation) || id.time + windowMs < time;
}

/** Drops what is older than its window; pending ids stay. */
export function dropOld(client: ClientSession, time: number): void {
  let kept = 0;
  for (const id of client.ids) {
    if (!isDroppable(client, id, time)) client.ids[kept++] = id;
    else client.evictedBelow = Math.max(client.evictedBelow, id.n + 1);
  }
  client.ids.length = kept;
}

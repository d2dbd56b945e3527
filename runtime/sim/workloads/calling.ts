/**
 * Calling: what the workloads share in how they call and wait.
 *
 * Owns: handles that are as patient as their caller, the rhythm of a caller's work, waiting for what must come about once
 * everything is healed. Does not own: what is called.
 */

import type { PerdureError } from '../../../framework/errors';
import { isPerdureError } from '../../../framework/errors';
import type { EntityReference, Handle } from '../../../framework/model/handle';
import type { EntityDescription } from '../../wire/description';
import type { Range } from '../world/random';
import type { Caller, More } from './workload';

/** Between two operations of a caller. */
export const PAUSE_MS: Range = [50, 1_500];
/** Whatever is on its way comes to its end within this time, once everything is healed. */
const HEALED_MS = 60_000;
const LOOK_MS: Range = [500, 600];

export function reach<T>({ client, patienceMs }: Caller, entity: EntityReference<T>, id: string): Handle<T> {
  return client.call(client.entity(entity, id), { timeout: patienceMs });
}

/** A refusal for an entity that nothing has created yet. */
export function absentAs<O>(answer: O): (error: PerdureError) => O | null {
  return ({ code }) => (code === 'not_found' ? answer : null);
}

/** `act` is given numbers from 1 on, which make a text that no other call of the run has. */
export async function atWork(caller: Caller, more: More, act: (name: string) => Promise<unknown>): Promise<void> {
  for (let n = 1; ; n += 1) {
    await caller.pause(PAUSE_MS);
    if (!more()) return;
    await act(`${caller.name}.${n}`);
  }
}

/** So many operations of a caller that works alone. */
export function times(count: number): More {
  let left = count;
  return () => (left -= 1) >= 0;
}

/** The answer of a query; null while the entity does not exist. */
export async function answerOf<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (isPerdureError(error) && error.code === 'not_found') return null;
    throw error;
  }
}

/** Null for an entity that does not exist. */
export function describe<T>(
  { client }: Caller,
  entity: EntityReference<T>,
  id: string,
): Promise<EntityDescription | null> {
  return answerOf(() => client.describe(client.entity(entity, id)));
}

/** Nothing of it is on its way. */
export function isDone({ invocations, admitted, activities, held }: EntityDescription): boolean {
  return invocations.length === 0 && admitted === 0 && activities.length === 0 && held === null;
}

/**
 * Asks again and again, at most as long as the healed cluster may take, whether or not it is answered each time: what
 * never ends may still be taking hosts with it (S20). Says whether it came about.
 */
export async function eventually(caller: Caller, cameAbout: () => Promise<boolean>): Promise<boolean> {
  const until = caller.clock.monotonicMs() + HEALED_MS;
  while (!(await cameAbout().catch(unanswered))) {
    if (caller.clock.monotonicMs() >= until) return false;
    await caller.pause(LOOK_MS);
  }
  return true;
}

function unanswered(error: unknown): false {
  if (isPerdureError(error) && (error.code === 'deadline_exceeded' || error.reason === 'not_served')) return false;
  throw error;
}

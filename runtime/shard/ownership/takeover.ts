/**
 * Takeover: performs what the lease's state machine asks for, against the store, until it rests (C3).
 *
 * Owns: one act at a time, repeated until its outcome is certain. Does not own: which act is next (`lease`).
 */

import { REWRITE_INITIAL_MS, REWRITE_MAXIMUM_MS } from '../../config';
import type { Clock } from '../../ports/clock';
import type { ClusterStore } from '../../ports/cluster-store';
import type { LeaseAct, LeaseEvent, LeaseMachine, LeaseState } from './lease';

export interface TakeoverOptions {
  readonly store: Pick<ClusterStore, 'setDead' | 'casLease' | 'lease'>;
  readonly clock: Clock;
  readonly shard: number;
  /** Asked before each act: false gives up, for one's own session is dead. */
  readonly alive: () => boolean;
}

/** Resolves with the state in which nothing is left to do, or in which it was given up. */
export async function perform(machine: LeaseMachine, options: TakeoverOptions): Promise<LeaseState> {
  let pauseMs = REWRITE_INITIAL_MS;
  for (let { act } = machine; act !== null && options.alive(); act = machine.act) {
    const event = await carryOut(act, options);
    if (event !== null) machine.on(event);
    const certain = event !== null && (event.kind === 'read' || event.outcome === 'ok');
    if (certain || machine.act === null) continue;
    await new Promise<void>((resolve) => options.clock.after(pauseMs, resolve));
    pauseMs = Math.min(pauseMs * 2, REWRITE_MAXIMUM_MS);
  }
  return machine.state;
}

async function carryOut(
  act: LeaseAct,
  { store, shard }: TakeoverOptions,
): Promise<Extract<LeaseEvent, { kind: 'marked' | 'swapped' | 'read' }> | null> {
  switch (act.kind) {
    case 'mark-dead':
      return { kind: 'marked', outcome: await store.setDead(act.session) };
    case 'swap':
      return { kind: 'swapped', outcome: await store.casLease(shard, act.expected, act.next) };
    case 'read': {
      const found = await store.lease(shard).catch(() => 'unread' as const);
      return found === 'unread' ? null : { kind: 'read', found };
    }
  }
}

/**
 * Bursts: several calls of one client at once, some of them refused, each with a name that the entity keeps. What a caller
 * was told to be refused is never applied, what it awaited comes before what it asked afterwards (C15, S11, S13); and a
 * caller that has been through the faults is answered once they are over, by whatever it remembers of hosts (C14).
 */

import 'reflect-metadata';
import { EntityFailure } from '../../../framework/errors';
import { Entity, Query, Update, Validate } from '../../../framework/model/decorators';
import { Asked } from './asked';
import { PAUSE_MS } from './calling';
import type { Operation } from '../checkers/history';
import { UNKNOWN } from '../checkers/history';
import type { Caller, More, RunContext, Workload } from './workload';

@Entity('sim-till')
export class Till {
  tokens = 0;
  applied: string[] = [];

  @Update() give(name: string): void {
    this.tokens += 1;
    this.applied.push(name);
  }

  @Validate('take') protected hasToken(): void {
    if (this.tokens === 0) throw new EntityFailure('empty');
  }
  @Update() take(name: string): void {
    this.tokens -= 1;
    this.applied.push(name);
  }

  @Query() whole() {
    return { tokens: this.tokens, applied: this.applied };
  }
}

interface Ask {
  readonly way: 'give' | 'take';
  readonly burst: number;
  /** Of this call alone. */
  readonly name: string;
}

type Told = 'ok' | 'refused';

const WAYS = ['give', 'give', 'take', 'take', 'take'] as const;
const MOST_AT_ONCE = 4;
const HEALED_MS = 60_000;

export class Bursts implements Workload {
  readonly name = 'bursts';
  private readonly asked: Asked<Ask, Told>;
  private readonly callers: Caller[] = [];

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [Till];
  }

  async call(caller: Caller, more: More): Promise<void> {
    const { draw } = caller;
    this.callers.push(caller);
    for (let burst = 1; ; burst += 1) {
      await caller.pause(PAUSE_MS);
      if (!more()) return;
      const together = Array.from({ length: 1 + draw.below(MOST_AT_ONCE) }, (_, i) => {
        const ask = { way: draw.of(WAYS), burst, name: `${caller.name}.${burst}.${i}` };
        return this.ask(caller, draw.of(this.run.ids), ask, caller.patienceMs);
      });
      await Promise.all(together);
    }
  }

  async verdict(auditor: Caller): Promise<string | null> {
    for (const caller of this.callers) {
      const ask = { way: 'give', burst: Infinity, name: `${caller.name}.last` } as const;
      const told = await this.ask(caller, this.run.ids[0] as string, ask, HEALED_MS);
      if (told === UNKNOWN) return `${caller.name} has no answer within ${HEALED_MS} ms after the last fault`;
    }
    const [complaint] = this.asked.complaints;
    if (complaint !== undefined) return complaint;
    for (const id of this.run.ids) {
      const { client } = auditor;
      const till = client.call(client.entity(Till, id), { timeout: HEALED_MS });
      const applied = await till.whole().then((whole) => whole.applied, absent);
      const wrong = fault(
        applied,
        this.asked.operations.filter(({ key }) => key === id),
      );
      if (wrong !== null) return `till ${id} ${wrong}`;
    }
    return null;
  }

  private ask(caller: Caller, key: string, op: Ask, timeout: number): Promise<Told | typeof UNKNOWN> {
    const { client } = caller;
    const till = client.call(client.entity(Till, key), { timeout });
    const refused = ({ code }: { readonly code: string }) =>
      op.way === 'take' && code === 'rejected' ? ('refused' as const) : null;
    return this.asked.ask({ caller, key, op, call: () => till[op.way](op.name).then(() => 'ok' as const), refused });
  }
}

function absent(error: { readonly code?: unknown }): string[] {
  if (error.code === 'not_found') return [];
  throw error as Error;
}

/** How what was applied contradicts what callers were told, or the order of their awaited calls; null if it does not. */
function fault(applied: readonly string[], operations: readonly Operation<Ask, Told>[]): string | null {
  const places = new Map<string, number[]>();
  applied.forEach((name, at) => places.set(name, [...(places.get(name) ?? []), at]));
  for (const { op, output } of operations) {
    const times = places.get(op.name)?.length ?? 0;
    if (times > 1 || (output === 'ok' && times === 0) || (output === 'refused' && times > 0)) {
      return `has applied ${op.name} ${times} times, and its caller was told ${output}`;
    }
  }
  const newest = new Map<string, Ask>();
  const known = new Map(operations.map(({ op, client }) => [op.name, { ask: op, client }]));
  for (const name of applied) {
    const call = known.get(name);
    if (call === undefined) return `has applied ${name}, which its caller was told that nobody received`;
    const before = newest.get(call.client);
    if (before !== undefined && before.burst > call.ask.burst) return `has applied ${name} after ${before.name}`;
    newest.set(call.client, call.ask);
  }
  return null;
}

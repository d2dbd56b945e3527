/**
 * Loads: the simulator's workloads, as they are put on real clusters.
 *
 * Owns: which of them, on which ids, and what they are told of the world. Does not own: what they call and what they may
 * be answered (`sim/workloads`), the processes that call (`caller-process`), the verdict (`judgement`).
 *
 * Entities are left for new ones from one era to the next, so that a long run has many short histories to check.
 */

import type { EntityClass } from '../framework/model/definition';
import { Accounts } from '../runtime/sim/workloads/accounts';
import { ListAppend } from '../runtime/sim/workloads/list-append';
import { Transfers } from '../runtime/sim/workloads/transfers';
import type { CallContext, Heard, Workload } from '../runtime/sim/workloads/workload';

const LOADS = {
  'list-append': (context: CallContext) => new ListAppend(context),
  account: (context: CallContext) => new Accounts(context),
  transfers: (context: CallContext) => new Transfers(context),
} satisfies Readonly<Record<string, (context: CallContext) => Workload>>;

export type LoadName = keyof typeof LOADS;

/** What one caller has heard of the entities of one era. */
export interface Told {
  readonly load: LoadName;
  readonly era: number;
  /** Where one operation is called after the other. */
  readonly lane: string;
  readonly heard: Heard;
}

export interface Listener {
  readonly heard?: (heard: Heard) => void;
  /** Told of verdicts, by name. */
  readonly count?: (what: string) => void;
}

/** Longer than most faults last, so that an era has seen an order, a fault and an order again. */
const ERA_MS = 30_000;
const IDS = 4;

export function loadOf(name: LoadName, era: number, { heard, count }: Listener = {}): Workload {
  return LOADS[name]({
    world: { count: count ?? (() => undefined), nowMs: 0 },
    ids: Array.from({ length: IDS }, (_, i) => `${era}.${i + 1}`),
    tick: monotonicMs,
    witness: { lastOf: () => null },
    positionOf: () => undefined,
    ...(heard && { heard }),
  });
}

export function loadedEntities(): readonly EntityClass[] {
  return Object.keys(LOADS).flatMap((name) => loadOf(name as LoadName, 0).entities(1));
}

export function currentEra(): number {
  return Math.floor(Date.now() / ERA_MS);
}

/** Of the machine's own clock, which all its processes share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1_000_000;
}

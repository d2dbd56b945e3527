/**
 * Workload: one kind of load on a simulated cluster, and what must hold of it afterwards.
 *
 * Owns: the interface between a run and its workloads. Does not own: the cluster, its faults, what holds of any entity
 * whatever it does (`invariants`).
 *
 * A workload is made anew for each run and keeps what its callers were told. Everything it draws comes from the
 * streams it is handed, so that a seed repeats.
 */

import type { EntityClass } from '../../../framework/model/definition';
import type { PerdureClient } from '../../client/types';
import type { ServedGroup } from '../../host/hosted-code';
import type { Clock } from '../../ports/clock';
import type { ExportedHistory } from '../checkers/export';
import type { Operation } from '../checkers/history';
import type { Outside } from './outside';
import type { Range, SimStream } from '../world/random';
import type { Numbered, Witness } from '../network/witness';
import type { World } from '../world/world';

/** What workloads need that call real clusters too (`faults`). */
export interface CallContext {
  readonly world: Pick<World, 'count' | 'nowMs'>;
  /** Business ids to use, 1 to 4 of them; each workload has entity types of its own. */
  readonly ids: readonly string[];
  /** Grows with each call and each return of any caller: the order that the checkers judge by. */
  readonly tick: () => number;
  readonly witness: Pick<Witness, 'lastOf'>;
  /** Where the history has a message, null if nowhere, undefined as long as it was not read: a hint, never a proof. */
  readonly positionOf: (request: Numbered) => number | null | undefined;
  /** Told of each call once it is over, where another process judges. */
  readonly heard?: (heard: Heard) => void;
}

/** What all workloads of a simulated run share. */
export interface RunContext extends CallContext {
  readonly world: World;
  /** Of the code, which hosts run one after the other; by the time of `settle` every host runs the last. */
  readonly versions: number;
}

/** What a caller was told of one call, or why it should not have been told that. */
export type Heard = { readonly operation: Operation<unknown, unknown> } | { readonly complaint: string };

/** A process with a client: it may be paused, its messages lost. A caller's does not crash, a host's may. */
export interface Caller {
  readonly name: string;
  readonly client: PerdureClient;
  /** Of the caller's own process. */
  readonly clock: Clock;
  readonly draw: SimStream;
  /** How long a call is sent again before it is given up, milliseconds. */
  readonly patienceMs: number;
  /** Waits a drawn time of the caller's own clock. */
  pause(range: Range): Promise<void>;
}

/** Asked before each operation, or each few that belong together: whether there is to be another. */
export type More = () => boolean;

export interface Workload {
  readonly name: string;
  /** Where its activities leave their traces. */
  readonly outside?: Outside;
  /** Each has a query `whole` that answers all its fields (`invariants`). Classes of the given version of the code, 1 being the first; the same for all versions unless it is about them. */
  entities(version: number): readonly EntityClass[];
  /** Groups of activities that a host serves; a new object for each process, whose client the host's code may use. */
  activities?(host: Caller): readonly ServedGroup[];
  /** Takes in what a caller in another process has heard, to be judged as if it had called here. */
  hear?(heard: Heard): void;
  /** One caller's work, for as long as there is more. Never rejects: a failure that no fault excuses is kept. */
  call(caller: Caller, more: More): Promise<void>;
  /** Once the cluster is healed: ends what would never come to rest by itself, such as an operator's hold. */
  settle?(auditor: Caller): Promise<void>;
  /** Once the cluster is healed and idle: the first thing that is wrong, or null. */
  verdict(auditor: Caller): Promise<string | null>;
  /** What was asked and answered, for the real Porcupine. */
  histories?(): readonly ExportedHistory[];
}

export type MakeWorkload = (run: RunContext) => Workload;

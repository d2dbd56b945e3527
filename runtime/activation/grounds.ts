/**
 * Grounds: what an activation stands on, shaped by it, and what it shows of itself.
 */

import type { Entry } from '../../framework/core/history';
import type { CoreEnvironment, Instance } from '../../framework/core/instance';
import type { EntityDefinition } from '../../framework/model/definition';
import type { EntityKey } from '../../framework/model/identity';
import type { Clock } from '../ports/clock';
import type { StoreSession } from '../ports/history-store';
import type { Log } from '../ports/telemetry';
import type { AppendGroup } from './append-group';
import type { Poison } from './poison';
import type { Rehearsal } from './rehearsal';
import type { TurnLoop } from './turn-loop';

/** Bounds of one entity; the defaults stand in `config.ts`. */
export interface ActivationLimits {
  readonly mailboxMessages: number;
  readonly admitted: number;
  readonly admittedBytes: number;
  readonly turnBytes: number;
  /** Steps that may share a record; 1 makes every step durable by itself. */
  readonly turnSteps: number;
  readonly snapshotTurns: number;
  readonly snapshotBytes: number;
  readonly maxTurnsSinceSnapshot: number;
}

/** An entity in memory as others see it. */
export interface Resident {
  readonly key: EntityKey;
  /** For people: `type/id`. */
  readonly name: string;
  readonly definition: EntityDefinition;
  readonly grounds: Grounds;
  /** Null when the entity does not exist, or is being loaded. */
  readonly instance: Instance | null;
}

export interface Grounds {
  readonly session: StoreSession;
  /** Where records go on their way to the session. */
  readonly appends: AppendGroup;
  /** Which code must not run on this build (S20). */
  readonly poison: Poison;
  readonly clock: Clock;
  readonly loop: TurnLoop;
  readonly core: CoreEnvironment;
  readonly log: Log;
  readonly limits: ActivationLimits;
  /** Null but in tests. */
  readonly rehearsal: Rehearsal | null;
  /** Two random words for a newborn. */
  seed(): readonly [number, number];
  /** It is in memory: its open activities are to run. */
  loaded(resident: Resident): Promise<void>;
  /** A record is durable and fenced: its effects may leave. */
  released(resident: Resident, entries: readonly Entry[]): void;
  /** Its earliest open timer, as of the last commit; null without one. */
  due(key: EntityKey, wakeAt: number | null): void;
  /** It has nothing to do. */
  rested(resident: Resident): void;
  /** Its history cannot be used: what callers are told, for it may be of use to another host. Never rejects. */
  unloadable(resident: Resident, error: unknown): Promise<unknown>;
  /** It cannot go on. */
  failed(resident: Resident, error: unknown): void;
}

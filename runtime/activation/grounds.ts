/**
 * Grounds: what an activation stands on, shaped by it.
 */

import type { Entry } from '../../framework/core/history';
import type { CoreEnvironment } from '../../framework/core/instance';
import type { EntityKey } from '../../framework/model/identity';
import type { Clock } from '../ports/clock';
import type { StoreSession } from '../ports/history-store';
import type { Log } from '../ports/telemetry';
import type { Activation } from './activation';
import type { TurnLoop } from './turn-loop';

/** Bounds of one entity; the defaults stand in `config.ts`. */
export interface ActivationLimits {
  readonly mailboxMessages: number;
  readonly admitted: number;
  readonly turnBytes: number;
  /** Steps that may share a record; 1 makes every step durable by itself. */
  readonly turnSteps: number;
  readonly snapshotTurns: number;
  readonly snapshotBytes: number;
  readonly maxTurnsSinceSnapshot: number;
}

export interface Grounds {
  readonly session: StoreSession;
  readonly clock: Clock;
  readonly loop: TurnLoop;
  readonly core: CoreEnvironment;
  readonly log: Log;
  readonly limits: ActivationLimits;
  /** Two random words for a newborn. */
  seed(): readonly [number, number];
  /** It is in memory: its open activities are to run. */
  loaded(activation: Activation): Promise<void>;
  /** A record is durable and fenced: its effects may leave. */
  released(activation: Activation, entries: readonly Entry[]): void;
  /** Its earliest open timer, as of the last commit; null without one. */
  due(key: EntityKey, wakeAt: number | null): void;
  /** It has nothing to do. */
  rested(activation: Activation): void;
  /** It cannot go on. */
  failed(activation: Activation, error: unknown): void;
}

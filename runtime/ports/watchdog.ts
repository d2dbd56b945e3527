/**
 * Watchdog: who sees that a step does not end, and what is kept of it (S20).
 *
 * Owns: the interfaces of the watchdog and of the rows that outlive a death. Does not own: what follows from them
 * (`activation/poison`).
 *
 * Invariants of an adapter of `RunningRows`:
 * 1. A place has one row, and only its own session sets it; whoever comes later may only remove it.
 * 2. Of two writes to one row the greater order wins, in whatever sequence they arrive.
 * 3. A row that stands when its session is over is a suspicion.
 */

import type { EntityKey } from '../../framework/model/identity';

/** What runs: the step of an input, or something else of an entity's code. */
export interface Running {
  readonly key: EntityKey;
  /** Names the input within its entity, at most `INPUT_NAME_CHARS` long. */
  readonly input: string;
  readonly build: string;
}

/** One ownership of a shard; a store without shards has shard 0, and its epoch is the session's. */
export interface Place {
  readonly shard: number;
  readonly epoch: number;
}

export interface RunningRow extends Running {
  /** Of the session that left it standing. */
  readonly epoch: number;
}

export interface RunningRows {
  readonly place: Place;
  /** Rows of sessions before this one, as found at its opening, oldest first. */
  readonly left: readonly RunningRow[];
  /** The newest epoch before this one that came to be stable, 0 without one; as found at the opening. */
  readonly stable: number;
  /** Sets the row of this session; null removes it. True once durable, false when the session is over. */
  write(order: number, running: Running | null): Promise<boolean>;
  /** Removes rows of sessions before this one. Issued only after what makes them needless is committed (C2). */
  forget(rows: readonly RunningRow[]): Promise<void>;
  /** This session has served for some time, or ends in order. */
  settle(): Promise<void>;
}

/** A step as its watchdog is told of it. */
export interface WatchedStep extends Running {
  readonly place: Place;
  /** Greater than that of every step of this place before; a row it gets is removed with `order + 1`. */
  readonly order: number;
  /** It has a row already, which is not the watchdog's to remove. */
  readonly written: boolean;
}

export interface Watchdog {
  /** The step begins. One that runs already is set aside until this one ends. */
  begin(step: WatchedStep): void;
  /** The step that began last has ended. */
  end(): void;
}

/** A compiled module for the watchdog's thread, and what it is told: it exports `connect` as a `ConnectRunning`. */
export interface RunningWriter {
  readonly module: string;
  /** Plain data. */
  readonly options: unknown;
}

/** A connection of the thread's own. What it answers sets a row, or removes it; rejects or throws when it has not. */
export type ConnectRunning = (
  options: unknown,
) => (place: Place, order: number, running: Running | null) => void | Promise<void>;

/** Where nobody watches. */
export const unwatched: Watchdog = { begin: () => undefined, end: () => undefined };

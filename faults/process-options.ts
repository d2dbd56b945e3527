/**
 * What the processes of a fault run are told, as JSON in their last argument, and what they send back.
 */

import type { CassandraOptions } from 'perdure/host';

export interface HostProcessOptions {
  readonly nats: string;
  readonly prefix: string;
  readonly cassandra: CassandraOptions;
}

export interface CallerProcessOptions {
  readonly name: string;
  readonly nats: string;
  readonly prefix: string;
  /** Lists in use at a time; they are left for new ones every `EPOCH_MS`. */
  readonly keys: number;
  /** Operations under way at a time. */
  readonly inFlight: number;
  /** Pause between two operations of one of these, milliseconds. */
  readonly pauseMs: number;
}

/** One call of a caller. Times are those of the machine's monotonic clock, which all its processes share. */
export interface Told {
  readonly key: string;
  readonly value: string | null;
  /** What a read has shown; null for an append, and where the outcome is not known. */
  readonly shown: readonly string[] | null;
  readonly known: boolean;
  readonly invokedAt: number;
  readonly returnedAt: number;
}

export function optionsOf<T>(): T {
  return JSON.parse(process.argv.at(-1) ?? '') as T;
}

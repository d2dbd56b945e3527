/**
 * What the processes of a fault run are told, as JSON in their last argument.
 */

import type { CassandraOptions } from 'perdure/host';
import type { LoadName } from './loads';

export interface HostProcessOptions {
  readonly nats: string;
  readonly prefix: string;
  readonly cassandra: CassandraOptions;
}

export interface CallerProcessOptions {
  readonly name: string;
  readonly nats: string;
  readonly prefix: string;
  /** Each calls one operation after the other. */
  readonly lanes: readonly LoadName[];
  /** Between two operations of a lane, on the average. */
  readonly pauseMs: number;
}

export function optionsOf<T>(): T {
  return JSON.parse(process.argv.at(-1) ?? '') as T;
}

/**
 * Connection: one host's way to a keyspace, and what the driver's answers mean.
 *
 * Owns: the driver and its settings (C12a), the bound on requests in flight, sorting errors into outcomes, counting
 * what was asked. Does not own: statements (the `…-rows` files), repeating what is unknown (`shard/ownership`).
 *
 * Invariants:
 * 1. `refused` is told only of an attempt that was the only one, when its coordinator said that it has done nothing: of
 *    several partitions, only that the statement is none. All else that is not `ok` is `unknown`; how long an answer
 *    took says nothing.
 * 2. So a write is sent once, by the driver too, whoever is slow. A read that is slow is sent to a second node.
 * 3. A value that does not fit its column is a mistake in here: it is thrown, for no repetition mends it.
 * 4. Requests beyond the bound wait in order. Membership does not wait: a host that is busy is not a dead one.
 */

import { auth, Client, policies, types } from 'cassandra-driver';
import type { QueryOptions } from 'cassandra-driver';
import { PerdureError } from '../../../framework/errors';
import {
  SCHEMA_TIMEOUT_MS,
  STORE_IN_FLIGHT,
  STORE_RECONNECT_MS,
  STORE_SPECULATE_MS,
  STORE_TIMEOUT_MS,
  STORE_UNANSWERED,
} from '../../config';
import type { WriteOutcome } from '../../ports/cluster-store';
import type { CassandraOptions } from './options';
import { cannotConnect } from './trouble';

export interface Query {
  readonly cql: string;
  readonly values: readonly unknown[];
}

export type Row = types.Row;

/** How queries are sent. */
export interface Sending {
  /** Membership's own: before all that waits. */
  readonly atOnce?: boolean;
  /** Of how many they are; 1 by default. */
  readonly partitions?: number;
}

/** The driver replaces its nodes when it has lost all of them, and lets the old ones connect again, for ever: they are ended. */
interface DriverNode {
  shutdown(waitForPending: boolean): Promise<void>;
}
type Decision = policies.retry.DecisionInfo;

/** How often the store was asked, by what it costs. */
export interface Asked {
  writes: number;
  /** Rows that the writes wrote or deleted. */
  rows: number;
  reads: number;
  /** Conditional writes and serial reads. */
  serial: number;
}

const { consistencies, responseErrorCodes } = types;

/** Reads go on at the next node when one fails at once; a write never does. */
class ReadRetry extends policies.retry.RetryPolicy {
  override onRequestError({ nbRetry }: policies.retry.OperationInfo, consistency: types.consistencies): Decision {
    return nbRetry > 0 ? this.rethrowResult() : this.retryResult(consistency, false);
  }

  override onReadTimeout(): Decision {
    return this.rethrowResult();
  }

  override onUnavailable(): Decision {
    return this.rethrowResult();
  }
}

/** The driver takes whatever it may send twice for idempotent: nothing that is written is (C12a). */
const WRITE: QueryOptions = {
  prepare: true,
  consistency: consistencies.localQuorum,
  isIdempotent: false,
  retry: new policies.retry.FallthroughRetryPolicy(),
};
const READ: QueryOptions = { ...WRITE, isIdempotent: true, autoPage: true, retry: new ReadRetry() };
const SWAP: QueryOptions = { ...WRITE, serialConsistency: consistencies.localSerial };
const SERIAL: QueryOptions = { ...WRITE, consistency: consistencies.localSerial };

/** What concerns a whole keyspace is slow. */
export const SCHEMA: QueryOptions = { readTimeout: SCHEMA_TIMEOUT_MS, consistency: consistencies.localQuorum };

export class Connection {
  readonly asked: Asked = { writes: 0, rows: 0, reads: 0, serial: 0 };
  readonly client: Client;
  private inFlight = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(readonly options: CassandraOptions) {
    this.client = new Client(driverOptions(options));
    this.client.on('hostRemove', (node: DriverNode) => void node.shutdown(false));
  }

  /** Rejects with an error that names the setting that is wrong. */
  async open(): Promise<void> {
    await connect(this.client, this.options);
  }

  close(): Promise<void> {
    return this.client.shutdown();
  }

  /** One query by itself, several in an unlogged batch. */
  async write(queries: readonly Query[], { atOnce = false, partitions = 1 }: Sending = {}): Promise<WriteOutcome> {
    const [first] = queries;
    if (first === undefined) return 'ok';
    this.asked.writes += 1;
    this.asked.rows += queries.length;
    const send = (): Promise<unknown> =>
      queries.length === 1
        ? this.client.execute(first.cql, [...first.values], WRITE)
        : this.client.batch(
            queries.map(({ cql, values }) => ({ query: cql, params: [...values] })),
            { ...WRITE, logged: false },
          );
    try {
      await (atOnce ? send() : this.inTurn(send));
      return 'ok';
    } catch (error) {
      if (error instanceof TypeError) throw error;
      return isRefusal(error, partitions) ? 'refused' : 'unknown';
    }
  }

  /** `refused`: the condition did not hold. */
  async swap({ cql, values }: Query): Promise<WriteOutcome> {
    this.asked.serial += 1;
    try {
      const result = await this.client.execute(cql, [...values], SWAP);
      return result.wasApplied() ? 'ok' : 'refused';
    } catch (error) {
      if (error instanceof TypeError) throw error;
      return 'unknown';
    }
  }

  /** All rows, however many pages. `what` is named when they cannot be read. */
  async read({ cql, values }: Query, what: string, atOnce = false): Promise<Row[]> {
    this.asked.reads += 1;
    const ask = async (): Promise<Row[]> => {
      const result = await this.client.execute(cql, [...values], READ);
      if (result.pageState === null || result.pageState === undefined) return result.rows;
      const rows: Row[] = [];
      for await (const row of result) rows.push(row);
      return rows;
    };
    return (atOnce ? ask() : this.inTurn(ask)).catch((error: unknown) => {
      throw unreadable(what, error);
    });
  }

  async serial({ cql, values }: Query, what: string): Promise<Row | null> {
    this.asked.serial += 1;
    try {
      return (await this.client.execute(cql, [...values], SERIAL)).first();
    } catch (error) {
      throw unreadable(what, error);
    }
  }

  private async inTurn<T>(send: () => Promise<T>): Promise<T> {
    const { inFlight: bound = STORE_IN_FLIGHT } = this.options;
    if (this.inFlight < bound) this.inFlight += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await send();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.inFlight -= 1;
      else next();
    }
  }
}

/** Rejects with an error that names the setting that is wrong; the client is shut down then (C12a). */
export async function connect(client: Client, options: CassandraOptions): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    await client.shutdown();
    throw cannotConnect(options, error);
  }
}

export function driverOptions(options: CassandraOptions): ConstructorParameters<typeof Client>[0] {
  const { contactPoints, localDataCenter, keyspace, port = 9042, username, password, tls } = options;
  const { timeoutMs = STORE_TIMEOUT_MS } = options;
  return {
    contactPoints: [...contactPoints],
    localDataCenter,
    keyspace,
    // Whoever changes the schema waits for agreement once, after the last statement (`keyspace`).
    protocolOptions: { port, maxSchemaAgreementWaitSeconds: 0 },
    socketOptions: { readTimeout: timeoutMs, defunctReadTimeoutThreshold: STORE_UNANSWERED },
    policies: {
      speculativeExecution: new policies.speculativeExecution.ConstantSpeculativeExecutionPolicy(STORE_SPECULATE_MS, 1),
      retry: new policies.retry.FallthroughRetryPolicy(),
      reconnection: new policies.reconnection.ConstantReconnectionPolicy(STORE_RECONNECT_MS),
    },
    queryOptions: { consistency: consistencies.localQuorum },
    ...(username === undefined ? {} : { authProvider: new auth.PlainTextAuthProvider(username, password ?? '') }),
    ...(tls === undefined ? {} : { sslOptions: tls }),
  };
}

/**
 * The coordinator has done nothing: the statement is none, or it saw no quorum. For a quorum it looks partition by
 * partition, and writes to one before it looks at the next.
 */
function isRefusal(error: unknown, partitions: number): boolean {
  const { code } = error as { readonly code?: number };
  return code === responseErrorCodes.invalid || (code === responseErrorCodes.unavailableException && partitions === 1);
}

function unreadable(what: string, cause: unknown): PerdureError {
  const fact = cause instanceof Error ? cause.message : String(cause);
  return new PerdureError('unavailable', `${what} cannot be read: ${fact}; read again later`, {
    reason: 'store_read',
    cause,
  });
}

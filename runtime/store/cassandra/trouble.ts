/**
 * Trouble: why a keyspace cannot be used, in words that name the setting and the remedy.
 *
 * Owns: sorting the driver's errors at the start. Does not own: errors of single requests (`connection`).
 */

import { types } from 'cassandra-driver';
import { PerdureError } from '../../../framework/errors';
import type { CassandraOptions } from './options';

/** As the driver rejects a connection. */
export function cannotConnect(options: CassandraOptions, error: unknown): PerdureError {
  const { contactPoints, keyspace, port = 9042, username } = options;
  const where = `Cassandra at ${contactPoints.join(', ')}, port ${port}`;
  const causes = causesOf(error);
  const codes = causes.map(({ code }) => code);
  if (causes.some(({ name }) => name === 'AuthenticationError')) {
    const who = username === undefined ? 'without a user name' : `as '${username}'`;
    return refused('unauthenticated', `${where} refuses a connection ${who}: check username and password`, error);
  }
  const fact = causes.at(-1)?.message ?? String(error);
  if (codes.includes(types.responseErrorCodes.unauthorized))
    return refused('permission_denied', `${where} lets '${username}' not in: ${fact}; ${rightsOf(options)}`, error);
  const remedy = `check contactPoints and port (keyspace '${keyspace}'), and that the server is up`;
  return refused('unavailable', `${where} cannot be reached: ${fact}; ${remedy}`, error);
}

/** Whether a node that was reached does not know the keyspace. */
export function lacksKeyspace({ cause }: PerdureError): boolean {
  const { invalid } = types.responseErrorCodes;
  return (
    cause instanceof Error &&
    causesOf(cause).some(({ code, message }) => code === invalid && /^Keyspace .* does not exist/.test(message))
  );
}

function rightsOf({ keyspace, username }: CassandraOptions): string {
  return (
    `GRANT SELECT ON KEYSPACE system_views TO ${username}, SELECT and MODIFY ON KEYSPACE ${keyspace}, and for ` +
    `migrate: true CREATE, ALTER and DESCRIBE too`
  );
}

export function noDataCentre(
  { contactPoints, localDataCenter }: CassandraOptions,
  homes: readonly string[],
): PerdureError {
  const fact = `Cassandra at ${contactPoints.join(', ')} has no node in the data centre '${localDataCenter}'`;
  return refused('invalid_argument', `${fact}: set localDataCenter to ${homes.join(' or ')}`);
}

export function noKeyspace({ keyspace, contactPoints }: CassandraOptions): PerdureError {
  const remedy =
    `create it first: CREATE KEYSPACE ${keyspace} WITH replication = ` +
    `{'class': 'NetworkTopologyStrategy', '<data centre>': 3}`;
  return refused(
    'invalid_argument',
    `Cassandra at ${contactPoints.join(', ')} has no keyspace '${keyspace}'; ${remedy}`,
  );
}

export function noSchema({ keyspace }: CassandraOptions, cause: unknown): PerdureError {
  const fact = cause instanceof Error ? cause.message : String(cause);
  const remedy = 'start again with migrate: true once all nodes are up; what is there already stays';
  return refused('unavailable', `the schema of keyspace '${keyspace}' cannot be changed: ${fact}; ${remedy}`, cause);
}

export function refused(
  code: 'invalid_argument' | 'unavailable' | 'unauthenticated' | 'permission_denied',
  message: string,
  cause?: unknown,
): PerdureError {
  return new PerdureError(code, message, { reason: 'store', ...(cause === undefined ? {} : { cause }) });
}

interface Cause {
  readonly name: string;
  readonly message: string;
  readonly code?: number;
}

/** The error and those of the single nodes in it. */
function causesOf(error: unknown): readonly Cause[] {
  const { innerErrors } = error as { readonly innerErrors?: Readonly<Record<string, Cause>> };
  return [error as Cause, ...Object.values(innerErrors ?? {})].map((cause) => ({
    name: String(cause.name),
    message: String(cause.message),
    ...(cause.code === undefined ? {} : { code: Number(cause.code) }),
  }));
}

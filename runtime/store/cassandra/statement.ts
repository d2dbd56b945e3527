/**
 * Statement: CQL with its values, and the timestamps that writes have (C8a).
 */

import type { Query } from './connection';

/** Of what is written once. */
export const WRITTEN = 1;
/** Of a deletion of it. */
export const DELETED = WRITTEN + 1;
/** Of a deletion after which nothing written counts any more. */
export const FOR_EVER = Number.MAX_SAFE_INTEGER;

export type Statement = (...values: readonly unknown[]) => Query;

export function statement(cql: string): Statement {
  return (...values) => ({ cql, values });
}

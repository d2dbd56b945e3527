/**
 * Filter: the selection of entities as callers write it, as the directory reads it. Pure.
 *
 * Owns: the types of `where` and `orderBy`, typed from the entity class, and their translation.
 * Does not own: matching and ordering (`store/`).
 */

import { PerdureError } from '../../framework/errors';
import type { EntityFilter, EntityStatus, FieldTest, IndexedValue, ListQuery } from '../ports/history-store';

/** What an `@Indexed` field may hold. */
type Indexable = string | number | boolean | Date;

/** The fields of entity class T that can be indexed. Which of them are is known to the host alone. */
export type IndexableField<T> = {
  [K in keyof T & string]: NonNullable<T[K]> extends Indexable ? K : never;
}[keyof T & string];

/** Tests of one field; all that are given must hold. Booleans have no order. */
export type FieldCondition<V> =
  | V
  | { readonly eq: V }
  | (NonNullable<V> extends boolean
      ? never
      : {
          readonly gt?: NonNullable<V>;
          readonly gte?: NonNullable<V>;
          readonly lt?: NonNullable<V>;
          readonly lte?: NonNullable<V>;
        });

/** Keeps `string` for a type that is given by name only. */
type FieldName<T> = [IndexableField<T>] extends [never] ? string : IndexableField<T>;
type FieldValue<T, K> = K extends keyof T ? T[K] : Indexable | null;

export type Where<T> = { readonly [K in FieldName<T>]?: FieldCondition<FieldValue<T, K>> };

export interface Selection<T> {
  readonly where?: Where<T>;
  /** Without it entities of every status. */
  readonly status?: EntityStatus | readonly EntityStatus[];
}

/** Ties are ordered by id; without a field entities come by id. */
export type OrderBy<T> = FieldName<T> | { readonly field: FieldName<T>; readonly descending?: boolean };

const TESTS = new Set(['eq', 'gt', 'gte', 'lt', 'lte']);

export function toFilter<T>(namespace: string, type: string, { where, status }: Selection<T>): EntityFilter {
  return {
    namespace,
    type,
    ...(status === undefined ? {} : { status: typeof status === 'string' ? [status] : status }),
    ...(where === undefined ? {} : { where: toTests(type, where) }),
  };
}

export function toOrder<T>(orderBy: OrderBy<T> | undefined): Pick<ListQuery, 'orderBy'> {
  if (orderBy === undefined) return {};
  const order = orderBy as string | { readonly field: string; readonly descending?: boolean };
  if (typeof order === 'string') return { orderBy: { field: order, descending: false } };
  return { orderBy: { field: order.field, descending: order.descending ?? false } };
}

function toTests(type: string, where: object): Record<string, FieldTest> {
  const tests: [string, FieldTest][] = [];
  for (const [field, condition] of Object.entries<unknown>(where as Record<string, unknown>)) {
    if (condition !== undefined) tests.push([field, toTest(`${type}.${field}`, condition)]);
  }
  return Object.fromEntries(tests);
}

function toTest(where: string, condition: unknown): FieldTest {
  if (typeof condition !== 'object' || condition === null || isDate(condition)) {
    return { eq: toIndexed(where, condition) };
  }
  const entries = Object.entries(condition).filter(([, bound]) => bound !== undefined);
  for (const [test, bound] of entries) {
    if (!TESTS.has(test)) {
      throw new PerdureError('invalid_argument', `${where} cannot be tested with ${test}: use eq, gt, gte, lt or lte`);
    }
    if (test !== 'eq' && (bound === null || typeof bound === 'boolean')) {
      throw new PerdureError('invalid_argument', `${where} cannot be ${test} ${String(bound)}: only eq takes it`);
    }
  }
  if (entries.length === 0) {
    throw new PerdureError('invalid_argument', `${where} has an empty condition: give eq, gt, gte, lt or lte`);
  }
  return Object.fromEntries(entries.map(([test, bound]) => [test, toIndexed(where, bound)]));
}

function toIndexed(where: string, value: unknown): IndexedValue {
  const plain = isDate(value) ? value.getTime() : value;
  if (plain === null || typeof plain === 'string' || typeof plain === 'boolean') return plain;
  if (typeof plain === 'number' && Number.isFinite(plain)) return plain;
  throw new PerdureError(
    'invalid_argument',
    `${where} is compared with ${typeof plain === 'number' ? plain : `a ${typeof plain}`}: use text, a finite number, a boolean, a Date or null`,
  );
}

/** Of any realm. */
function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]';
}

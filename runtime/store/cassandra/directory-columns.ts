/**
 * Directory columns: which column of a type's rows an index finds a field's values by (C10).
 *
 * Owns: giving columns to fields, what stands in them, which tests of a filter they answer. Does not own: the rows.
 *
 * A row has few columns with an index each: KEYWORDS for text and booleans, NUMBERS for numbers of all kinds. A field gets
 * the next free one of its values' kind when the first such value is listed, type by type; once they are all given, a
 * field has none, and is looked at row by row.
 *
 * Invariants:
 * 1. A field has its column before the first row with a value of that kind is written, and for ever. So an index finds
 *    every match. It may find more: of long texts only the beginning stands there, and a row of a host that knew less
 *    says nothing. Whoever asks looks at the listing itself.
 * 2. Two fields never have one column: it is given by a conditional write, the lowest free one first, so that two hosts
 *    that give one to the same field meet at the same.
 */

import { KEYWORD_BYTES } from '../../config';
import type { EntityFilter, EntityIndex, FieldTest, IndexedValue } from '../../ports/history-store';
import type { Connection } from './connection';
import { KEYWORDS, NUMBERS } from './schema';
import { statement } from './statement';

/** Column by kind and field. */
export type Columns = ReadonlyMap<string, string>;
type Kind = 'keyword' | 'number';

export interface Condition {
  readonly column: string;
  readonly comparison: '=' | '>' | '>=' | '<' | '<=';
  readonly value: string | number;
}

const ALL: Readonly<Record<Kind, readonly string[]>> = { keyword: KEYWORDS, number: NUMBERS };
const GIVEN = statement(`SELECT column_name, field FROM directory_column WHERE namespace = ? AND type = ?`);
const GIVE = statement(
  `INSERT INTO directory_column (namespace, type, column_name, field) VALUES (?, ?, ?, ?) IF NOT EXISTS`,
);

/** Where a row has no value of the column's kind: no query means them, nor is null ever bound (C8a). */
const NO_KEYWORD = '-';
const NO_NUMBER = -Infinity;

export class DirectoryColumns {
  private readonly known = new Map<string, Columns>();

  constructor(private readonly connection: Pick<Connection, 'read' | 'swap'>) {}

  /** Columns for the fields of these listings, given now if need be; null when the store did not answer. */
  async forListings(namespace: string, type: string, listed: readonly EntityIndex[]): Promise<Columns | null> {
    const names = new Set(listed.flatMap(({ fields }) => Object.entries(fields).flatMap(nameOf)));
    const known = this.known.get(textOf(namespace, type)) ?? new Map<string, string>();
    if (nextToGive(names, known) === null) return known;
    return this.give(namespace, type, names).catch(() => null);
  }

  /** Columns that answer some tests of the filter; rejects when they cannot be read. */
  async forFilter({ namespace, type, where = {} }: EntityFilter): Promise<Columns> {
    const columns = this.known.get(textOf(namespace, type));
    const names = Object.keys(where).flatMap((field) => [`keyword ${field}`, `number ${field}`]);
    if (names.length === 0 || names.some((name) => columns?.has(name) === true)) return columns ?? new Map();
    return this.read(namespace, type);
  }

  /** Each refusal says that somebody else has given that column: what is known is behind. */
  private async give(namespace: string, type: string, names: ReadonlySet<string>): Promise<Columns | null> {
    for (let tries = 0; tries <= KEYWORDS.length + NUMBERS.length; tries += 1) {
      const columns = await this.read(namespace, type);
      const next = nextToGive(names, columns);
      if (next === null) return columns;
      const [column, name] = next;
      if ((await this.connection.swap(GIVE(namespace, type, column, fieldOf(name)))) === 'unknown') return null;
    }
    return null;
  }

  private async read(namespace: string, type: string): Promise<Columns> {
    const rows = await this.connection.read(GIVEN(namespace, type), `the columns of ${type} in the directory`);
    const columns = new Map(
      rows.map((row) => {
        const column = String(row['column_name']);
        return [`${kindOf(column)} ${String(row['field'])}`, column];
      }),
    );
    if (columns.size > 0) this.known.set(textOf(namespace, type), columns);
    return columns;
  }
}

/** What stands in a row's columns; those that no field has are left as they are. */
export function cellsOf({ fields }: EntityIndex, columns: Columns): ReadonlyMap<string, string | number> {
  const cells = new Map<string, string | number>();
  for (const [name, column] of columns) {
    const field = fieldOf(name);
    const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
    const fits = value !== undefined && kindOfValue(value) === kindOf(column);
    if (fits) cells.set(column, termOf(value));
    else cells.set(column, kindOf(column) === 'keyword' ? NO_KEYWORD : NO_NUMBER);
  }
  return cells;
}

/** What indexes can answer of a filter: equality, and ranges of numbers. The rest is for `matches`. */
export function conditionsOf({ status, where = {} }: EntityFilter, columns: Columns): readonly Condition[] {
  const conditions = Object.entries(where).flatMap(([field, test]) => fieldConditions(field, test, columns));
  const [only, ...others] = new Set(status);
  if (only !== undefined && others.length === 0) conditions.push({ column: 'status', comparison: '=', value: only });
  return conditions;
}

function fieldConditions(field: string, test: FieldTest, columns: Columns): Condition[] {
  const { eq, gt, gte, lt, lte } = test;
  if (eq !== undefined) {
    const kind = kindOfValue(eq);
    const column = kind === null ? undefined : columns.get(`${kind} ${field}`);
    return column === undefined ? [] : [{ column, comparison: '=', value: termOf(eq) }];
  }
  const column = columns.get(`number ${field}`);
  const upper = firstNumber(['<=', lte], ['<', lt]);
  const lower = firstNumber(['>=', gte], ['>', gt]) ?? (upper && (['>', NO_NUMBER] as const));
  if (column === undefined) return [];
  return [lower, upper].flatMap((bound) => {
    return bound === null ? [] : [{ column, comparison: bound[0], value: termOf(bound[1]) }];
  });
}

type Bound = readonly [comparison: Condition['comparison'], value: IndexedValue | undefined];

function firstNumber(...bounds: readonly Bound[]): readonly [Condition['comparison'], number] | null {
  for (const [comparison, value] of bounds) if (typeof value === 'number') return [comparison, value];
  return null;
}

/** The first that has no column and could get one. */
function nextToGive(names: ReadonlySet<string>, columns: Columns): readonly [column: string, name: string] | null {
  const taken = new Set(columns.values());
  for (const name of names) {
    const column = columns.has(name) ? undefined : ALL[kindOf(name)].find((one) => !taken.has(one));
    if (column !== undefined) return [column, name];
  }
  return null;
}

function nameOf([field, value]: [string, IndexedValue]): string[] {
  const kind = kindOfValue(value);
  return kind === null ? [] : [`${kind} ${field}`];
}

function fieldOf(name: string): string {
  return name.slice(name.indexOf(' ') + 1);
}

/** Of a column, or of the name of what has one. */
function kindOf(name: string): Kind {
  return name.startsWith('keyword') ? 'keyword' : 'number';
}

function kindOfValue(value: IndexedValue): Kind | null {
  if (value === null) return null;
  return typeof value === 'number' ? 'number' : 'keyword';
}

/** Equal for equal values: -0 is 0, and of a long text an index takes only the beginning. */
function termOf(value: IndexedValue): string | number {
  if (typeof value === 'number') return value + 0;
  if (typeof value !== 'string') return String(value);
  return `=${Buffer.from(value).subarray(0, KEYWORD_BYTES).toString()}`;
}

function textOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}

/**
 * Exported history: one entity's records as JSON that can be kept in a repository and replayed by later code.
 *
 * Owns: the format, version 1: the key, the build of the last record, and every row with its record's bytes in base64.
 * Does not own: what the bytes say (`framework/codec`). Segments of message ids are left out: replay never looks at one.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { decodeRecord } from '../../framework/codec/record';
import { ROW_KIND } from '../../framework/core/history';
import type { RowKind } from '../../framework/core/history';
import { PerdureError } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import type { LoadedPage, Row, StoreSession } from '../ports/history-store';

export interface ExportedHistory {
  readonly perdure: 'history';
  readonly version: 1;
  readonly key: EntityKey;
  /** Build of the last record. */
  readonly build: string;
  /** In order, from the first of the entity. */
  readonly rows: readonly ExportedRow[];
}

export interface ExportedRow {
  readonly seq: number;
  readonly epoch: number;
  readonly kind: RowKind;
  /** The record's bytes in base64. */
  readonly bytes: string;
}

const KINDS = new Map<number, RowKind>(Object.entries(ROW_KIND).map(([kind, number]) => [number, kind as RowKind]));

/** `not_found` without a row. */
export function exportRows(key: EntityKey, rows: readonly Row[]): ExportedHistory {
  const last = rows.at(-1);
  if (last === undefined)
    throw new PerdureError('not_found', `${key.type}/${key.id} does not exist: there is no history to export`);
  const shown = rows.map(({ seq, epoch, kind, bytes }) => ({
    seq,
    epoch,
    kind: KINDS.get(kind) ?? 'turn',
    bytes: Buffer.from(bytes).toString('base64'),
  }));
  const { namespace, type, id } = key;
  const { build } = decodeRecord(last.bytes);
  return { perdure: 'history', version: 1, key: { namespace, type, id }, build, rows: shown };
}

/** Rows as a store would load them: from the last snapshot on. */
export function rowsOf({ rows }: ExportedHistory): Pick<StoreSession, 'load' | 'rows'> {
  const all: Row[] = rows.map(({ seq, epoch, kind, bytes }) => ({
    seq,
    epoch,
    kind: ROW_KIND[kind],
    bytes: new Uint8Array(Buffer.from(bytes, 'base64')),
  }));
  const from = (seq: number): LoadedPage => ({ rows: all.filter((row) => row.seq >= seq), next: null });
  const base = all.findLast(({ kind }) => kind === ROW_KIND.snapshot)?.seq ?? 1;
  return { load: async () => from(base), rows: async (_key, seq) => from(seq) };
}

export async function writeHistory(history: ExportedHistory, file: string): Promise<void> {
  await writeFile(file, `${JSON.stringify(history, null, 2)}\n`);
}

/** `invalid_argument` for a file that is no exported history of a version this build reads. */
export async function readHistory(file: string): Promise<ExportedHistory> {
  const text = await readFile(file, 'utf8');
  let parsed: Partial<ExportedHistory> | null;
  try {
    parsed = JSON.parse(text) as Partial<ExportedHistory> | null;
  } catch (error) {
    throw new PerdureError('invalid_argument', `${file} is no JSON`, { cause: error });
  }
  const { key, rows } = parsed ?? {};
  const isHistory = parsed?.perdure === 'history' && Array.isArray(rows) && typeof key?.type === 'string';
  if (!isHistory) throw new PerdureError('invalid_argument', `${file} is no exported history: see exportHistory()`);
  if (parsed?.version !== 1)
    throw new PerdureError('invalid_argument', `${file} has the version ${parsed?.version}; this build reads 1`);
  return parsed as ExportedHistory;
}

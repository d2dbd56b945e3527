/**
 * Trouble: what SQLite's errors mean to the store's user.
 *
 * Owns: the sorting of errors into `unavailable` and `internal`, with a remedy. Does not own: what is done about them.
 */

import { keyText } from '../../../framework/model/identity';
import type { EntityKey } from '../../../framework/model/identity';
import { PerdureError } from '../../../framework/errors';
import type { Trouble } from './protocol';

/** Primary result codes of SQLite. */
const SQLITE = { busy: 5, io: 10, corrupt: 11, full: 13, notDatabase: 26 } as const;

/** A trouble on its way out of a thread. */
export class TroubleError extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.message);
  }
}

/** Two parts of the database say different things of what one of them must know. */
export class ContradictionError extends Error {
  readonly errcode = SQLITE.corrupt;
}

/**
 * The number of a name, null where it has none. The index and the table are both asked: there are few names, and one
 * that a damaged page hides would hide every entity under it, and let them be created anew.
 */
export function agreedNo(text: string, found: Record<string, unknown> | undefined): number | null {
  const byIndex = found?.['by_index'] ?? null;
  if (byIndex !== (found?.['by_table'] ?? null))
    throw new ContradictionError(`the name '${text}' is kept in part only`);
  return byIndex === null ? null : Number(byIndex);
}

export const FIND_NAME = `SELECT (SELECT no FROM name WHERE text = ?1) AS by_index,
  (SELECT no FROM name NOT INDEXED WHERE text = ?1) AS by_table`;

export function toPerdureError(trouble: Trouble): PerdureError {
  return new PerdureError(trouble.code, trouble.message, { reason: trouble.reason });
}

export function refuse(reason: string, message: string): never {
  throw new TroubleError({ code: 'unavailable', reason, message });
}

export function isBusy(error: unknown): boolean {
  return resultCode(error) === SQLITE.busy;
}

/** The store cannot be opened. */
export function openTrouble(directory: string, error: unknown): Trouble {
  if (error instanceof TroubleError) return error.trouble;
  const code = resultCode(error);
  if (code === SQLITE.corrupt || code === SQLITE.notDatabase) return damage(directory, textOf(error)).trouble;
  const message = `the store in ${directory} cannot be opened: ${textOf(error)}`;
  return { code: 'unavailable', reason: 'open_failed', message };
}

/** The main file is not whole. */
export function damage(directory: string, fact: string): TroubleError {
  const message = `the store in ${directory} is damaged: ${fact}; restore the directory from a backup`;
  return new TroubleError({ code: 'unavailable', reason: 'damaged', message });
}

/** A write failed: the session is over (C13). */
export function writeTrouble(directory: string, error: unknown): Trouble {
  const code = resultCode(error);
  const [reason, remedy] =
    code === SQLITE.full
      ? ['disk_full', 'make room']
      : code === SQLITE.corrupt
        ? ['corrupt', 'check the store with --verify']
        : ['io_error', 'check the disk'];
  const message = `the store in ${directory} could not write: ${textOf(error)}; ${remedy}, then open it again`;
  return { code: 'unavailable', reason, message };
}

/** A read failed. A damaged page concerns the entity whose rows it holds; the store goes on serving others. */
export function readTrouble(directory: string, key: EntityKey | null, error: unknown): Trouble {
  if (error instanceof TroubleError) return error.trouble;
  const what = key ? `${keyText(key)} in ${directory}` : `the store in ${directory}`;
  const code = resultCode(error);
  const broken = code === SQLITE.corrupt || code === SQLITE.notDatabase || code === SQLITE.io || code === 0;
  const remedy = 'check the store with --verify and restore it from a backup';
  const message = `${what} cannot be read: ${textOf(error)}; ${remedy}`;
  return { code: 'internal', reason: broken ? 'corrupt' : 'read_failed', message };
}

/** Rows that were read and make no sense. */
export function corrupt(directory: string, key: EntityKey, fact: string): TroubleError {
  return new TroubleError(readTrouble(directory, key, new Error(fact)));
}

/** 0 for an error that is not SQLite's, such as text that does not parse. */
function resultCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Verify store: checks a whole data directory, as `--verify` does (C13).
 *
 * Owns: what makes a row good: it decodes, says its own place, and names the row before it by hash.
 * Does not own: the walk (`embedded/verify`), replaying, which needs the classes.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sameBytes } from '../../framework/codec/fields';
import { decodeRecord, recordHash } from '../../framework/codec/record';
import { ROW_KIND } from '../../framework/core/history';
import type { HistoryRecord } from '../../framework/core/history';
import { PerdureError } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import type { Row } from '../ports/history-store';
import { MAIN_FILE } from './embedded/layout';
import { sqliteStore } from './embedded/sqlite-store';
import type { VerifyReport } from './embedded/verify';

/**
 * Reads every page and every record of the store in `directory`. It is opened for that, so no host may have it, and what
 * a crash left in its log is recovered; histories are not changed. Rejects with `not_found` where there is none, and as
 * `sqliteStore(…).open()` does.
 */
export async function verifyStore(directory: string): Promise<VerifyReport> {
  if (!existsSync(join(directory, MAIN_FILE))) {
    throw new PerdureError('not_found', `${directory} has no history to check: give the data directory of a host`);
  }
  const session = await sqliteStore({ directory }).open();
  try {
    return await session.verify(checkRow);
  } finally {
    await session.close();
  }
}

/** Throws `internal`, reason `corrupt`, for a row that does not decode or does not follow `previous`. */
export function checkRow(key: EntityKey, row: Row, previous: Row | null): void {
  const record = read(key, row);
  const fits = record.seq === row.seq && record.epoch === row.epoch && ROW_KIND[record.kind] === row.kind;
  if (!fits) fail(key, row, 'says another place than the one it has');
  const { prev } = record;
  if (previous === null) {
    if (prev !== null || row.seq !== 1) fail(key, row, 'is the first, and names one before it');
    return;
  }
  const follows =
    prev?.seq === previous.seq && prev.epoch === previous.epoch && sameBytes(prev.hash, recordHash(previous.bytes));
  if (!follows || row.seq !== previous.seq + 1 || row.epoch < previous.epoch)
    fail(key, row, 'does not follow the one before it');
}

function read(key: EntityKey, row: Row): HistoryRecord {
  try {
    return decodeRecord(row.bytes);
  } catch (error) {
    fail(key, row, `cannot be read (${(error as Error).message})`);
  }
}

function fail(key: EntityKey, { seq }: Row, fact: string): never {
  const message = `${keyText(key)}: record ${seq} ${fact}: its chain is broken; restore the store from a backup`;
  throw new PerdureError('internal', message, { reason: 'corrupt' });
}

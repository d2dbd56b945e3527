/**
 * Database: opens the main file for its writer or a reader, and refuses a file that is not whole.
 *
 * Owns: creation, the checks at start (C13), the connection's settings. Does not own: the lock, the statements.
 *
 * Invariants:
 * 1. The main file has its name only once it is complete and on disk; one that is short or foreign is refused.
 * 2. The writer runs with `synchronous=FULL` on a write-ahead log, read back, or not at all.
 * 3. What was in the log is in the main file, on disk, before the first append: the epoch is raised there.
 */

import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { READER_CACHE_KIB, SQLITE_BUSY_MS, WRITER_CACHE_KIB } from '../../config';
import {
  APPLICATION_ID,
  FILE_MAGIC,
  FORMAT_VERSION,
  MAIN_FILE,
  NEW_FILE,
  PAGE_SIZE_BYTES,
  SCHEMA,
  WAL_FILE,
} from './layout';
import type { ThreadOptions } from './protocol';
import { damage, refuse } from './trouble';

type Open = (path: string, options?: { readOnly?: boolean }) => DatabaseSync;

/** A connection of the writer, recovered from its log, and the epoch of the session that begins. */
export function openForWriting(
  open: Open,
  { directory, maxBytes }: ThreadOptions,
): { db: DatabaseSync; epoch: number } {
  const path = join(directory, MAIN_FILE);
  if (!existsSync(path)) create(open, directory);
  checkMainFile(open, directory, path);
  const db = open(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${SQLITE_BUSY_MS}`);
    checkIdentity(db, directory);
    configureWriter(db, directory, maxBytes);
    const epoch = raiseEpoch(db, directory);
    return { db, epoch };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A connection that never writes and never checkpoints. The writer must be open. */
export function openForReading(open: Open, { directory }: ThreadOptions): DatabaseSync {
  const db = open(join(directory, MAIN_FILE), { readOnly: true });
  db.exec(`PRAGMA busy_timeout = ${SQLITE_BUSY_MS}`);
  db.exec(`PRAGMA cache_size = -${READER_CACHE_KIB}`);
  return db;
}

export function pragma(db: DatabaseSync, name: string): unknown {
  const row = db.prepare(`PRAGMA ${name}`).get();
  return row && Object.values(row)[0];
}

/** Moves the log into the main file as far as no reader holds it back; frames in the log and frames moved. */
export function checkpoint(
  db: DatabaseSync,
  mode: 'PASSIVE' | 'TRUNCATE',
): { busy: boolean; log: number; moved: number } {
  const row = db.prepare(`PRAGMA wal_checkpoint(${mode})`).get();
  return { busy: row?.['busy'] !== 0, log: Number(row?.['log']), moved: Number(row?.['checkpointed']) };
}

function create(open: Open, directory: string): void {
  if (existsSync(join(directory, WAL_FILE))) {
    const remedy = 'put it back, or restore the directory from a backup';
    refuse('damaged', `the store in ${directory} has a log (${WAL_FILE}) but no ${MAIN_FILE}: ${remedy}`);
  }
  const path = join(directory, NEW_FILE);
  rmSync(path, { force: true });
  rmSync(`${path}-journal`, { force: true });
  const db = open(path);
  db.exec(`PRAGMA page_size = ${PAGE_SIZE_BYTES}`);
  db.exec('PRAGMA synchronous = FULL');
  db.exec(
    `BEGIN; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}; ${SCHEMA} COMMIT`,
  );
  db.close();
  renameSync(path, join(directory, MAIN_FILE));
  syncDirectory(directory);
}

/**
 * The main file must begin as one and be as long as its header says, which holds whenever the log is empty: a log that
 * is not is moved into the main file first, for it may hold the very pages that are missing (a crash in a checkpoint).
 */
function checkMainFile(open: Open, directory: string, path: string): void {
  const file = readHeader(path);
  if (file.size < PAGE_SIZE_BYTES) throw damage(directory, `${MAIN_FILE} has only ${file.size} bytes`);
  if (file.magic !== FILE_MAGIC) throw damage(directory, `${MAIN_FILE} does not begin as a database does`);
  const log = statSync(join(directory, WAL_FILE), { throwIfNoEntry: false });
  if (log && log.size > 0) recover(open, directory, path);
  const { size, pages } = log ? readHeader(path) : file;
  const expected = pages * PAGE_SIZE_BYTES;
  if (size < expected) throw damage(directory, `${MAIN_FILE} has ${size} bytes where ${expected} belong`);
}

/** Only while no connection is open: closing the file would drop this process's locks on it. */
function readHeader(path: string): { size: number; magic: string; pages: number } {
  const header = Buffer.alloc(100);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  const magic = header.toString('latin1', 0, FILE_MAGIC.length);
  return { size: statSync(path).size, magic, pages: header.readUInt32BE(28) };
}

function recover(open: Open, directory: string, path: string): void {
  const db = open(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${SQLITE_BUSY_MS}; PRAGMA synchronous = FULL`);
    checkIdentity(db, directory);
    moveLog(db, directory);
  } finally {
    db.close();
  }
}

function moveLog(db: DatabaseSync, directory: string): void {
  const { busy, log, moved } = checkpoint(db, 'TRUNCATE');
  if (busy || log !== moved)
    refuse('locked', `the log of the store in ${directory} is in use by another program: stop it`);
}

function checkIdentity(db: DatabaseSync, directory: string): void {
  if (pragma(db, 'application_id') !== APPLICATION_ID) {
    refuse(
      'foreign',
      `${MAIN_FILE} in ${directory} is a database of another program: give Perdure a directory of its own`,
    );
  }
  const version = pragma(db, 'user_version');
  if (version !== FORMAT_VERSION) {
    const fact = `the store in ${directory} has format ${String(version)}, this version of Perdure reads ${FORMAT_VERSION}`;
    refuse('version', `${fact}: use the version of Perdure that wrote it`);
  }
}

function configureWriter(db: DatabaseSync, directory: string, maxBytes: number): void {
  db.exec('PRAGMA synchronous = FULL');
  const mode = pragma(db, 'journal_mode = WAL');
  const synchronous = pragma(db, 'synchronous');
  if (mode !== 'wal' || synchronous !== 2) {
    const fact = `the store in ${directory} got journal mode ${String(mode)} and synchronous ${String(synchronous)}`;
    refuse('unsafe', `${fact} but needs wal and 2 (FULL): put it on a local file system`);
  }
  db.exec('PRAGMA wal_autocheckpoint = 0');
  db.exec(`PRAGMA cache_size = -${WRITER_CACHE_KIB}`);
  db.exec('PRAGMA temp_store = MEMORY');
  if (maxBytes > 0) db.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / PAGE_SIZE_BYTES)}`);
}

function raiseEpoch(db: DatabaseSync, directory: string): number {
  const row = db.prepare('UPDATE session SET epoch = epoch + 1 RETURNING epoch').get();
  const epoch = row?.['epoch'];
  if (typeof epoch !== 'number') throw damage(directory, 'the epoch of the last session is missing');
  moveLog(db, directory);
  return epoch;
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

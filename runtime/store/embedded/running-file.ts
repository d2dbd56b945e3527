/**
 * Running file: what the embedded store keeps of steps that take their process with them, beside the main file (S20).
 *
 * Owns: a file of lines, each a checksum and a write. Does not own: which write wins (`running-table`).
 *
 * Why no table of the database: the watchdog's thread writes while the main thread is lost, and SQLite has one writer.
 * A line is appended by whichever thread has one; no lock is needed, for it goes out as one write, and the order is in
 * the lines. Why no fsync: a line has to outlive its process, not the machine, and the system keeps what was written. So
 * a row stands while its step runs and no longer, and a kill at another time throws no suspicion on it.
 *
 * Invariants: a line that is torn or damaged is one that is not there, which costs a suspicion, and does not harm its
 * neighbours. Nothing of an entity depends on the file.
 */

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { RUNNING_FILE_BYTES } from '../../config';
import type { RunningRows } from '../../ports/watchdog';
import type { RunningWrite } from '../running-table';
import { RunningTable } from '../running-table';
import { NEW_RUNNING_FILE, RUNNING_FILE } from './layout';

export interface RunningFile {
  readonly rows: RunningRows;
  close(): void;
}

/** For a session that has the directory's lock, until it is closed; afterwards nothing is written. */
export function openRunningFile(directory: string, epoch: number): RunningFile {
  const { table, bytes } = readRunningFile(directory);
  if (bytes > RUNNING_FILE_BYTES) rewrite(directory, table);
  let file: number | null = openSync(join(directory, RUNNING_FILE), 'a');
  const rows = table.session(epoch, async (write) => file !== null && tryWrite(file, write));
  const close = (): void => {
    if (file !== null) closeSync(file);
    file = null;
  };
  return { rows, close };
}

/** Empty where there is none. */
export function readRunningFile(directory: string): { readonly table: RunningTable; readonly bytes: number } {
  const path = join(directory, RUNNING_FILE);
  const table = new RunningTable();
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return { table, bytes: 0 };
  const text = readFileSync(path, 'utf8');
  for (const line of text.split('\n')) {
    const write = parse(line);
    if (write !== null) table.apply(write);
  }
  return { table, bytes: text.length };
}

/** For another thread of the process; throws what the file system throws. */
export function appendRunning(directory: string, write: RunningWrite): void {
  const file = openSync(join(directory, RUNNING_FILE), 'a');
  try {
    writeSync(file, lineOf(write));
  } finally {
    closeSync(file);
  }
}

function tryWrite(file: number, write: RunningWrite): boolean {
  try {
    writeSync(file, lineOf(write));
    return true;
  } catch {
    return false;
  }
}

/** Only what counts is left. A line that the watchdog writes at this very moment may be lost. */
function rewrite(directory: string, table: RunningTable): void {
  const path = join(directory, NEW_RUNNING_FILE);
  const file = openSync(path, 'w');
  try {
    writeSync(file, table.writes().map(lineOf).join(''));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(path, join(directory, RUNNING_FILE));
}

/** It begins with a line's end, so that one that was torn takes nothing else with it. */
function lineOf(write: RunningWrite): string {
  const text = JSON.stringify(write);
  return `\n${checksum(text)} ${text}\n`;
}

/** Null for what is no whole line. */
function parse(line: string): RunningWrite | null {
  const at = line.indexOf(' ');
  const text = line.slice(at + 1);
  return at < 0 || line.slice(0, at) !== checksum(text) ? null : (JSON.parse(text) as RunningWrite);
}

function checksum(text: string): string {
  return crc32(text).toString(16);
}

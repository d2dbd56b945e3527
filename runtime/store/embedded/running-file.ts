/**
 * Running file: what the embedded store keeps of steps that take their process with them, beside the main file (S20).
 *
 * Owns: a file of lines, each a checksum and a write. Does not own: which write wins (`running-table`).
 *
 * Why no table of the database: the watchdog's thread writes while the main thread is lost, and SQLite has one writer.
 * A line is appended and fsynced by whichever thread has one to write; no lock is needed, for a line goes out as one
 * write, and the order is in the lines. Nothing of an entity depends on the file.
 *
 * Invariants: a write is durable when its append has returned; a line that is torn or damaged is one that is not there,
 * which costs a suspicion, and does not harm its neighbours.
 */

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { RUNNING_FILE_BYTES } from '../../config';
import type { RunningRows } from '../../ports/watchdog';
import type { RunningWrite } from '../running-table';
import { RunningTable } from '../running-table';
import { NEW_RUNNING_FILE, RUNNING_FILE } from './layout';

export interface RunningFile {
  readonly rows: RunningRows;
  /** Resolves once no write is on its way. */
  rest(): Promise<void>;
}

/** For a session that has the directory's lock; `isOver` says when it has not any more. */
export function openRunningFile(directory: string, epoch: number, isOver: () => boolean): RunningFile {
  const { table, bytes } = readRunningFile(directory);
  if (bytes > RUNNING_FILE_BYTES) rewrite(directory, table);
  const onTheirWay = new Set<Promise<boolean>>();
  const rows = table.session(epoch, async (write) => {
    if (isOver()) return false;
    const appended = append(directory, write);
    onTheirWay.add(appended);
    return appended.finally(() => onTheirWay.delete(appended));
  });
  return { rows, rest: async () => void (await Promise.all(onTheirWay)) };
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

/** For a thread that must not wait for another; throws what the file system throws. */
export function appendRunning(directory: string, write: RunningWrite): void {
  const file = openSync(join(directory, RUNNING_FILE), 'a');
  try {
    writeSync(file, lineOf(write));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

async function append(directory: string, write: RunningWrite): Promise<boolean> {
  try {
    await using file = await open(join(directory, RUNNING_FILE), 'a');
    await file.write(lineOf(write));
    await file.sync();
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

/**
 * Lock: one process, and one session in it, owns a data directory at a time (C13).
 *
 * Owns: an exclusive transaction held on `lock.db` for as long as the session lives; the operating system ends it with
 * the process, so a lock is never stale. The process id beside it is for messages only.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { LOCK_FILE, PID_FILE } from './layout';
import { isBusy, refuse } from './trouble';

/** Takes the lock, or throws `unavailable` naming the directory and the holder. Returns how to give it back. */
export function lockDirectory(open: (path: string) => DatabaseSync, directory: string): () => void {
  mkdirSync(directory, { recursive: true });
  const db = open(join(directory, LOCK_FILE));
  try {
    db.exec('PRAGMA busy_timeout = 0');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw error;
    const holder = holderOf(directory);
    const fact = `the store in ${directory} is open ${holder ? `in process ${holder}` : 'in another process'}`;
    refuse('locked', `${fact}: stop that process, close that session, or use another directory`);
  }
  const pidFile = join(directory, PID_FILE);
  writeFileSync(pidFile, String(process.pid));
  return () => {
    rmSync(pidFile, { force: true });
    db.close();
  };
}

function holderOf(directory: string): string | null {
  try {
    const text = readFileSync(join(directory, PID_FILE), 'utf8');
    return /^\d+$/.test(text) ? text : null;
  } catch {
    return null;
  }
}

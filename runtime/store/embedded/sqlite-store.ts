/**
 * SQLite store: one directory on a local disk, one process at a time (C13).
 *
 * Owns: the opening of sessions, one after another, and the start of their threads.
 * Does not own: what a session does (`sqlite-session`), the files (`database`, `lock`, `layout`).
 *
 * `node:sqlite` is loaded by the threads only: importing this module loads no database.
 */

import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { HistoryStore } from '../../ports/history-store';
import { PerdureError } from '../../../framework/errors';
import type { ReaderReply, ThreadOptions, WriterReply } from './protocol';
import { SqliteSession } from './sqlite-session';
import { openTrouble, toPerdureError } from './trouble';
import { workerFile } from '../../worker-file';

export interface SqliteStoreOptions {
  /** Data directory, made when it is missing. It must be on a local file system and belongs to one process at a time. */
  readonly directory: string;
  /** The main file grows no further than this; reaching it is a full disk. 0, the default: as far as the disk goes. */
  readonly maxBytes?: number;
}

export interface SqliteStore extends HistoryStore {
  open(): Promise<SqliteSession>;
}

/**
 * History on this machine's disk. An append is acknowledged after an fsync of the write-ahead log.
 *
 * `open()` rejects with `unavailable` and one of the reasons `locked` (another process, or another session of this
 * one, has the directory), `damaged` (the main file is short, or does not begin as a database), `foreign` (another
 * program's database), `version` (another format), `unsafe` (the file system refuses the log) or `open_failed`.
 *
 * A torn or missing end of the log is what a crash leaves behind and is recovered; every acknowledged append survives
 * it. If the file system loses a whole end of the log that it had confirmed with fsync, or somebody deletes it, the
 * store is as it was before those appends, and nothing in it can tell.
 */
export function sqliteStore(options: SqliteStoreOptions): SqliteStore {
  const threads: ThreadOptions = { directory: resolve(options.directory), maxBytes: options.maxBytes ?? 0 };
  let last: SqliteSession | null = null;
  return {
    open: async () => {
      if (last?.isOver) await last.ended;
      last = await openSession(threads);
      return last;
    },
    runningWriter: () => ({ module: workerFile(__filename, 'running-writer'), options: threads.directory }),
  };
}

async function openSession(options: ThreadOptions): Promise<SqliteSession> {
  const writer = startThread('writer-thread', options);
  const opened = await firstReply<WriterReply>(writer, options);
  const reader = startThread('reader-thread', options);
  try {
    await firstReply<ReaderReply>(reader, options);
  } catch (error) {
    await writer.terminate();
    throw error;
  }
  if (opened.kind !== 'opened')
    throw new PerdureError('internal', `the writer thread of ${options.directory} began with ${opened.kind}`);
  try {
    return new SqliteSession(opened.epoch, writer, reader, options.directory);
  } catch (error) {
    await Promise.all([writer.terminate(), reader.terminate()]);
    throw toPerdureError(openTrouble(options.directory, error));
  }
}

function startThread(name: 'writer-thread' | 'reader-thread', workerData: ThreadOptions): Worker {
  const execArgv = ['--disable-warning=ExperimentalWarning'];
  return new Worker(workerFile(__filename, name), { workerData, execArgv, name: `perdure ${name}` });
}

/** The reply that says how the start went; rejects when it failed, after the thread has ended. */
function firstReply<R extends WriterReply | ReaderReply>(worker: Worker, { directory }: ThreadOptions): Promise<R> {
  return new Promise((done, reject) => {
    let failure: PerdureError | null = null;
    const onExit = (): void => reject(failure ?? threadTrouble(directory, new Error('it ended')));
    const onError = (error: unknown): void => void (failure = threadTrouble(directory, error));
    worker.once('exit', onExit);
    worker.once('error', onError);
    worker.once('message', (reply: R) => {
      if (reply.kind === 'failed') {
        failure = toPerdureError(reply.trouble);
        return;
      }
      worker.off('exit', onExit).off('error', onError);
      done(reply);
    });
  });
}

function threadTrouble(directory: string, cause: unknown): PerdureError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new PerdureError('unavailable', `a thread of the store in ${directory} did not start: ${text}`, { cause });
}

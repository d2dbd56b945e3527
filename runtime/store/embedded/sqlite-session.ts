/**
 * SQLite session: the store port on two threads, from opening to the end.
 *
 * Owns: life and death. Any failure of a thread, and any failed write, ends the session for good: what is in flight is
 * `unknown`, both threads end, and with them the lock. `open()` begins the next session from disk (C13).
 * Does not own: how writes are grouped (`writer-thread`), what reads mean (`reader`).
 */

import type { Worker } from 'node:worker_threads';
import type { EntityKey } from '../../../framework/model/identity';
import { PerdureError } from '../../../framework/errors';
import { LIST_PAGE_ENTITIES } from '../../config';
import type {
  Append,
  AppendResult,
  DueEntity,
  EntityFilter,
  EntityIndex,
  ListPage,
  ListQuery,
  LoadedPage,
  StoreSession,
} from '../../ports/history-store';
import type { RunningRows } from '../../ports/watchdog';
import { checkQuery, decodeCursor, encodeCursor } from '../../ports/query';
import type { SortPosition } from '../../ports/query';
import type { ReaderReply, WriterReply, WriterStats } from './protocol';
import { ReaderChannel } from './reader-channel';
import { openRunningFile } from './running-file';
import type { RunningFile } from './running-file';
import { toPerdureError } from './trouble';
import { walkStore } from './verify';
import type { RowCheck, VerifyReport } from './verify';
import { WriterChannel } from './writer-channel';

export class SqliteSession implements StoreSession {
  readonly lost: Promise<PerdureError>;
  /** Resolves when both threads have ended and the directory is free. */
  readonly ended: Promise<void>;
  private readonly runningFile: RunningFile;
  private readonly writes: WriterChannel;
  private readonly reads: ReaderChannel;
  private tellLost: (reason: PerdureError) => void = () => undefined;
  private closing: Promise<void> | null = null;
  private over = false;

  constructor(
    readonly epoch: number,
    private readonly writer: Worker,
    private readonly reader: Worker,
    private readonly directory: string,
  ) {
    this.lost = new Promise((resolve) => (this.tellLost = resolve));
    this.runningFile = openRunningFile(directory, epoch);
    this.writes = new WriterChannel(writer);
    this.reads = new ReaderChannel(reader);
    this.ended = Promise.all([writer, reader].map((worker) => this.watch(worker))).then(() => undefined);
    writer.on('message', (reply: WriterReply) => this.fromWriter(reply));
    reader.on('message', (reply: ReaderReply) => {
      if (reply.kind !== 'opened') this.reads.answered(reply);
    });
  }

  /** True once nothing more can be written. */
  get isOver(): boolean {
    return this.over || this.closing !== null;
  }

  get running(): RunningRows {
    return this.runningFile.rows;
  }

  append(batch: readonly Append[]): Promise<AppendResult[]> {
    return this.closing ? Promise.resolve(batch.map(() => 'unknown')) : this.writes.append(batch);
  }

  fence(): Promise<boolean> {
    return Promise.resolve(!this.isOver);
  }

  load(key: EntityKey): Promise<LoadedPage> {
    return this.reads.call('load', key);
  }

  rows(key: EntityKey, fromSeq: number, limit: number): Promise<LoadedPage> {
    return this.reads.call('rows', key, fromSeq, limit);
  }

  segment(key: EntityKey, name: string): Promise<Uint8Array | null> {
    return this.reads.call('segment', key, name);
  }

  index(key: EntityKey): Promise<{ readonly index: EntityIndex; readonly seq: number } | null> {
    return this.reads.call('index', key);
  }

  mark(key: EntityKey, index: EntityIndex): Promise<void> {
    return this.closing ? Promise.reject(this.closed()) : this.writes.mark(key, index);
  }

  due(namespace: string, until: number, limit: number): Promise<readonly DueEntity[]> {
    return this.reads.call('due', namespace, until, limit);
  }

  nextDue(namespace: string, after: number): Promise<number | null> {
    return this.reads.call('nextDue', namespace, after);
  }

  openWork(namespace: string, after: EntityKey | null, limit: number): Promise<readonly EntityKey[]> {
    return this.reads.call('openWork', namespace, after, Math.min(limit, LIST_PAGE_ENTITIES));
  }

  async list(query: ListQuery): Promise<ListPage> {
    checkQuery(query);
    const { entities, next } = await this.reads.call('list', query, decodeCursor(query));
    return { entities, next: next && encodeCursor(query, next) };
  }

  /** Counted page by page, so that other reads go between; exact while nothing changes. */
  async count(filter: EntityFilter): Promise<number> {
    let total = 0;
    let after: SortPosition | null = null;
    do {
      const page: { count: number; next: SortPosition | null } = await this.reads.call('count', filter, after);
      total += page.count;
      after = page.next;
    } while (after !== null);
    return total;
  }

  note(key: EntityKey, name: string, bytes: Uint8Array | null): Promise<void> {
    return this.closing ? Promise.reject(this.closed()) : this.writes.note(key, name, bytes);
  }

  notes(key: EntityKey): Promise<readonly { readonly name: string; readonly bytes: Uint8Array }[]> {
    return this.reads.call('notes', key);
  }

  /** Commits, fsyncs and bytes since the session began, for benchmarks and `describe`. */
  stats(): Promise<WriterStats> {
    return this.writes.stats();
  }

  /**
   * Reads everything: SQLite's own integrity check, then each row of each entity, in order, given to `check`, which
   * throws when a row does not decode or does not follow the one before it. Nothing is changed. The log of a store
   * that is written to meanwhile may grow until the check has ended.
   */
  verify(check: RowCheck): Promise<VerifyReport> {
    return walkStore(this.reads, check);
  }

  close(): Promise<void> {
    this.closing ??= this.closeThreads();
    return this.closing;
  }

  private async closeThreads(): Promise<void> {
    this.writes.flush();
    this.runningFile.close();
    try {
      await this.reads.close();
      if (!this.over) this.writer.postMessage('close');
    } catch {
      // The session was lost while it closed: `lost` says why, and the threads end anyway.
    }
    await this.ended;
    this.finish(this.closed());
  }

  private fromWriter(reply: WriterReply): void {
    if (reply.kind === 'answers') this.writes.answered(reply.answers);
    else if (reply.kind === 'stats') this.writes.statsArrived(reply.stats);
    else if (reply.kind === 'failed') this.lose(toPerdureError(reply.trouble));
  }

  /** Resolves when the worker has ended. An end that nobody asked for loses the session. */
  private watch(worker: Worker): Promise<void> {
    worker.on('error', (error) => this.lose(this.threadFailed(error)));
    return new Promise((resolve) => {
      worker.once('exit', () => {
        if (!this.closing) this.lose(this.threadFailed(null));
        resolve();
      });
    });
  }

  private lose(reason: PerdureError): void {
    if (this.over) return;
    this.finish(reason);
    this.tellLost(reason);
    void this.reader.terminate();
    void this.writer.terminate();
  }

  private finish(reason: PerdureError): void {
    this.over = true;
    this.runningFile.close();
    this.writes.fail(reason);
    this.reads.fail(reason);
  }

  private threadFailed(cause: unknown): PerdureError {
    const text = cause instanceof Error ? cause.message : 'it ended';
    const message = `a thread of the store in ${this.directory} failed: ${text}; open the store again`;
    return new PerdureError('unavailable', message, { reason: 'thread_failed', cause });
  }

  private closed(): PerdureError {
    return new PerdureError('unavailable', `the store in ${this.directory} is closed: open it again`, {
      reason: 'closed',
    });
  }
}

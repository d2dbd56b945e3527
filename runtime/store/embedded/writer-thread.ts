/**
 * Writer thread: the one writer connection of a session, in a worker (C13).
 *
 * Owns: the lock, group commit, checkpoints. Everything that waits in the queue when a commit has ended goes into the
 * next transaction: the load makes the groups, no timer does.
 *
 * Invariants:
 * 1. Nothing is answered before its transaction is committed with an fsync; answers go out in the order of the writes.
 * 2. The first error ends the thread: it tells why, closes, and answers nothing more.
 * 3. Checkpoints run after the answers of a commit have gone out.
 */

import { DatabaseSync } from 'node:sqlite';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { assert } from '../../../framework/assert';
import { CHECKPOINT_BYTES, CHECKPOINT_WRITES, GROUP_BYTES, GROUP_WRITES } from '../../config';
import { checkpoint, openForWriting } from './database';
import { PAGE_SIZE_BYTES } from './layout';
import { lockDirectory } from './lock';
import type { ThreadOptions, WriteMessage, WriterReply, WriterRequest, WriterStats } from './protocol';
import { openTrouble, writeTrouble } from './trouble';
import { applyMessage } from './write-message';
import { Writer } from './writer';

const WAL_FRAME_HEADER_BYTES = 24;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class WriterThread {
  private readonly writer: Writer;
  private readonly sinceCheckpoint = { writes: 0, bytes: 0 };
  private readonly stats: Mutable<WriterStats> = {
    transactions: 0,
    writes: 0,
    payloadBytes: 0,
    fsyncs: 0,
    checkpoints: 0,
    walBytes: 0,
    checkpointBytes: 0,
  };

  constructor(
    private readonly db: DatabaseSync,
    private readonly unlock: () => void,
    private readonly directory: string,
  ) {
    this.writer = new Writer(db);
  }

  /** Handles `first` and all that waits behind it. */
  handle(first: WriterRequest): void {
    try {
      let request: WriterRequest | undefined = first;
      while (request !== undefined) {
        if (request === 'close') return this.close();
        if (request === 'stats') {
          send({ kind: 'stats', stats: this.stats });
          request = nextRequest();
        } else {
          request = this.commitGroup(request);
        }
      }
    } catch (error) {
      this.end({ kind: 'failed', trouble: writeTrouble(this.directory, error) });
    }
  }

  /** Commits `first` and what waits behind it as one group. Returns the request after the group, if one waits. */
  private commitGroup(first: WriteMessage): WriterRequest | undefined {
    const answers: Uint8Array[] = [];
    const group = { writes: 0, bytes: 0 };
    let request: WriterRequest | undefined = first;
    this.writer.begin();
    while (typeof request === 'object' && group.writes < GROUP_WRITES && group.bytes < GROUP_BYTES) {
      answers.push(applyMessage(this.writer, request));
      group.writes += request.count;
      group.bytes += request.bytes.byteLength;
      request = nextRequest();
    }
    this.writer.commit();
    send({ kind: 'answers', answers });
    this.count(group);
    this.checkpointWhenDue();
    return request ?? nextRequest();
  }

  private count(group: { writes: number; bytes: number }): void {
    this.stats.transactions += 1;
    this.stats.fsyncs += 1;
    this.stats.writes += group.writes;
    this.stats.payloadBytes += group.bytes;
    this.sinceCheckpoint.writes += group.writes;
    this.sinceCheckpoint.bytes += group.bytes;
  }

  private checkpointWhenDue(): void {
    const { writes, bytes } = this.sinceCheckpoint;
    if (writes < CHECKPOINT_WRITES && bytes < CHECKPOINT_BYTES) return;
    const { log, moved } = checkpoint(this.db, 'PASSIVE');
    this.sinceCheckpoint.writes = 0;
    this.sinceCheckpoint.bytes = 0;
    this.stats.checkpoints += 1;
    this.stats.fsyncs += 2;
    this.stats.walBytes += log * (PAGE_SIZE_BYTES + WAL_FRAME_HEADER_BYTES);
    this.stats.checkpointBytes += moved * PAGE_SIZE_BYTES;
  }

  private close(): void {
    checkpoint(this.db, 'TRUNCATE');
    this.end({ kind: 'closed' });
  }

  private end(last: WriterReply): void {
    this.db.close();
    this.unlock();
    send(last);
    port.close();
  }
}

assert(parentPort, 'the writer thread is started as a worker');
const port = parentPort;

function send(reply: WriterReply): void {
  port.postMessage(reply);
}

function nextRequest(): WriterRequest | undefined {
  return (receiveMessageOnPort(port) as { message: WriterRequest } | undefined)?.message;
}

function start(options: ThreadOptions): void {
  const open = (path: string): DatabaseSync => new DatabaseSync(path);
  let unlock: (() => void) | null = null;
  try {
    unlock = lockDirectory(open, options.directory);
    const { db, epoch } = openForWriting(open, options);
    const thread = new WriterThread(db, unlock, options.directory);
    port.on('message', (request: WriterRequest) => thread.handle(request));
    send({ kind: 'opened', epoch });
  } catch (error) {
    unlock?.();
    send({ kind: 'failed', trouble: openTrouble(options.directory, error) });
    port.close();
  }
}

start(workerData as ThreadOptions);

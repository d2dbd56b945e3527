/**
 * Reader thread: the one reading connection of a session, in a worker of its own, so that a cold load never waits for
 * the group commit or the checkpoint that is under way in the writer's.
 *
 * Owns: the dispatch of reads, one at a time. Does not own: their meaning (`reader`, `search`).
 *
 * Invariant: a read that fails is answered with its trouble; the thread goes on serving the others (C13).
 */

import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../../framework/assert';
import type { EntityKey } from '../../../framework/model/identity';
import { openForReading } from './database';
import type { ReaderReply, ReaderRequest, ReadName, Reads, ThreadOptions } from './protocol';
import { Reader } from './reader';
import { count, list } from './search';
import { openTrouble, readTrouble } from './trouble';

type Handlers = { readonly [N in ReadName]: (...args: Reads[N]['args']) => Reads[N]['result'] };

assert(parentPort, 'the reader thread is started as a worker');
const port = parentPort;

function send(reply: ReaderReply): void {
  port.postMessage(reply);
}

function handlersOf(reader: Reader): Handlers {
  return {
    load: (key) => reader.load(key),
    rows: (key, fromSeq, limit) => reader.rows(key, fromSeq, limit),
    segment: (key, name) => reader.segment(key, name),
    index: (key) => reader.index(key),
    due: (namespace, until, limit) => reader.due(namespace, until, limit),
    nextDue: (namespace, after) => reader.nextDue(namespace, after),
    openWork: (namespace, after, limit) => reader.openWork(namespace, after, limit),
    list: (query, after) => list(reader, query, after),
    count: (filter, after) => count(reader, filter, after),
    notes: (key) => reader.notes(key),
    integrity: () => reader.integrity(),
    keys: (after, limit) => reader.keys(after, limit),
  };
}

/** The entity a read is about, for its trouble. */
function keyOf(request: ReaderRequest): EntityKey | null {
  const [first] = request.args;
  const isKey = typeof first === 'object' && first !== null && 'id' in first;
  return isKey ? (first as EntityKey) : null;
}

function start(options: ThreadOptions): void {
  try {
    const db = openForReading((path, how) => new DatabaseSync(path, how), options);
    const handlers = handlersOf(new Reader(db, options.directory));
    port.on('message', (request: ReaderRequest) => {
      if (request.name === 'close') {
        db.close();
        send({ kind: 'result', no: request.no, result: null });
        port.close();
        return;
      }
      try {
        const handler = handlers[request.name] as (...args: readonly unknown[]) => unknown;
        send({ kind: 'result', no: request.no, result: handler(...request.args) });
      } catch (error) {
        send({ kind: 'failed', no: request.no, trouble: readTrouble(options.directory, keyOf(request), error) });
      }
    });
    send({ kind: 'opened' });
  } catch (error) {
    send({ kind: 'failed', no: 0, trouble: openTrouble(options.directory, error) });
    port.close();
  }
}

start(workerData as ThreadOptions);

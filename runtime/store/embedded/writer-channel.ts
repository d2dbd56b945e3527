/**
 * Writer channel: the main thread's end of the writer.
 *
 * Owns: what is in flight, and one message for all writes of an event-loop tick: it leaves when the microtasks that
 * issued them have drained, so that what a group's answers set off becomes the next group.
 * Does not own: the thread's life (`sqlite-session`).
 *
 * Invariants:
 * 1. Answers are matched in order: the writer handles messages in the order of their posting.
 * 2. Once failed, everything in flight and later is `unknown`, for ever (C13).
 */

import type { Worker } from 'node:worker_threads';
import type { EntityKey } from '../../../framework/model/identity';
import type { PerdureError } from '../../../framework/errors';
import { assert } from '../../../framework/assert';
import type { Append, AppendResult, EntityIndex } from '../../ports/history-store';
import type { WriterStats } from './protocol';
import { ANSWER } from './protocol';
import { MessageBuilder } from './write-message';

/** Taken at import: a test framework may fake it later. */
const nextTick = process.nextTick.bind(process);
/** What `queueMicrotask` would do, which is faked too. */
const soon = Promise.resolve();

/** One call that waits: how many answers are its own, and who is told. */
interface Pending {
  readonly count: number;
  answer(answers: Uint8Array, from: number): void;
  fail(reason: PerdureError): void;
}

export class WriterChannel {
  private readonly builder = new MessageBuilder();
  private collecting: Pending[] = [];
  /** Calls of each message that was posted, in order. */
  private readonly inFlight: Pending[][] = [];
  private readonly statsWaiting: { resolve(stats: WriterStats): void; reject(reason: PerdureError): void }[] = [];
  private failure: PerdureError | null = null;

  constructor(private readonly worker: Pick<Worker, 'postMessage'>) {}

  append(batch: readonly Append[]): Promise<AppendResult[]> {
    if (this.failure) return Promise.resolve(batch.map(() => 'unknown'));
    if (batch.length === 0) return Promise.resolve([]);
    for (const record of batch) this.builder.append(record);
    return new Promise((resolve) => {
      this.wait({
        count: batch.length,
        answer: (answers, from) => resolve(resultsOf(answers, from, batch.length)),
        fail: () => resolve(batch.map(() => 'unknown')),
      });
    });
  }

  mark(key: EntityKey, index: EntityIndex): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    this.builder.mark(key, index);
    return this.waitForOne();
  }

  note(key: EntityKey, name: string, bytes: Uint8Array | null): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    this.builder.note(key, name, bytes);
    return this.waitForOne();
  }

  stats(): Promise<WriterStats> {
    if (this.failure) return Promise.reject(this.failure);
    this.flush();
    this.worker.postMessage('stats');
    return new Promise((resolve, reject) => this.statsWaiting.push({ resolve, reject }));
  }

  /** The writer has committed the messages of these answers. */
  answered(parts: readonly Uint8Array[]): void {
    if (this.failure) return;
    for (const answers of parts) {
      const calls = this.inFlight.shift();
      assert(calls, 'the writer answered a message that was not sent');
      let from = 0;
      for (const call of calls) {
        call.answer(answers, from);
        from += call.count;
      }
    }
  }

  statsArrived(stats: WriterStats): void {
    this.statsWaiting.shift()?.resolve(stats);
  }

  fail(reason: PerdureError): void {
    if (this.failure) return;
    this.failure = reason;
    for (const call of [...this.inFlight.splice(0).flat(), ...this.collecting.splice(0)]) call.fail(reason);
    for (const call of this.statsWaiting.splice(0)) call.reject(reason);
  }

  /** Posts what was collected. */
  flush(): void {
    if (this.failure) return;
    const message = this.builder.take();
    if (!message) return;
    this.inFlight.push(this.collecting);
    this.collecting = [];
    this.worker.postMessage(message, [message.bytes]);
  }

  private waitForOne(): Promise<void> {
    return new Promise((resolve, reject) => this.wait({ count: 1, answer: () => resolve(), fail: reject }));
  }

  private wait(call: Pending): void {
    if (this.collecting.length === 0) void soon.then(() => nextTick(() => this.flush()));
    this.collecting.push(call);
  }
}

function resultsOf(answers: Uint8Array, from: number, count: number): AppendResult[] {
  const results: AppendResult[] = [];
  for (let i = from; i < from + count; i += 1) results.push(answers[i] === ANSWER.ok ? 'ok' : 'refused');
  return results;
}

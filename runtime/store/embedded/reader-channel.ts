/**
 * Reader channel: the main thread's end of the reader.
 *
 * Owns: matching results with calls. Does not own: the thread's life (`sqlite-session`).
 */

import type { Worker } from 'node:worker_threads';
import type { PerdureError } from '../../../framework/errors';
import type { ReaderReply, ReaderRequest, ReadName, Reads } from './protocol';
import { toPerdureError } from './trouble';

interface Waiting {
  resolve(result: unknown): void;
  reject(reason: PerdureError): void;
}

export class ReaderChannel {
  private readonly waiting = new Map<number, Waiting>();
  private lastNo = 0;
  private failure: PerdureError | null = null;

  constructor(private readonly worker: Pick<Worker, 'postMessage'>) {}

  call<N extends ReadName>(name: N, ...args: Reads[N]['args']): Promise<Reads[N]['result']> {
    return this.post(name, args) as Promise<Reads[N]['result']>;
  }

  /** Resolves when the reads before it are answered and the connection is closed. */
  async close(): Promise<void> {
    await this.post('close', []);
  }

  answered(reply: Exclude<ReaderReply, { kind: 'opened' }>): void {
    const call = this.waiting.get(reply.no);
    this.waiting.delete(reply.no);
    if (reply.kind === 'result') call?.resolve(reply.result);
    else call?.reject(toPerdureError(reply.trouble));
  }

  fail(reason: PerdureError): void {
    this.failure ??= reason;
    const calls = [...this.waiting.values()];
    this.waiting.clear();
    for (const call of calls) call.reject(reason);
  }

  private post(name: ReaderRequest['name'], args: readonly unknown[]): Promise<unknown> {
    if (this.failure) return Promise.reject(this.failure);
    this.lastNo += 1;
    const request: ReaderRequest = { no: this.lastNo, name, args };
    return new Promise((resolve, reject) => {
      this.waiting.set(request.no, { resolve, reject });
      this.worker.postMessage(request);
    });
  }
}

/**
 * Test transport: the memory transport, with a host behind it that may crash.
 *
 * Owns: sending again what a crash left unanswered, at once and with a higher attempt number (S13), since virtual time
 * does not pass by itself; delivering a message twice. Does not own: what a reply waits for (`replied`).
 */

import { isDeepStrictEqual } from 'node:util';
import { PerdureError } from '../../framework/errors';
import type { Served, Transport } from '../ports/transport';
import { memory } from '../transport/memory-transport';
import type { MessageRequest, Reply, Request } from '../wire/envelope';

export class TestTransport implements Transport {
  private readonly inner = memory();
  private crashes = 0;
  /** Resolves when a host serves again; null while one does. */
  private up: Promise<void> | null = null;
  private tellUp: () => void = () => undefined;
  private last: { request: MessageRequest; reply: Promise<Reply> } | null = null;
  private nextTwice = false;

  /** `replied` is awaited before a reply is handed on; what it throws rejects the request. */
  constructor(
    private readonly replied: () => Promise<void>,
    private readonly report: (fault: PerdureError) => void,
  ) {}

  serve(namespace: string, types: readonly string[], answer: (request: Request) => Promise<Reply>): Promise<Served> {
    return this.inner.serve(namespace, types, answer);
  }

  async request(request: Request, signal: AbortSignal | null): Promise<Reply> {
    const answer = this.send(request, signal);
    if (request.op === 'message' && request.message !== 'query') {
      answer.catch(() => undefined);
      this.last = { request, reply: answer };
      if (this.nextTwice) await this.repeat();
    }
    const reply = await answer;
    await this.replied();
    return reply;
  }

  /** Requests wait from now on. */
  down(): void {
    this.crashes += 1;
    this.up ??= new Promise((resolve) => (this.tellUp = resolve));
  }

  restored(): void {
    this.up = null;
    this.tellUp();
  }

  /** Sends the last message again; the next one, when there was none. Never waits for an outcome still to come. */
  async deliverTwice(): Promise<void> {
    if (this.last === null) this.nextTwice = true;
    else await this.repeat();
  }

  private async repeat(): Promise<void> {
    this.nextTwice = false;
    if (this.last === null) return;
    const { request, reply: first } = this.last;
    const again = { ...request, attempt: request.attempt + 1 };
    this.last = { request: again, reply: first };
    void this.compare(again, first, this.send(again, null));
  }

  private async compare(request: MessageRequest, first: Promise<Reply>, second: Promise<Reply>): Promise<void> {
    const [one, other] = await Promise.all([first, second].map((reply) => reply.then(outcomeOf, String)));
    if (isDeepStrictEqual(one, other)) return;
    const { type, id } = request.key;
    const text = `${type}/${id}: ${request.method}() delivered twice was answered ${JSON.stringify(one)}, then ${JSON.stringify(other)}`;
    this.report(new PerdureError('internal', text, { reason: 'delivered_twice' }));
  }

  private async send(request: Request, signal: AbortSignal | null): Promise<Reply> {
    let sent = request;
    for (;;) {
      if (this.up !== null) await this.up;
      const { crashes } = this;
      const reply = await this.inner.request(sent, signal).catch((error: unknown) => {
        if (crashes === this.crashes) throw error;
        return null;
      });
      const lost = reply === null || (!reply.ok && reply.error.code === 'unavailable');
      if (reply !== null && !(lost && crashes !== this.crashes)) return reply;
      if (sent.op === 'message') sent = { ...sent, attempt: sent.attempt + 1 };
    }
  }
}

/** What the two answers of one message have in common. */
function outcomeOf(reply: Reply): object {
  if (reply.ok) return { ok: true, value: Buffer.from(reply.value).toString('hex') };
  return { ok: false, code: reply.error.code, reason: reply.error.reason };
}

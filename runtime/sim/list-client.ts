/**
 * List client: one caller of journals, and what it was told.
 *
 * Owns: asking host after host, resending with the same id and a higher attempt number (S13), giving up, the operations
 * for the checker. Does not own: when the run ends, the verdict.
 *
 * A send that nobody could have acted on (`moved`, nobody listens) does not raise the attempt number (C14).
 */

import { decodeValue, encodeValue } from '../../framework/codec/value';
import type { MessageId } from '../../framework/model/identity';
import type { Reply, Request } from '../wire/envelope';
import { UNKNOWN } from './checkers/history';
import type { ListOperation } from './checkers/list-append';
import type { ListInput, ListOutput } from './checkers/models/list';
import type { Range, SimStream } from './random';
import { SimClock } from './sim-clock';
import type { SimNetwork } from './sim-network';
import { SimProcess } from './sim-process';

export interface ListClientOptions {
  readonly name: string;
  readonly network: SimNetwork<Request, Reply>;
  readonly hosts: readonly string[];
  readonly keys: readonly string[];
  /** Counts up with each call and each return of any client. */
  readonly tick: () => number;
  readonly pauseMs: Range;
  readonly patienceMs: number;
  /** Of the operations, from 0 to 1. */
  readonly readShare: number;
}

/** What an attempt came to; `again` may be sent once more. */
type Attempt =
  { readonly kind: 'answer'; readonly output: ListOutput } | { readonly kind: 'again'; readonly received: boolean };

const REPLY_MS = 2_000;
const RESEND_MS: Range = [20, 200];

export class ListClient {
  readonly operations: ListOperation[] = [];
  /** Answers that no fault excuses. */
  readonly complaints: string[] = [];
  private readonly process: SimProcess;
  private readonly clock: SimClock;
  private readonly draw: SimStream;
  private readonly hints = new Map<string, string>();
  private n = 0;

  constructor(private readonly options: ListClientOptions) {
    const { world } = options.network;
    this.process = new SimProcess(world, options.name);
    this.clock = new SimClock(this.process);
    this.draw = world.random.stream(`client.${options.name}`);
  }

  /** Appends and reads, one after the other, `count` in all. */
  async work(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      await this.pause(this.options.pauseMs);
      const key = this.draw.of(this.options.keys);
      if (this.draw.float() < this.options.readShare) await this.call(key, { kind: 'read' });
      else await this.call(key, { kind: 'append', value: `${this.options.name}.${this.n + 1}` });
    }
  }

  /** True if it was answered. */
  async call(key: string, op: ListInput): Promise<boolean> {
    const { name, tick, patienceMs } = this.options;
    const invokedAt = tick();
    const until = this.clock.monotonicMs() + patienceMs;
    this.n += 1;
    const id = { session: name, n: this.n, doneBelow: this.n };
    let output: ListOutput | typeof UNKNOWN = UNKNOWN;
    for (let attempt = 1; output === UNKNOWN && this.clock.monotonicMs() < until;) {
      const done = await this.send(key, op, id, attempt);
      if (done.kind === 'answer') output = done.output;
      else {
        if (done.received) attempt += 1;
        await this.pause(RESEND_MS);
      }
    }
    this.operations.push({ client: name, key, op, output, invokedAt, returnedAt: tick() });
    return output !== UNKNOWN;
  }

  private async send(key: string, op: ListInput, id: MessageId, attempt: number): Promise<Attempt> {
    const { network } = this.options;
    const host = this.hints.get(key) ?? this.draw.of(this.options.hosts);
    const reply = await Promise.race([
      network.send(this.process, host, requestOf(key, op, id, attempt)).catch(() => 'nobody' as const),
      this.timeout(),
    ]);
    this.hints.delete(key);
    if (reply === 'nobody') return { kind: 'again', received: false };
    if (reply === 'silence') return { kind: 'again', received: true };
    if (reply.ok) {
      this.hints.set(key, host);
      return { kind: 'answer', output: op.kind === 'read' ? (decodeValue(reply.value) as string[]) : 'ok' };
    }
    const { code, reason, message } = reply.error;
    if (code === 'unavailable') return { kind: 'again', received: reason !== 'moved' };
    if (code === 'not_found' && op.kind === 'read') return { kind: 'answer', output: [] };
    this.complaints.push(`${op.kind} of ${key} was answered ${code}: ${message}`);
    return { kind: 'again', received: true };
  }

  private timeout(): Promise<'silence'> {
    return new Promise((resolve) => this.clock.after(REPLY_MS, () => resolve('silence')));
  }

  private pause(range: Range): Promise<void> {
    return new Promise((resolve) => this.clock.after(this.draw.between(range), resolve));
  }
}

function requestOf(key: string, op: ListInput, id: MessageId, attempt: number): Request {
  const entity = { namespace: 'default', type: 'journal', id: key };
  const shared = { op: 'message', key: entity, attempt, submit: false } as const;
  if (op.kind === 'read') return { ...shared, message: 'query', method: 'read', args: encodeValue([]), id: null };
  return { ...shared, message: 'update', method: 'append', args: encodeValue([op.value]), id };
}

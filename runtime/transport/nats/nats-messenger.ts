/**
 * NATS messenger: the Messenger port over one connection to NATS (C14).
 *
 * Owns: subjects below the prefix, telling 503 ("no responders") and refused permissions to the sender they concern,
 * whether the connection is up. Does not own: connecting (`connect`), the bytes of a frame (`frame-codec`).
 *
 * Invariants:
 * 1. A frame is published at most once: while the connection is down it is dropped, not kept for later.
 * 2. What is heard and is no frame is logged and dropped.
 * 3. It hears nothing outside of its reply group but what it was told to listen to.
 *
 * NATS says that nobody listens by a message to the reply subject of what was published; there is one such subject for the
 * connection, and a number behind it says which frame was meant.
 */

import type { Msg, NatsConnection } from 'nats';
import { createInbox, errors } from 'nats';
import { PerdureError } from '../../../framework/errors';
import { RECENT_SENDS } from '../../config';
import type { Ear, Messenger, Unheard } from '../../ports/messenger';
import type { Log } from '../../ports/telemetry';
import type { Frame } from '../../wire/frame';
import { decodeFrame, encodeFrame } from './frame-codec';

const NO_RESPONDERS = 503;

/** Where a connection is answered, below the prefix. */
export function replySubject(group: string): string {
  return `reply.${group}`;
}

interface Sent {
  readonly subject: string;
  readonly unheard: Unheard;
}

export class NatsMessenger implements Messenger {
  connected = true;
  private readonly sent = new Map<number, Sent>();
  private readonly unheardSubject: string;
  private count = 0;
  private maxPayload: number;
  /** The first subject that the server would not let it listen to. */
  private refusal: PerdureError | null = null;

  constructor(
    private readonly connection: NatsConnection,
    private readonly prefix: string,
    private readonly group: string,
    private readonly log: Log,
  ) {
    this.maxPayload = connection.info?.max_payload ?? 0;
    this.unheardSubject = createInbox(`${prefix}.${replySubject(group)}`);
    connection.subscribe(`${this.unheardSubject}.*`, { callback: (error, message) => this.nobody(error, message) });
    void this.watch();
  }

  get maxPayloadBytes(): number {
    return (this.maxPayload = this.connection.info?.max_payload ?? this.maxPayload);
  }

  /** Resolves once the server has heard of all that is listened to; rejects with `permission_denied`. */
  async heard(): Promise<void> {
    await this.connection.flush();
    if (this.refusal !== null) throw this.refusal;
  }

  send(subject: string, frame: Frame, unheard: Unheard): void {
    if (!this.connected) return;
    this.count += 1;
    this.sent.set(this.count, { subject: this.full(subject), unheard });
    if (this.sent.size > RECENT_SENDS) this.sent.delete(this.count - RECENT_SENDS);
    const reply = `${this.unheardSubject}.${this.count}`;
    try {
      this.connection.publish(this.full(subject), encodeFrame(frame), { reply });
    } catch (error) {
      this.log.warn({ error: error, subject }, 'a frame could not be sent');
    }
  }

  listen(subject: string, hear: (frame: Frame) => void, { queue }: { readonly queue?: string } = {}): Ear {
    const callback = (error: Error | null, message: Msg): void => this.hear(error, message, hear);
    const subscription = this.connection.subscribe(this.full(subject), {
      callback,
      ...(queue === undefined ? {} : { queue }),
    });
    return { subject, close: () => subscription.unsubscribe() };
  }

  inbox(hear: (frame: Frame) => void): Ear {
    return this.listen(createInbox(replySubject(this.group)), hear);
  }

  /** Says at the subject that somebody is there, until the returned function is called. */
  attend(subject: string): () => void {
    const callback = (error: Error | null, message: Msg): void => {
      if (error === null) message.respond();
      else this.refused(error);
    };
    const attending = this.connection.subscribe(this.full(subject), { queue: 'hosts', callback });
    return () => attending.unsubscribe();
  }

  /** False if NATS says that nobody is there; silence does not say that. */
  async attended(subject: string, withinMs: number): Promise<boolean> {
    try {
      await this.connection.request(this.full(subject), '', { timeout: withinMs });
      return true;
    } catch (error) {
      const { cause } = error as Error;
      return !(error instanceof errors.NoRespondersError || cause instanceof errors.NoRespondersError);
    }
  }

  private full(subject: string): string {
    return `${this.prefix}.${subject}`;
  }

  private hear(error: Error | null, { data, subject }: Msg, hear: (frame: Frame) => void): void {
    try {
      if (error !== null) return this.refused(error);
      hear(decodeFrame(data));
    } catch (fault) {
      this.log.warn({ error: fault, subject }, 'what came is dropped');
    }
  }

  private nobody(error: Error | null, { headers, subject }: Msg): void {
    if (error !== null) return this.refused(error);
    if (headers?.code !== NO_RESPONDERS) return;
    const n = Number(subject.slice(this.unheardSubject.length + 1));
    const sent = this.sent.get(n);
    this.sent.delete(n);
    sent?.unheard();
  }

  /** A subject that this user may not listen to, or may not send to. */
  private refused(error: Error): void {
    if (!(error instanceof errors.PermissionViolationError)) return this.log.warn({ error }, 'NATS says no');
    const { operation, subject } = error;
    const verb = operation === 'publish' ? 'send' : 'listen';
    const fact = `NATS does not let this user ${verb} to '${subject}'`;
    const refusal = new PerdureError('permission_denied', `${fact}: give it the permissions of its role`, {
      reason: 'transport',
      cause: error,
    });
    this.log.error({ error: refusal }, 'NATS refuses a permission');
    if (operation !== 'publish') this.refusal ??= refusal;
    else this.refuse(subject, refusal);
  }

  private refuse(subject: string, refusal: PerdureError): void {
    const concerned = [...this.sent].filter(([, sent]) => sent.subject === subject);
    for (const [n] of concerned) this.sent.delete(n);
    for (const [, { unheard }] of concerned) unheard(refusal);
  }

  private async watch(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') this.connected = false;
      else if (status.type === 'reconnect') this.connected = true;
      else if (status.type === 'error' && isPublish(status.error)) this.refused(status.error);
    }
    this.connected = false;
  }
}

/** Listeners are told of their own refusals. */
function isPublish(error: Error): boolean {
  return error instanceof errors.PermissionViolationError && error.operation === 'publish';
}

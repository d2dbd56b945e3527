/**
 * NATS messenger: the Messenger port over one connection to NATS (C14).
 *
 * Owns: subjects below the prefix, telling 503 ("no responders") to the sender it concerns, whether the connection is up.
 * Does not own: connecting (`connect`), the bytes of a frame (`frame-codec`).
 *
 * Invariants:
 * 1. A frame is published at most once: while the connection is down it is dropped, not kept for later.
 * 2. What is heard and is no frame is logged and dropped.
 *
 * NATS says that nobody listens by a message to the reply subject of what was published; there is one such subject for the
 * connection, and a number behind it says which frame was meant.
 */

import type { Msg, NatsConnection } from 'nats';
import { createInbox } from 'nats';
import { RECENT_SENDS } from '../../config';
import type { Ear, Messenger } from '../../ports/messenger';
import type { Log } from '../../ports/telemetry';
import type { Frame } from '../../wire/frame';
import { decodeFrame, encodeFrame } from './frame-codec';

const NO_RESPONDERS = 503;

export class NatsMessenger implements Messenger {
  connected = true;
  private readonly unheard = new Map<number, () => void>();
  private readonly unheardSubject: string;
  private sent = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly prefix: string,
    private readonly log: Log,
  ) {
    this.unheardSubject = createInbox(`${prefix}.unheard`);
    connection.subscribe(`${this.unheardSubject}.*`, { callback: (_error, message) => this.nobody(message) });
    void this.watch();
  }

  get maxPayloadBytes(): number {
    return this.connection.info?.max_payload ?? 0;
  }

  send(subject: string, frame: Frame, unheard: () => void): void {
    if (!this.connected) return;
    this.sent += 1;
    this.unheard.set(this.sent, unheard);
    if (this.unheard.size > RECENT_SENDS) this.unheard.delete(this.sent - RECENT_SENDS);
    const reply = `${this.unheardSubject}.${this.sent}`;
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
    return this.listen(createInbox('inbox'), hear);
  }

  private full(subject: string): string {
    return `${this.prefix}.${subject}`;
  }

  private hear(error: Error | null, { data, subject }: Msg, hear: (frame: Frame) => void): void {
    try {
      if (error !== null) throw error;
      hear(decodeFrame(data));
    } catch (fault) {
      this.log.warn({ error: fault, subject }, 'what came is dropped');
    }
  }

  private nobody({ headers, subject }: Msg): void {
    if (headers?.code !== NO_RESPONDERS) return;
    const n = Number(subject.slice(this.unheardSubject.length + 1));
    const unheard = this.unheard.get(n);
    this.unheard.delete(n);
    unheard?.();
  }

  private async watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') this.connected = false;
      else if (type === 'reconnect') this.connected = true;
    }
    this.connected = false;
  }
}

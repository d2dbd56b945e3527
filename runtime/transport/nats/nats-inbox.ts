/**
 * NATS inbox: the Inbox port over JetStream (C16).
 *
 * Owns: two streams below the prefix, one of signals that wait and one of dead letters; their subjects and bytes.
 * Does not own: JetStream's calls (`jetstream`), who hands messages over and in which order (`inbox/drain`).
 *
 * Subjects are `inbox.NAMESPACE.TYPE.KEY` and `dead.NAMESPACE.TYPE.KEY`; what no token can hold is encoded, and a key is the
 * hash of its id. A message is acknowledged by deleting it: until then every host that serves its type can find it, whatever
 * became of the one that had it before.
 */

import { createHash } from 'node:crypto';
import { decodeValue, encodeValue } from '../../../framework/codec/value';
import { PerdureError } from '../../../framework/errors';
import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';
import { DEAD_REASON_CHARS, SERVED_MS } from '../../config';
import type { Address, DeadMessage, Inbox, InboxSync, Kept } from '../../ports/inbox';
import type { MessageRequest, WireError } from '../../wire/envelope';
import { token, untoken } from '../../wire/task-frame';
import { decodeFrame, encodeFrame } from './frame-codec';
import type { JetStream } from './jetstream';
import type { NatsMessenger } from './nats-messenger';

/** What it needs of an open connection. */
export interface InboxLink {
  readonly jetstream: JetStream;
  readonly sync: InboxSync;
  /** Largest message in bytes. */
  readonly room: number;
  readonly messenger: Pick<NatsMessenger, 'attended'>;
}

interface Dead {
  readonly message: MessageRequest | null;
  readonly error: WireError;
}

/** Names of the streams; no dot may stand in them. */
export function streamsOf(prefix: string): { readonly inbox: string; readonly dead: string } {
  const name = prefix.replaceAll('.', '_');
  return { inbox: `${name}-inbox`, dead: `${name}-dead` };
}

/** Below the prefix, where hosts that serve the type can be found. */
export function typeSubject({ namespace, type }: Address): string {
  return `types.${token(namespace)}.${token(type)}`;
}

export class NatsInbox implements Inbox {
  sync: InboxSync = 'unknown';
  private readonly streams: ReturnType<typeof streamsOf>;

  /** `link` connects at the first use. */
  constructor(
    private readonly prefix: string,
    private readonly link: () => Promise<InboxLink>,
  ) {
    this.streams = streamsOf(prefix);
  }

  async served(address: Address): Promise<boolean> {
    const { messenger } = await this.link();
    return messenger.attended(typeSubject(address), SERVED_MS);
  }

  async put(message: MessageRequest): Promise<void> {
    const { jetstream, room } = await this.link();
    const bytes = encodeMessage(message);
    if (bytes.length > room) {
      const fact = `a signal to ${keyText(message.key)} has ${bytes.length} bytes, and the inbox takes ${room}`;
      throw new PerdureError('too_large', `${fact}: send a reference instead, or raise max_payload of the server`);
    }
    await jetstream.publish(this.ofKey('inbox', message.key), bytes, messageName(message));
  }

  async holds(key: EntityKey): Promise<boolean> {
    const { jetstream } = await this.link();
    return jetstream.holds(this.streams.inbox, this.ofKey('inbox', key));
  }

  async next(address: Address, after: number): Promise<Kept | null> {
    const { jetstream } = await this.link();
    const subject = `${this.subject('inbox', address)}.*`;
    const stored = await jetstream.next(this.streams.inbox, after + 1, subject);
    return stored && { seq: stored.seq, message: decodeMessage(stored.bytes) };
  }

  async remove(seq: number): Promise<void> {
    const { jetstream } = await this.link();
    await jetstream.remove(this.streams.inbox, seq);
  }

  async bury(address: Address, { seq, message }: Kept, error: WireError): Promise<void> {
    const { jetstream } = await this.link();
    const reason = { ...error, message: error.message.slice(0, DEAD_REASON_CHARS), details: null, cause: null };
    const bytes = encodeValue({ message, error: reason } satisfies Dead, { classes: 'plain' });
    const subject = message === null ? `${this.subject('dead', address)}.-` : this.ofKey('dead', message.key);
    await jetstream.publish(subject, bytes, `${seq}`);
    await jetstream.remove(this.streams.inbox, seq);
  }

  async nextDead(address: { readonly namespace: string; readonly type?: string }, after: number) {
    const { jetstream } = await this.link();
    const { namespace, type } = address;
    const within =
      type === undefined
        ? `${this.prefix}.dead.${token(namespace)}.>`
        : `${this.subject('dead', { namespace, type })}.*`;
    const stored = await jetstream.next(this.streams.dead, after + 1, within);
    if (stored === null) return null;
    const { message, error } = decodeValue(stored.bytes, 'dead letter') as Dead;
    const [, typeToken = ''] = stored.subject.slice(`${this.prefix}.dead.`.length).split('.');
    const letter = { seq: stored.seq, address: { namespace, type: untoken(typeToken) }, message, error };
    return { ...letter, diedAt: stored.storedAt } satisfies DeadMessage;
  }

  async discardDead(seq: number): Promise<void> {
    const { jetstream } = await this.link();
    await jetstream.remove(this.streams.dead, seq);
  }

  private subject(kind: 'inbox' | 'dead', { namespace, type }: Address): string {
    return `${this.prefix}.${kind}.${token(namespace)}.${token(type)}`;
  }

  private ofKey(kind: 'inbox' | 'dead', key: EntityKey): string {
    const hash = createHash('sha256').update(key.id).digest('base64url').slice(0, 22);
    return `${this.subject(kind, key)}.${hash}`;
  }
}

/** The same for the same message alone: another payload under its id is the entity's to refuse (S12). */
function messageName({ key, id, method, args }: MessageRequest): string {
  const name = id === null ? '' : 'given' in id ? `given\0${id.given}` : `${id.session}\0${id.n}`;
  const parts = [key.namespace, key.type, key.id, name, method].join('\0');
  return createHash('sha256').update(parts).update(args).digest('base64url');
}

/** As a frame of one request, so that version and shape are checked as those of frames are. */
function encodeMessage(request: MessageRequest): Uint8Array {
  return encodeFrame({ kind: 'requests', from: '', requests: [{ n: 0, request }] });
}

function decodeMessage(bytes: Uint8Array): MessageRequest | null {
  try {
    const frame = decodeFrame(bytes);
    const request = frame.kind === 'requests' ? frame.requests[0]?.request : undefined;
    return request?.op === 'message' ? request : null;
  } catch {
    return null;
  }
}

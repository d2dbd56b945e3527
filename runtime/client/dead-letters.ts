/**
 * Dead letters: what hosts have refused from the inbox, for people to look at (C16).
 *
 * Owns: showing them. Does not own: how they come there (`transport/inbox/drain`).
 *
 * A refusal is recorded under the message's id (S13), so the same message would be refused again: what is to be done all
 * the same is sent anew.
 */

import { decodeValue } from '../../framework/codec/value';
import { PerdureError } from '../../framework/errors';
import type { EntityReference } from '../../framework/model/handle';
import type { MessageId } from '../../framework/model/identity';
import type { DeadLetters, DeadMessage } from '../ports/inbox';
import type { CallerTransport } from '../ports/transport';
import { fromWireError } from '../wire/errors';
import type { MessageRequest } from '../wire/envelope';
import { typeName } from './directory';

export interface DeadLetter {
  /** Names it for `discardDeadLetter`. */
  readonly seq: number;
  readonly type: string;
  /** Null, with what follows, when the message could not be read. */
  readonly id: string | null;
  readonly method: string | null;
  /** The caller's own id, or one of its session. */
  readonly messageId: string | null;
  readonly args: unknown;
  /** Why it was refused. */
  readonly error: PerdureError;
  /** When, in milliseconds since the epoch. */
  readonly diedAt: number;
}

export interface DeadLetterOptions<T> {
  /** Class, contract, or the type's name; all types by default. */
  readonly type?: EntityReference<T> | string;
}

/** The oldest first. */
export async function* deadLetters<T>(
  transport: CallerTransport,
  namespace: string,
  { type }: DeadLetterOptions<T>,
): AsyncGenerator<DeadLetter, void, undefined> {
  const inbox = inboxOf(transport);
  const address = type === undefined ? { namespace } : { namespace, type: typeName(type) };
  for (let dead = await inbox.nextDead(address, 0); dead !== null; dead = await inbox.nextDead(address, dead.seq))
    yield shown(dead);
}

export async function discardDeadLetter(transport: CallerTransport, { seq }: Pick<DeadLetter, 'seq'>): Promise<void> {
  await inboxOf(transport).discardDead(seq);
}

function inboxOf({ inbox }: CallerTransport): DeadLetters {
  if (inbox !== undefined) return inbox;
  throw new PerdureError('invalid_argument', 'this client has no inbox: connect with nats({ servers, inbox: true })');
}

function shown({ seq, address, message, error, diedAt }: DeadMessage): DeadLetter {
  const what = message === null ? { id: null, method: null, messageId: null, args: null } : contentsOf(message);
  return { seq, type: address.type, ...what, error: fromWireError(error), diedAt };
}

function contentsOf({
  key,
  method,
  id,
  args,
}: MessageRequest): Pick<DeadLetter, 'id' | 'method' | 'messageId' | 'args'> {
  return { id: key.id, method, messageId: id && nameOf(id), args: decodeValue(args, `arguments of ${method}`) };
}

function nameOf(id: MessageId): string {
  return 'given' in id ? id.given : `${id.session}.${id.n}`;
}

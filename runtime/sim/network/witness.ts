/**
 * Witness: every reply that reached a caller, whether or not its client still waited for it.
 *
 * Owns: seeing messages and replies on a caller's transport. Does not own: what they must be (`audit/message-audit`).
 */

import type { EntityKey, MessageId } from '../../../framework/model/identity';
import type { CallerTransport } from '../../ports/transport';
import type { MessageRequest, Reply, Request } from '../../wire/envelope';

/** A message with an id, one of its sends, and the reply to it. */
export interface Told {
  readonly caller: string;
  readonly request: MessageRequest & { readonly id: MessageId };
  readonly reply: Reply;
}

export type Numbered = Told['request'];

export class Witness {
  readonly told: Told[] = [];
  private readonly sent = new Map<string, Numbered | null>();

  /** What the caller sent last, if it was a message with an id. */
  lastOf(caller: string): Numbered | null {
    return this.sent.get(caller) ?? null;
  }

  /** The same transport, looked at. */
  watch(caller: string, transport: CallerTransport): CallerTransport {
    return {
      request: (request, signal, wanted) => {
        this.sent.set(caller, hasId(request) ? request : null);
        const answered = transport.request(request, signal, wanted);
        if (hasId(request)) void answered.then((reply) => this.told.push({ caller, request, reply }), ignore);
        return answered;
      },
    };
  }
}

/** A message's entity, as one text. */
export function entityText({ namespace, type, id }: EntityKey): string {
  return `${namespace}\0${type}\0${id}`;
}

function hasId(request: Request): request is Numbered {
  return request.op === 'message' && request.id !== null;
}

function ignore(): void {}

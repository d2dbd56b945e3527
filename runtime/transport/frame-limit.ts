/**
 * Frame limit: how much one frame may hold (C14).
 *
 * Owns: the lesser of what is configured and what the server takes, less a reserve for subjects and headers; the refusal
 * of what can never fit, by the limit's name. Does not own: splitting (`wire/frame`).
 *
 * It is looked up at each use: a server that is started again may take another payload.
 */

import { PerdureError } from '../../framework/errors';
import { MAX_FRAME_BYTES, PAYLOAD_RESERVE_BYTES } from '../config';
import type { Messenger } from '../ports/messenger';
import { addressOf } from '../wire/address';
import type { Reply, Request } from '../wire/envelope';
import { roomIn } from '../wire/frame';

export class FrameLimit {
  constructor(
    private readonly messenger: Pick<Messenger, 'maxPayloadBytes'>,
    private readonly configured = MAX_FRAME_BYTES,
  ) {}

  get bytes(): number {
    return Math.min(this.configured, this.messenger.maxPayloadBytes - PAYLOAD_RESERVE_BYTES);
  }

  /** For one request or answer that has a frame to itself. */
  get room(): number {
    return roomIn(this.bytes);
  }

  tooLargeRequest(request: Request, bytes: number): PerdureError {
    return this.tooLarge('request', request, bytes, 'nothing was sent: send a reference instead');
  }

  /** The reply to `request`, `reply`, which is `bytes` long and stays here. */
  tooLargeReply(request: Request, reply: Reply, bytes: number): PerdureError {
    const applied = request.op === 'message' && request.message !== 'query' && reply.ok;
    return this.tooLarge(
      'reply',
      request,
      bytes,
      `${applied ? 'the message has been applied; ' : ''}return a reference instead`,
    );
  }

  private tooLarge(what: string, request: Request, bytes: number, remedy: string): PerdureError {
    const { maxPayloadBytes } = this.messenger;
    const serverSets = maxPayloadBytes - PAYLOAD_RESERVE_BYTES < this.configured;
    const cause = serverSets ? `max_payload of the server, ${maxPayloadBytes}, less a reserve` : 'maxFrameBytes';
    const fact = `a ${what} of op ${request.op} for ${addressOf(request).type} has ${bytes} bytes`;
    const text = `${fact}, and a frame has room for ${this.room} (${cause}): ${remedy}, or raise that limit`;
    return new PerdureError('too_large', text);
  }
}

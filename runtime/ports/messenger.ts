/**
 * Messenger: carries frames from one process to another (C14).
 *
 * Invariants of an adapter:
 * 1. At most once per `send`; a frame may be lost without a word. Frames of one sender to one subject keep their order,
 *    unless the network is in trouble.
 * 2. No live object crosses: what is heard is a copy (S10).
 * 3. `send` never throws, never waits, and nothing is heard within it.
 */

import type { PerdureError } from '../../framework/errors';
import type { Frame } from '../wire/frame';

/**
 * Called if the server says that nobody listens there, so that nobody has received it (NATS 503); with a `refusal`, that
 * this process may not send there, now or ever.
 */
export type Unheard = (refusal?: PerdureError) => void;

export interface Messenger {
  /** False while the server cannot be reached; a host that stays so lets others have its shards (C3). */
  readonly connected: boolean;
  /** Largest payload the server takes, in bytes. */
  readonly maxPayloadBytes: number;
  send(subject: string, frame: Frame, unheard: Unheard): void;
  /** Hears what is sent to the subject; of listeners that share a `queue` each frame goes to one. */
  listen(subject: string, hear: (frame: Frame) => void, options?: { readonly queue: string }): Ear;
  /** Hears at a fresh subject of its own. */
  inbox(hear: (frame: Frame) => void): Ear;
}

export interface Ear {
  readonly subject: string;
  /** Hears nothing more. */
  close(): void;
}

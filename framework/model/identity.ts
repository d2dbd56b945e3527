/**
 * Identity: how an entity, a message and an entry of a history are named.
 *
 * Owns: the shapes of keys, message ids and positions, and the bounds of an id.
 * Does not own: how an id is hashed to a shard or stored.
 */

import { PerdureError } from '../errors';

/** Names one entity: one instance exists per key. */
export interface EntityKey {
  readonly namespace: string;
  readonly type: string;
  /** Any UTF-8 string of 1 to 512 bytes. */
  readonly id: string;
}

/**
 * Identity of a message (S11). `session` ids are made by the client library: `n` counts up from 1 within one client
 * session and every id below `doneBelow` has been answered. `given` ids come from the caller, 1 to 512 bytes.
 */
export type MessageId =
  { readonly session: string; readonly n: number; readonly doneBelow: number } | { readonly given: string };

/** Place of an entry in a history: the record's seq (from 1) and the entry's index in that record (from 0). */
export interface Position {
  readonly seq: number;
  readonly index: number;
}

export const MAX_ID_BYTES = 512;

/** Refuses an id that is empty, longer than 512 UTF-8 bytes or not well-formed Unicode. */
export function checkId(id: unknown, what: string): asserts id is string {
  if (typeof id !== 'string' || id.length === 0) {
    throw new PerdureError('invalid_argument', `${what} must be a non-empty string of at most ${MAX_ID_BYTES} bytes`);
  }
  if (!id.isWellFormed()) {
    throw new PerdureError('invalid_argument', `${what} is not well-formed Unicode: remove the lone surrogate`);
  }
  if (id.length * 3 > MAX_ID_BYTES && Buffer.byteLength(id) > MAX_ID_BYTES) {
    throw new PerdureError(
      'invalid_argument',
      `${what} has ${Buffer.byteLength(id)} bytes; at most ${MAX_ID_BYTES} are allowed`,
    );
  }
}

/** Readable form used in every message and log line: `type/id`, with the namespace before it unless it is `default`. */
export function keyText(key: EntityKey): string {
  const name = `${key.type}/${key.id}`;
  return key.namespace === 'default' ? name : `${key.namespace}:${name}`;
}

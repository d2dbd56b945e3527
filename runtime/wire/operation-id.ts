/**
 * Operation id: one string that names a message sent to an entity, from any process and for as long as its outcome is
 * kept (S16).
 *
 * Layout, in base64url: version 1, kind (0 session, 1 given), then namespace, type, entity id and session or given id,
 * each as a 16-bit length and UTF-8; a session id ends with n in 48 bits.
 * Invariant: one operation has one id; whatever does not encode back to itself is refused with `invalid_argument`.
 */

import { PerdureError } from '../../framework/errors';
import { checkId } from '../../framework/model/identity';
import type { EntityKey, MessageId } from '../../framework/model/identity';

const VERSION = 1;
const SESSION = 0;
const GIVEN = 1;
const N_BYTES = 6;
/** Longest operation id: four texts of 512 bytes with their lengths, in base64url. */
const MAX_LENGTH = Math.ceil(((2 + 4 * (2 + 512) + N_BYTES) * 4) / 3);

export interface OperationAddress {
  readonly key: EntityKey;
  /** Of a session id, `doneBelow` is not part of the operation: it is 1 here, which declares nothing done (S11). */
  readonly id: MessageId;
}

/** At most 2,753 characters of `A-Z a-z 0-9 - _`. */
export function encodeOperationId({ key, id }: OperationAddress): string {
  const session = 'session' in id;
  const parts = [Uint8Array.of(VERSION, session ? SESSION : GIVEN)];
  for (const text of [key.namespace, key.type, key.id, session ? id.session : id.given]) {
    const bytes = Buffer.from(text);
    parts.push(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
  }
  if (session) {
    const n = Buffer.alloc(N_BYTES);
    n.writeUIntBE(id.n, 0, N_BYTES);
    parts.push(n);
  }
  return Buffer.concat(parts).toString('base64url');
}

/** Refuses with `invalid_argument` what `encodeOperationId` never made. */
export function decodeOperationId(text: string): OperationAddress {
  const address = typeof text === 'string' && text.length <= MAX_LENGTH ? read(Buffer.from(text, 'base64url')) : null;
  if (address === null || encodeOperationId(address) !== text) throw badId(text);
  return address;
}

function read(bytes: Buffer): OperationAddress | null {
  let at = 2;
  const part = (): string | null => {
    if (at + 2 > bytes.length) return null;
    const length = bytes.readUInt16BE(at);
    const end = at + 2 + length;
    const content = end > bytes.length ? null : bytes.toString('utf8', at + 2, end);
    at = end;
    return content;
  };
  if (bytes.length < 2 || bytes[0] !== VERSION) return null;
  const [namespace, type, id, sender] = [part(), part(), part(), part()];
  if (!isId(namespace) || !isId(type) || !isId(id) || !isId(sender)) return null;
  const key = { namespace, type, id };
  if (bytes[1] === GIVEN) return { key, id: { given: sender } };
  if (bytes[1] !== SESSION || at + N_BYTES > bytes.length) return null;
  const n = bytes.readUIntBE(at, N_BYTES);
  return n === 0 ? null : { key, id: { session: sender, n, doneBelow: 1 } };
}

function isId(text: string | null): text is string {
  try {
    checkId(text, 'part of an operation id');
    return true;
  } catch {
    return false;
  }
}

function badId(text: unknown): PerdureError {
  const shown =
    typeof text === 'string' ? JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text) : typeof text;
  return new PerdureError('invalid_argument', `${shown} is no operation id: pass the id that submit() gave, whole`);
}

/**
 * Segment: a block of remembered caller-given ids as bytes, 41 of them an id (S11): 16 hash of the id, 8 hash of the
 * payload, 6 seq, 4 index, 6 time in milliseconds, 1 flags.
 */

import { PerdureError } from '../errors';

/** One remembered id. `seq` 0 means that its outcome is still to come. */
export interface Remembered {
  seq: number;
  index: number;
  /** Step time of its outcome, or of its arrival while pending. */
  time: number;
  operation: boolean;
}

export interface GivenId extends Remembered {
  /** First 8 bytes of the SHA-256 of the arguments with sorted keys, as latin1 text. */
  readonly payload: string;
}

const ID_BYTES = 41;

export function packSegment(ids: readonly (readonly [string, GivenId])[]): Uint8Array {
  const bytes = Buffer.alloc(ids.length * ID_BYTES);
  let at = 0;
  for (const [key, id] of ids) {
    bytes.write(key, at, 16, 'latin1');
    bytes.write(id.payload, at + 16, 8, 'latin1');
    bytes.writeUIntBE(id.seq, at + 24, 6);
    bytes.writeUInt32BE(id.index, at + 30);
    bytes.writeUIntBE(id.time, at + 34, 6);
    bytes[at + 40] = id.operation ? 1 : 0;
    at += ID_BYTES;
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function* unpackSegment(packed: Uint8Array): Generator<[string, GivenId]> {
  if (packed.length % ID_BYTES !== 0) {
    throw new PerdureError('internal', 'a segment of message ids has a wrong length: its bytes are damaged', {
      reason: 'corrupt',
    });
  }
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  for (let at = 0; at < bytes.length; at += ID_BYTES) {
    yield [
      bytes.toString('latin1', at, at + 16),
      {
        payload: bytes.toString('latin1', at + 16, at + 24),
        seq: bytes.readUIntBE(at + 24, 6),
        index: bytes.readUInt32BE(at + 30),
        time: bytes.readUIntBE(at + 34, 6),
        operation: bytes[at + 40] === 1,
      },
    ];
  }
}

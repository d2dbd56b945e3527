/**
 * Wide rows: how a row lies in its bucket when its record is too long for one (C8).
 *
 * Owns: cutting a record into chunks, which are written once under names of their own; the stub that stands in the
 * bucket in its place and names them, their lengths and a checksum; putting them together again.
 * Does not own: when chunks are written (at quorum before the stub), when they go (`behind-snapshots`).
 *
 * Invariants: a chunk's name is of one row and one content for ever: a turn that was refused may come again with the same
 * seq and epoch and other bytes. What a stub says does not depend on today's bound, so a row is written again as it was.
 */

import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { PerdureError } from '../../../framework/errors';
import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';
import type { ClusterStore } from '../../ports/cluster-store';
import type { Row } from '../../ports/history-store';
import type { Layout } from './layout';

export interface Blob {
  readonly name: string;
  readonly bytes: Uint8Array;
}

type Widths = Pick<Layout, 'rowBytes' | 'chunkBytes'>;

/** Added to the kind of a row whose bytes are a stub. */
export const WIDE = 0x80;
const VERSION = 1;
/** Version, length and checksum of the record; then of each chunk 128 bits of its SHA-256 and its length. */
const HEAD_BYTES = 9;
const HASH_BYTES = 16;
const CHUNK_ENTRY_BYTES = HASH_BYTES + 4;

/** The row as it lies in its bucket, and the chunks that must be at quorum before it. */
export function laidOut(
  row: Row,
  { rowBytes, chunkBytes }: Widths,
): { readonly stored: Row; readonly chunks: readonly Blob[] } {
  const { bytes } = row;
  if (bytes.length <= rowBytes) return { stored: row, chunks: [] };
  const stub = Buffer.alloc(stubBytes(bytes.length, chunkBytes));
  stub[0] = VERSION;
  stub.writeUInt32BE(bytes.length, 1);
  stub.writeUInt32BE(crc32(bytes), 5);
  const chunks: Blob[] = [];
  for (let at = HEAD_BYTES; at < stub.length; at += CHUNK_ENTRY_BYTES) {
    const chunk = bytes.subarray(chunks.length * chunkBytes, (chunks.length + 1) * chunkBytes);
    const digest = hash('sha256', chunk, 'buffer').subarray(0, HASH_BYTES);
    digest.copy(stub, at);
    stub.writeUInt32BE(chunk.length, at + HASH_BYTES);
    chunks.push({ name: nameOf(row, digest), bytes: chunk });
  }
  return { stored: { ...row, kind: row.kind | WIDE, bytes: new Uint8Array(stub) }, chunks };
}

/** What a record of that length takes in its bucket. */
export function bytesInBucket({ bytes: { length } }: Row, { rowBytes, chunkBytes }: Widths): number {
  return length <= rowBytes ? length : stubBytes(length, chunkBytes);
}

/** Whether what lies in the bucket is a stub. */
export function isWide({ kind }: Row): boolean {
  return (kind & WIDE) !== 0;
}

/** Names of the chunks of a row as it lies in its bucket; none of one that has none. */
export function chunkNames(stored: Row): readonly string[] {
  return isWide(stored) ? namesOf(stored) : [];
}

/** The row with its record; null when a chunk is missing. Rejects with `internal`, reason `corrupt`, for damaged ones. */
export async function madeWhole(store: Pick<ClusterStore, 'blob'>, key: EntityKey, stored: Row): Promise<Row | null> {
  if (!isWide(stored)) return stored;
  const chunks = await Promise.all(namesOf(stored).map((name) => store.blob(key, name)));
  const present = chunks.filter((chunk) => chunk !== null);
  if (present.length < chunks.length) return null;
  const bytes = new Uint8Array(Buffer.concat(present));
  const stub = view(stored);
  if (bytes.length !== stub.getUint32(1) || crc32(bytes) !== stub.getUint32(5)) {
    const fact = `the chunks of record ${stored.seq} are not what was written`;
    throw damaged(`${keyText(key)}: ${fact}: restore the store from a backup`);
  }
  return { ...stored, kind: stored.kind & ~WIDE, bytes };
}

function namesOf(stored: Row): readonly string[] {
  const { bytes } = stored;
  const rest = bytes.length - HEAD_BYTES;
  if (bytes[0] !== VERSION || rest <= 0 || rest % CHUNK_ENTRY_BYTES !== 0)
    throw damaged(`the stub of record ${stored.seq} cannot be read: restore the store from a backup`);
  return Array.from({ length: rest / CHUNK_ENTRY_BYTES }, (_, i) => {
    const at = HEAD_BYTES + i * CHUNK_ENTRY_BYTES;
    return nameOf(stored, bytes.subarray(at, at + HASH_BYTES));
  });
}

function stubBytes(length: number, chunkBytes: number): number {
  return HEAD_BYTES + CHUNK_ENTRY_BYTES * Math.ceil(length / chunkBytes);
}

function nameOf({ seq, epoch }: Row, digest: Uint8Array): string {
  return `row-${seq}-${epoch}-${Buffer.from(digest).toString('hex')}`;
}

function view({ bytes }: Row): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(fact: string): PerdureError {
  return new PerdureError('internal', fact, { reason: 'corrupt' });
}

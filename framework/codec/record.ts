/**
 * Record: one history record as one immutable byte string, and back.
 *
 * Owns: the envelope (version byte, body, CRC-32) and the hash that links records (S26a). Does not own: the body
 * (`record-writer`, `record-reader`), older versions (`upcast`), storage.
 *
 * Invariants: equal records have equal bytes; bytes that were not written by an encoder are refused as `corrupt`;
 * bytes of a newer version are refused by that name; the checksum stands last in every version.
 */

import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

import type { HistoryRecord } from '../core/history';
import { ByteReader, corrupt } from './reader';
import { RecordReader } from './record-reader';
import { RecordWriter } from './record-writer';
import { readVersion } from './upcast';
import type { Versions } from './upcast';

export const RECORD_VERSION = 1;
/** Bytes of a record's hash. */
export const HASH_BYTES = 16;

const CHECKSUM_BYTES = 4;
/** Version, kind, seq, epoch, build and checksum: no record is shorter. */
const MIN_BYTES = 5 + CHECKSUM_BYTES;

export const RECORD_VERSIONS: Versions<HistoryRecord> = {
  what: 'history record',
  present: RECORD_VERSION,
  layouts: new Map([[1, (source) => new RecordReader(source).read()]]),
  upcasters: new Map(),
  as: (structure) => structure as HistoryRecord,
};

const writer = new RecordWriter();

/** Fails with `internal`, reason `unencodable`, for a record whose numbers are no whole numbers: our own mistake. */
export function encodeRecord(record: HistoryRecord): Uint8Array {
  const { out } = writer;
  out.reset();
  out.u8(RECORD_VERSION);
  writer.write(record);
  out.u32(crc32(out.bytes.subarray(0, out.at)));
  return out.copy();
}

/**
 * The byte strings of the result (arguments, values, hashes) are views of `bytes`. Fails with `internal`, reason
 * `corrupt` or `newer_version`.
 */
export function decodeRecord(bytes: Uint8Array, versions: Versions<HistoryRecord> = RECORD_VERSIONS): HistoryRecord {
  const length = bytes.length - CHECKSUM_BYTES;
  if (bytes.length < MIN_BYTES) throw corrupt(`a record of ${bytes.length} bytes`);
  const body = new ByteReader(bytes.subarray(0, length));
  const checksum = new ByteReader(bytes.subarray(length)).u32();
  if (crc32(body.bytes) !== checksum) throw corrupt('the checksum of the record does not fit');
  return readVersion(body, body.u8(), versions);
}

/** SHA-256 of a record's bytes, the first 16. */
export function recordHash(bytes: Uint8Array): Uint8Array {
  const text = hash('sha256', bytes, 'binary');
  const result = new Uint8Array(HASH_BYTES);
  for (let i = 0; i < HASH_BYTES; i++) result[i] = text.charCodeAt(i);
  return result;
}

/**
 * Fields: the state of an entity as one byte string, with a digest per field (S25).
 *
 * Owns: the layout (version, count, then name and value of each field) and the hashes over each field's value bytes.
 * Does not own: values (`value`), which fields are state (`model/registry`).
 *
 * Invariants: equal state has equal bytes; a hash does not depend on the field's name or on other fields, unless the
 * field shares an object with one before it.
 */

import { hash32 } from './hash32';
import { corrupt } from './reader';
import { ValueDecoder } from './value-decoder';
import type { ValueEncoder } from './value-encoder';
import { withEncoder } from './value';

export const FIELDS_VERSION = 1;

const OWN_HASHES = 16;
const SLAB_HASHES = 512;
let slab = new Uint32Array(SLAB_HASHES);
let slabUsed = 0;

const REGISTERED_ONLY = { classes: 'registered' } as const;

export interface EncodedFields {
  readonly bytes: Uint8Array;
  /** In the order of the names. */
  readonly hashes: Uint32Array;
}

/**
 * The fields `names` of `object`, in that order, which is the sorted one. Refuses with `invalid_argument` and the path
 * (`field lines[3].sku`) what cannot be kept. The names must be data properties (no accessors).
 */
export function encodeFields(object: object, names: readonly string[]): EncodedFields {
  return withEncoder(REGISTERED_ONLY, (encoder) => {
    const hashes = allocateHashes(names.length);
    writeFields(encoder, object, names, hashes);
    return { bytes: encoder.out.copy(), hashes };
  });
}

/**
 * As `encodeFields`, without hashes. With `previous` it answers that very byte string when the state has not changed,
 * and allocates nothing.
 */
export function encodeFieldBytes(
  object: object,
  names: readonly string[],
  previous: Uint8Array | null = null,
): Uint8Array {
  return withEncoder(REGISTERED_ONLY, (encoder) => {
    writeFields(encoder, object, names, null);
    const { out } = encoder;
    return previous !== null && out.holds(previous) ? previous : out.copy();
  });
}

/** The names and values, in the order they were written. Errors as `decodeValue`; paths begin with `field`. */
export function decodeFields(bytes: Uint8Array): Map<string, unknown> {
  const decoder = new ValueDecoder(bytes, 'state');
  const version = decoder.in.u8();
  if (version !== FIELDS_VERSION) throw corrupt(`fields of version ${version}; this build reads ${FIELDS_VERSION}`);
  const count = decoder.in.count(2);
  const fields = new Map<string, unknown>();
  for (let i = 0; i < count; i++) {
    const name = decoder.in.string();
    if (fields.has(name)) throw corrupt(`the field ${name} is there twice`);
    fields.set(name, decoder.field(name, `field ${name}`));
  }
  decoder.in.finish();
  return fields;
}

/** Names of the `@Value` classes met in a field, however deep. */
export function valueTypesIn(object: object, name: string): Set<string> {
  return withEncoder({ path: `field ${name}` }, (encoder) => {
    const met = (encoder.met = new Set<string>());
    encoder.field(name, (object as Record<string, unknown>)[name]);
    return met;
  });
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** A part of a slab: a typed array of its own costs about 1 µs when it is longer than 16 words. */
function allocateHashes(count: number): Uint32Array {
  if (count <= OWN_HASHES || count > SLAB_HASHES) return new Uint32Array(count);
  if (slabUsed + count > SLAB_HASHES) {
    slab = new Uint32Array(SLAB_HASHES);
    slabUsed = 0;
  }
  slabUsed += count;
  return slab.subarray(slabUsed - count, slabUsed);
}

function writeFields(
  encoder: ValueEncoder,
  object: object,
  names: readonly string[],
  hashes: Uint32Array | null,
): void {
  const { out } = encoder;
  out.u8(FIELDS_VERSION);
  out.varint(names.length);
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    encoder.setRoot('field ', name);
    out.string(name);
    const from = out.at;
    encoder.field(name, (object as Record<string, unknown>)[name]);
    if (hashes !== null) hashes[i] = hash32(out.bytes, from, out.at);
  }
}

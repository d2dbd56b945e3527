/**
 * Value: one value of entity code as bytes, and back.
 *
 * Owns: the entry points, and the idle encoders they reuse. Does not own: layouts (`tags`, `value-encoder`,
 * `value-decoder`), which classes are known (`value-types`).
 *
 * What survives: undefined, null, booleans, every number, bigint, well-formed strings, Date (invalid ones too), Map,
 * Set, Uint8Array (a Buffer comes back as one), arrays without holes, plain objects (with or without a prototype) by
 * their own enumerable properties in order, and classes marked `@Value`. Shared references and cycles are kept.
 * Named properties of an array are not stored. There is no version byte: tags are never reused (`tags`).
 */

import { ValueDecoder } from './value-decoder';
import { ValueEncoder } from './value-encoder';
import type { EncodeOptions } from './value-encoder';

export type { EncodeOptions } from './value-encoder';

const NO_OPTIONS: EncodeOptions = {};
/** Encoders kept for the next caller; one is enough unless a proxy's trap encodes while it is being encoded. */
const MAX_IDLE = 2;
const idle: ValueEncoder[] = [];

/** Lends an encoder to `use`. */
export function withEncoder<T>(options: EncodeOptions, use: (encoder: ValueEncoder) => T): T {
  const encoder = idle.pop() ?? new ValueEncoder();
  encoder.begin(options);
  try {
    return use(encoder);
  } finally {
    encoder.end();
    if (idle.length < MAX_IDLE) idle.push(encoder);
  }
}

/** Refuses with `invalid_argument` what does not survive; the message has the path and the remedy. */
export function encodeValue(value: unknown, options: EncodeOptions = NO_OPTIONS): Uint8Array {
  return withEncoder(options, (encoder) => {
    encoder.field('', value);
    return encoder.out.copy();
  });
}

/**
 * Fails with `internal`: reason `corrupt` for bytes that no encoder wrote, `divergence` for an unknown `@Value` name or
 * a stored field that its class lacks. `path` is what such errors call the value.
 */
export function decodeValue(bytes: Uint8Array, path = 'value'): unknown {
  const decoder = new ValueDecoder(bytes, path);
  const value = decoder.field('', path);
  decoder.in.finish();
  return value;
}

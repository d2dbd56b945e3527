/**
 * Tags: the first byte of every encoded value, and the bounds both directions share.
 *
 * Owns: the numbers. They are on disk: a number is never reused or given another meaning; free ones are for the future.
 *
 * 0x00–0x1f: as named below. 0x40–0x7f: a string of 0 to 63 UTF-8 bytes, which follow. 0x80–0xff: the integer 0 to 127.
 */

export const TAG = {
  undefined: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  /** 8 bytes, IEEE 754, little-endian: fractions, NaN, ±Infinity, -0 and what is beyond ±(2^53 - 1). */
  float: 0x04,
  /** Varint magnitude. */
  integer: 0x05,
  negative: 0x06,
  /** Varint count of bytes, then the magnitude, most significant byte first. */
  bigint: 0x07,
  negativeBigint: 0x08,
  /** Varint count of bytes, then UTF-8. */
  string: 0x09,
  /** Varint milliseconds since the epoch, before it, and `new Date(NaN)`. */
  date: 0x0a,
  dateBeforeEpoch: 0x0b,
  dateInvalid: 0x0c,
  /** Varint count, then keys and values in turn. */
  map: 0x0d,
  set: 0x0e,
  bytes: 0x0f,
  array: 0x10,
  /** Varint count, then (name, value) pairs; a name is a varint count of bytes and UTF-8. */
  object: 0x11,
  objectWithoutPrototype: 0x12,
  /** Name of the `@Value` class, then as an object. */
  instance: 0x13,
  /** Varint ordinal of an earlier container of the same field. */
  back: 0x14,
  /** Name of an earlier field, varint ordinal of a container in it. */
  backToField: 0x15,
} as const;

export const SHORT_STRING = 0x40;
export const SHORT_STRING_LENGTH = 0x40;
export const SHORT_INTEGER = 0x80;
export const SHORT_INTEGER_LIMIT = 0x80;

/** Containers inside containers; deeper values are refused in both directions. */
export const MAX_DEPTH = 200;
/** Bytes of one bigint: 2^65536 is refused. */
export const MAX_BIGINT_BYTES = 8192;

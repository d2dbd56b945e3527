/**
 * Size: how many bytes plain data takes on a wire, at most.
 *
 * Owns: an upper bound for every encoding that writes names, lengths and numbers with at most `HEAD_BYTES` beside their
 * content. Does not own: the encoding, the limits.
 */

/** Tag, length or number of one value. */
const HEAD_BYTES = 9;

/** Shorter texts are not measured: each of their UTF-16 code units takes three bytes at most. */
const MEASURED_CHARACTERS = 64;

/** Of null, booleans, numbers, strings, bytes, arrays and plain objects of such. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return HEAD_BYTES + textBytes(value);
  if (typeof value !== 'object' || value === null) return HEAD_BYTES;
  if (ArrayBuffer.isView(value)) return HEAD_BYTES + value.byteLength;
  let bytes = HEAD_BYTES;
  if (Array.isArray(value)) for (const item of value) bytes += sizeOf(item);
  else
    for (const name of Object.keys(value))
      bytes += HEAD_BYTES + textBytes(name) + sizeOf((value as Record<string, unknown>)[name]);
  return bytes;
}

function textBytes(text: string): number {
  return text.length < MEASURED_CHARACTERS ? 3 * text.length : Buffer.byteLength(text);
}

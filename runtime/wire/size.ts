/**
 * Size: how many bytes plain data takes on a wire, at most.
 *
 * Owns: an upper bound for every encoding that writes names, lengths and numbers with at most `HEAD_BYTES` beside their
 * content. Does not own: the encoding, the limits.
 */

/** Tag, length or number of one value. */
const HEAD_BYTES = 9;

/** Of null, booleans, numbers, strings, bytes, arrays and plain objects of such. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return HEAD_BYTES + Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return HEAD_BYTES;
  if (ArrayBuffer.isView(value)) return HEAD_BYTES + value.byteLength;
  let bytes = HEAD_BYTES;
  if (Array.isArray(value)) for (const item of value) bytes += sizeOf(item);
  else for (const [name, item] of Object.entries(value)) bytes += HEAD_BYTES + Buffer.byteLength(name) + sizeOf(item);
  return bytes;
}

/**
 * Writer: bytes into one growing scratch buffer, copied out once.
 *
 * Owns: primitive layouts (varint, float, UTF-8) and the scratch memory. Does not own: what they mean (`value`, `record`).
 *
 * Invariants: no allocation per primitive; the bytes handed out are never written again. Short results share 4 KiB
 * slabs, because a typed array of its own costs about 1 µs: whoever keeps many of them for long keeps slabs.
 */

const INITIAL_BYTES = 4096;
/** A scratch buffer that has grown past this is given back after use. */
const MAX_IDLE_BYTES = 1024 * 1024;
const SLAB_BYTES = 4096;
const MAX_SLICE_BYTES = 1024;
/** Strings up to this many characters are tried as ASCII, character by character. */
const ASCII_TRY_LENGTH = 48;

let slab = new Uint8Array(SLAB_BYTES);
let slabUsed = 0;

/** Uninitialised memory for `length` bytes, possibly part of a slab. */
function allocate(length: number): Uint8Array {
  if (length > MAX_SLICE_BYTES) return new Uint8Array(length);
  if (slabUsed + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  const part = new Uint8Array(slab.buffer, slabUsed, length);
  slabUsed += length;
  return part;
}

export class ByteWriter {
  bytes = new Uint8Array(INITIAL_BYTES);
  at = 0;
  private text = Buffer.from(this.bytes.buffer);
  private view = new DataView(this.bytes.buffer);

  /** Empties the writer, and gives back an oversized buffer. */
  reset(): void {
    this.at = 0;
    if (this.bytes.length > MAX_IDLE_BYTES) this.use(new Uint8Array(INITIAL_BYTES));
  }

  /** A copy of what was written since `from`. */
  copy(from = 0): Uint8Array {
    const { bytes, at } = this;
    const length = at - from;
    const copy = allocate(length);
    if (length < 32) {
      for (let i = 0; i < length; i++) copy[i] = bytes[from + i]!;
    } else {
      copy.set(bytes.subarray(from, at));
    }
    return copy;
  }

  /** True when what was written equals `bytes`. */
  holds(bytes: Uint8Array): boolean {
    return bytes.length === this.at && this.text.compare(bytes, 0, this.at, 0, this.at) === 0;
  }

  /** Room for `count` more bytes. */
  reserve(count: number): void {
    if (this.at + count > this.bytes.length) this.grow(count);
  }

  u8(value: number): void {
    if (this.at === this.bytes.length) this.grow(1);
    this.bytes[this.at++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }

  /** 7 bits per byte, least significant first; `value` is an integer from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.reserve(8);
    const { bytes } = this;
    let at = this.at;
    let rest = value;
    while (rest >= 0x80000000) {
      bytes[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.at = at;
  }

  /** The sign, then 6 bits, then the rest as a varint; from -(2^53 - 1) to 2^53 - 1. */
  signed(value: number): void {
    const magnitude = Math.abs(value);
    const first = (value < 0 ? 1 : 0) | ((magnitude % 64) << 1);
    if (magnitude < 64) return this.u8(first);
    this.u8(first | 0x80);
    this.varint(Math.floor(magnitude / 64));
  }

  f64(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  raw(bytes: Uint8Array): void {
    const length = bytes.length;
    this.reserve(length);
    if (length < 32) {
      for (let i = 0; i < length; i++) this.bytes[this.at + i] = bytes[i]!;
    } else {
      this.bytes.set(bytes, this.at);
    }
    this.at += length;
  }

  /** Varint count of bytes, then the bytes. */
  blob(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** Varint count of bytes, then UTF-8. False, with nothing written, when `text` holds a lone surrogate. */
  string(text: string): boolean {
    const { length } = text;
    if (length < ASCII_TRY_LENGTH) {
      this.reserve(length + 1);
      if (this.ascii(text, this.at + 1)) {
        this.bytes[this.at] = length;
        this.at += length + 1;
        return true;
      }
    }
    if (!text.isWellFormed()) return false;
    const count = Buffer.byteLength(text);
    this.varint(count);
    this.utf8(text, count);
    return true;
  }

  /** Writes `text` at `at` without moving on, unless a character is not ASCII; the room was reserved. */
  ascii(text: string, at: number): boolean {
    const { bytes } = this;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at + i] = code;
    }
    return true;
  }

  /** The UTF-8 of a well-formed string that has `count` bytes in it. */
  utf8(text: string, count: number): void {
    this.reserve(count);
    this.at += this.text.write(text, this.at, count, 'utf8');
  }

  private grow(count: number): void {
    const needed = this.at + count;
    const bigger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    bigger.set(this.bytes.subarray(0, this.at));
    this.use(bigger);
  }

  private use(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.text = Buffer.from(bytes.buffer);
    this.view = new DataView(bytes.buffer);
  }
}

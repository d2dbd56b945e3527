/**
 * Reader: primitives out of bytes that may be damaged or hostile.
 *
 * Owns: bounds. A count is checked against the bytes that are left before anything is allocated; a varint has at most
 * 8 bytes and 53 bits; UTF-8 is valid or refused. Every refusal is `internal` with the reason `corrupt`.
 * Does not own: the meaning of what is read.
 */

import { PerdureError } from '../errors';

/** Strings up to this many bytes are tried as ASCII, byte by byte. */
const ASCII_TRY_LENGTH = 24;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function corrupt(message: string, cause?: unknown): PerdureError {
  return new PerdureError('internal', `Damaged bytes: ${message}`, { reason: 'corrupt', cause });
}

export class ByteReader {
  at = 0;
  readonly end: number;
  private view: DataView | null = null;
  private text: Buffer | null = null;

  readonly bytes: Uint8Array;

  /** A Buffer is read through a plain view, so that its parts are plain too. */
  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, byteLength } = bytes;
    this.bytes = bytes.constructor === Uint8Array ? bytes : new Uint8Array(buffer, byteOffset, byteLength);
    this.end = byteLength;
  }

  u8(): number {
    if (this.at >= this.end) throw corrupt(`they end at byte ${this.at} where more must follow`);
    return this.bytes[this.at++]!;
  }

  u32(): number {
    this.need(4);
    const value = this.numbers().getUint32(this.at, true);
    this.at += 4;
    return value;
  }

  f64(): number {
    this.need(8);
    const value = this.numbers().getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  varint(): number {
    const first = this.u8();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 128;
    for (let i = 1; i < 8; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw corrupt(`a number before byte ${this.at} is too long`);
  }

  /** As `ByteWriter.signed` wrote it. */
  signed(): number {
    const first = this.u8();
    let magnitude = (first >> 1) & 0x3f;
    if (first >= 0x80) {
      magnitude += this.varint() * 64;
      if (magnitude > Number.MAX_SAFE_INTEGER) throw corrupt(`a number before byte ${this.at} is too long`);
    }
    return (first & 1) === 0 ? magnitude : -magnitude;
  }

  /** A count of things that take at least `bytesEach` bytes each. */
  count(bytesEach: number): number {
    const count = this.varint();
    if (count * bytesEach > this.end - this.at) {
      throw corrupt(`a count of ${count} at byte ${this.at}, but ${this.end - this.at} bytes are left`);
    }
    return count;
  }

  /** A view of the next bytes, which lives as long as the bytes that were given. */
  raw(length: number): Uint8Array {
    this.need(length);
    const part = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  /** Varint count, then as many bytes, as a view. */
  blob(): Uint8Array {
    return this.raw(this.count(1));
  }

  string(): string {
    return this.utf8(this.count(1));
  }

  utf8(length: number): string {
    this.need(length);
    const from = this.at;
    this.at += length;
    if (length < ASCII_TRY_LENGTH) {
      const text = this.ascii(from, length);
      if (text !== null) return text;
    }
    this.text ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    const text = this.text.toString('utf8', from, this.at);
    if (text.includes('\ufffd')) this.validate(from, length);
    return text;
  }

  finish(): void {
    if (this.at !== this.end) throw corrupt(`${this.end - this.at} bytes follow the end at byte ${this.at}`);
  }

  private numbers(): DataView {
    return (this.view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength));
  }

  private ascii(from: number, length: number): string | null {
    let text = '';
    for (let i = from; i < from + length; i++) {
      const byte = this.bytes[i]!;
      if (byte > 0x7f) return null;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  private validate(from: number, length: number): void {
    try {
      strict.decode(this.bytes.subarray(from, from + length));
    } catch (error) {
      throw corrupt(`a text at byte ${from} is not UTF-8`, error);
    }
  }

  private need(count: number): void {
    if (this.end - this.at < count) {
      throw corrupt(`${count} bytes are needed at byte ${this.at}, but ${this.end - this.at} are left`);
    }
  }
}

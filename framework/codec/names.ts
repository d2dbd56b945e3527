/**
 * Names: texts that repeat within a record (build, methods, sessions, groups), each written once.
 *
 * Owns: the layout of a name: a varint that is 0 before a literal, 1 before 16 bytes whose canonical base64url the
 * name is (sessions are), 2 for the empty name, else 3 + index of an earlier one. Does not own: what is a name.
 *
 * Invariants: both directions remember the first 64 different names, so their indexes agree.
 */

import { PerdureError } from '../errors';
import { corrupt } from './reader';
import type { ByteReader } from './reader';
import type { ByteWriter } from './writer';

const LITERAL = 0;
const BASE64URL = 1;
const EMPTY = 2;
const FIRST = 3;
const MAX_REMEMBERED = 64;

const ID_BYTES = 16;
const ID_CHARACTERS = 22;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Value of each ASCII character of the alphabet, 64 for others. */
const SEXTETS = Uint8Array.from({ length: 128 }, (_, code) => {
  const index = ALPHABET.indexOf(String.fromCharCode(code));
  return index < 0 ? 64 : index;
});

export class NameWriter {
  private readonly known: string[] = [];
  private count = 0;

  begin(): void {
    this.count = 0;
  }

  write(out: ByteWriter, name: string): void {
    if (name === '') return out.u8(EMPTY);
    for (let i = 0; i < this.count; i++) {
      if (this.known[i] === name) return out.varint(FIRST + i);
    }
    if (this.count < MAX_REMEMBERED) this.known[this.count++] = name;
    if (name.length === ID_CHARACTERS && writeId(out, name)) return;
    out.u8(LITERAL);
    writeText(out, name);
  }
}

export class NameReader {
  private readonly known: string[] = [];

  read(source: ByteReader): string {
    const code = source.varint();
    if (code === EMPTY) return '';
    if (code >= FIRST) {
      const name = this.known[code - FIRST];
      if (name === undefined) throw corrupt(`a name before byte ${source.at} refers to none`);
      return name;
    }
    const name = code === BASE64URL ? readId(source.raw(ID_BYTES)) : source.string();
    if (this.known.length < MAX_REMEMBERED) this.known.push(name);
    return name;
  }
}

/** A text that must be well-formed to be stored. */
export function writeText(out: ByteWriter, text: string): void {
  if (out.string(text)) return;
  const shown = JSON.stringify(text.slice(0, 40));
  throw new PerdureError('invalid_argument', `The text ${shown} is not well-formed Unicode: remove the lone surrogate`);
}

/** Writes the 16 bytes; false, with nothing written, when `name` is not their canonical base64url. */
function writeId(out: ByteWriter, name: string): boolean {
  out.reserve(1 + ID_BYTES);
  const { bytes } = out;
  let at = out.at + 1;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < ID_CHARACTERS; i++) {
    const code = name.charCodeAt(i);
    const sextet = code < 128 ? SEXTETS[code]! : 64;
    if (sextet === 64) return false;
    bits = ((bits << 6) | sextet) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = bits >> held;
    }
  }
  if ((bits & 0x0f) !== 0) return false;
  bytes[out.at] = BASE64URL;
  out.at += 1 + ID_BYTES;
  return true;
}

function readId(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (let i = 0; i < ID_BYTES; i++) {
    bits = ((bits << 8) | bytes[i]!) & 0xffff;
    held += 8;
    while (held >= 6) {
      held -= 6;
      text += ALPHABET[(bits >> held) & 0x3f]!;
    }
  }
  return text + ALPHABET[(bits << 4) & 0x3f]!;
}

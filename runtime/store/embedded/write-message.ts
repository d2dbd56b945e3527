/**
 * Write message: how writes are packed into one message and unpacked again (`protocol` says the order).
 *
 * Owns: both directions, side by side, so that they cannot drift apart. Does not own: when a message is sent.
 */

import { assert } from '../../../framework/assert';
import type { EntityKey } from '../../../framework/model/identity';
import { MAX_ROW_BYTES } from '../../config';
import type { Append, EntityIndex } from '../../ports/history-store';
import { ANSWER, WRITE } from './protocol';
import type { SegmentList, WriteField, WriteMessage } from './protocol';
import type { NamedBytes, Writer } from './writer';

/** Collects the writes of one tick. */
export class MessageBuilder {
  private writes: WriteField[] = [];
  private parts: Uint8Array[] = [];
  private size = 0;
  private count = 0;

  append({ key, row, index, segments }: Append): void {
    checkSize(row.bytes);
    segments?.forEach(({ bytes }) => checkSize(bytes));
    const doc = index && JSON.stringify(index);
    this.writes.push(
      WRITE.append,
      key.namespace,
      key.type,
      key.id,
      row.seq,
      row.epoch,
      row.kind,
      row.bytes.length,
      doc,
    );
    this.addBytes(row.bytes);
    this.writes.push(segments?.length ? this.addSegments(segments) : null);
    this.count += 1;
  }

  mark(key: EntityKey, index: EntityIndex): void {
    this.writes.push(WRITE.mark, key.namespace, key.type, key.id, JSON.stringify(index));
    this.count += 1;
  }

  note(key: EntityKey, name: string, bytes: Uint8Array | null): void {
    if (bytes) checkSize(bytes);
    this.writes.push(WRITE.note, key.namespace, key.type, key.id, name, bytes ? bytes.length : -1);
    if (bytes) this.addBytes(bytes);
    this.count += 1;
  }

  /** The message of all writes since the last call, null without any. Its buffer is to be transferred. */
  take(): WriteMessage | null {
    if (this.count === 0) return null;
    const bytes = new Uint8Array(new ArrayBuffer(this.size));
    let at = 0;
    for (const part of this.parts) {
      bytes.set(part, at);
      at += part.length;
    }
    const message = { writes: this.writes, count: this.count, bytes: bytes.buffer };
    this.writes = [];
    this.parts = [];
    this.size = 0;
    this.count = 0;
    return message;
  }

  private addBytes(bytes: Uint8Array): void {
    this.parts.push(bytes);
    this.size += bytes.length;
  }

  private addSegments(segments: NonNullable<Append['segments']>): SegmentList {
    for (const { bytes } of segments) this.addBytes(bytes);
    return segments.flatMap(({ name, bytes }) => [name, bytes.length]);
  }
}

function checkSize({ length }: Uint8Array): void {
  assert(length <= MAX_ROW_BYTES, () => `a row, segment or note has at most ${MAX_ROW_BYTES} bytes, not ${length}`);
}

/** Applies the writes of a message in order; one answer each. */
export function applyMessage(writer: Writer, message: WriteMessage): Uint8Array {
  const cursor = new MessageCursor(message);
  const answers = new Uint8Array(message.count);
  for (let i = 0; i < message.count; i += 1) answers[i] = applyWrite(writer, cursor);
  return answers;
}

function applyWrite(writer: Writer, cursor: MessageCursor): number {
  const what = cursor.number();
  const namespace = cursor.text();
  const type = cursor.text();
  const id = cursor.text();
  if (what === WRITE.append) {
    const [seq, epoch, kind] = [cursor.number(), cursor.number(), cursor.number()];
    const bytes = cursor.bytes(cursor.number());
    const doc = cursor.textOrNull();
    return writer.append({ namespace, type, id, seq, epoch, kind, bytes, doc, segments: cursor.segments() });
  }
  if (what === WRITE.mark) {
    writer.mark(namespace, type, id, cursor.text());
    return ANSWER.ok;
  }
  assert(what === WRITE.note, 'a write is an append, a mark or a note');
  const name = cursor.text();
  const length = cursor.number();
  writer.note(namespace, type, id, name, length < 0 ? null : cursor.bytes(length));
  return ANSWER.ok;
}

const NO_SEGMENTS: readonly NamedBytes[] = [];

class MessageCursor {
  private readonly writes: readonly WriteField[];
  private readonly buffer: ArrayBuffer;
  private field = 0;
  private byte = 0;

  constructor(message: WriteMessage) {
    this.writes = message.writes;
    this.buffer = message.bytes;
  }

  number(): number {
    return this.writes[this.field++] as number;
  }

  text(): string {
    return this.writes[this.field++] as string;
  }

  textOrNull(): string | null {
    return this.writes[this.field++] as string | null;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(this.buffer, this.byte, length);
    this.byte += length;
    return bytes;
  }

  segments(): readonly NamedBytes[] {
    const list = this.writes[this.field++] as SegmentList | null;
    if (list === null) return NO_SEGMENTS;
    const segments: NamedBytes[] = [];
    for (let i = 0; i < list.length; i += 2) {
      segments.push({ name: list[i] as string, bytes: this.bytes(list[i + 1] as number) });
    }
    return segments;
  }
}

/**
 * Protocol: what the main thread and the two threads of the embedded store say to each other.
 *
 * Owns: the shapes of messages. Does not own: any behaviour.
 *
 * Writes of one event-loop tick travel as one message: a flat list, because it is the cheapest to clone, and one
 * buffer, which is transferred, with the bytes of all of them in order. Each write gets one answer byte, in order.
 */

import type { EntityKey } from '../../../framework/model/identity';
import type { EntityFilter, EntityIndex, ListQuery, Row } from '../../ports/history-store';
import type { SortPosition } from '../../ports/query';

/** What one write is. The fields that follow it in the list stand beside it. */
export const WRITE = {
  /** namespace, type, id, seq, epoch, kind, length of the row's bytes, index as JSON or null, segments or null */
  append: 1,
  /** namespace, type, id, index as JSON */
  mark: 2,
  /** namespace, type, id, name, length of the bytes or -1 to delete */
  note: 3,
} as const;

/** `[name, length, name, length, …]` of the segments whose bytes follow the row's. */
export type SegmentList = readonly (string | number)[];

export type WriteField = string | number | null | SegmentList;

export interface WriteMessage {
  readonly writes: readonly WriteField[];
  readonly count: number;
  readonly bytes: ArrayBuffer;
}

export type WriterRequest = WriteMessage | 'stats' | 'close';

export const ANSWER = { ok: 0, refused: 1 } as const;

/** How often the writer did what costs time, since it was opened. */
export interface WriterStats {
  readonly transactions: number;
  /** Rows, marks and notes written. */
  readonly writes: number;
  readonly payloadBytes: number;
  /** One per commit, and for each checkpoint one of the log and one of the main file. */
  readonly fsyncs: number;
  readonly checkpoints: number;
  /** Bytes that checkpoints found in the log and wrote into the main file; what came after the last is not counted. */
  readonly walBytes: number;
  readonly checkpointBytes: number;
}

/** Why a store did not open or a session ended, as it crosses threads. */
export interface Trouble {
  readonly code: 'unavailable' | 'internal';
  readonly reason: string;
  readonly message: string;
}

export type WriterReply =
  | { readonly kind: 'opened'; readonly epoch: number }
  | { readonly kind: 'answers'; readonly answers: readonly Uint8Array[] }
  | { readonly kind: 'stats'; readonly stats: WriterStats }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly trouble: Trouble };

/** Given to both threads at their start. */
export interface ThreadOptions {
  readonly directory: string;
  readonly maxBytes: number;
}

/** Reads by name: arguments and result. */
export interface Reads {
  load: { args: [EntityKey]; result: ReadPage };
  rows: { args: [key: EntityKey, fromSeq: number, limit: number]; result: ReadPage };
  segment: { args: [EntityKey, string]; result: Uint8Array | null };
  index: { args: [EntityKey]; result: { index: EntityIndex; seq: number } | null };
  due: { args: [namespace: string, until: number, limit: number]; result: { key: EntityKey; wakeAt: number }[] };
  nextDue: { args: [namespace: string, after: number]; result: number | null };
  openWork: { args: [namespace: string, after: EntityKey | null, limit: number]; result: EntityKey[] };
  list: { args: [query: ListQuery, after: SortPosition | null]; result: ListedPage };
  count: { args: [filter: EntityFilter, after: SortPosition | null]; result: CountedPage };
  notes: { args: [EntityKey]; result: { name: string; bytes: Uint8Array }[] };
  /** SQLite's own check: its findings, none when all is well. */
  integrity: { args: []; result: string[] };
  /** Keys in the order of their numbers, after the given number. */
  keys: { args: [after: number, limit: number]; result: { no: number; key: EntityKey }[] };
}

export interface ReadPage {
  readonly rows: Row[];
  readonly next: number | null;
}

export interface ListedPage {
  readonly entities: { id: string; index: EntityIndex; seq: number }[];
  /** Where to go on, null at the end. */
  readonly next: SortPosition | null;
}

export interface CountedPage {
  readonly count: number;
  readonly next: SortPosition | null;
}

export type ReadName = keyof Reads;

export interface ReaderRequest {
  readonly no: number;
  readonly name: ReadName | 'close';
  readonly args: readonly unknown[];
}

export type ReaderReply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'result'; readonly no: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly no: number; readonly trouble: Trouble };

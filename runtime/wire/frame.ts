/**
 * Frame: what clients and hosts of a cluster send each other, as plain data (C14).
 *
 * Owns: the shapes, the subjects they are sent to, splitting what is larger than a frame may be.
 * Does not own: their bytes, carrying them (`ports/messenger`), who owns what (`transport/hints`, `host/membership`).
 *
 * Invariant: numbers of requests are unique for their inbox: each sending of a request has one of its own, so that an
 * answer says which sending it answers, and a frame that comes twice is known by its first number.
 */

import type { Reply, Request } from './envelope';
import type { TaskFrames } from './task-frame';

/** A session that owns a shard in an epoch: a hint, never a proof. */
export interface Owner {
  readonly session: string;
  readonly epoch: number;
}

export interface NumberedRequest {
  readonly n: number;
  readonly request: Request;
}

/** What became of one request; `moved`: it is not this host's to answer, so nothing has happened to it. */
export type Answer =
  | { readonly kind: 'reply'; readonly n: number; readonly reply: Reply }
  | { readonly kind: 'moved'; readonly n: number; readonly owner: Owner | null }
  /** The request has come, and is still being worked on. */
  | { readonly kind: 'working'; readonly n: number };

/** To a host's subject: all messages of one client for it of one tick; `from` is the client's inbox. */
export interface RequestsFrame {
  readonly kind: 'requests';
  readonly from: string;
  readonly requests: readonly NumberedRequest[];
}

/** To a client's inbox: all answers of one host for it of one tick. */
export interface AnswersFrame {
  readonly kind: 'answers';
  /** Of the host. */
  readonly session: string;
  readonly answers: readonly Answer[];
}

/** To a host's subject: the client does not wait for these any more, so it need not be told that work goes on. */
export interface UnwantedFrame {
  readonly kind: 'unwanted';
  readonly from: string;
  readonly numbers: readonly number[];
}

/** To the subject that serves routes: who owns what? */
export interface AskFrame {
  readonly kind: 'ask';
  readonly from: string;
}

export interface RoutesFrame {
  readonly kind: 'routes';
  /** Session of the host that answers. */
  readonly session: string;
  /** Number of shards, for ever (C3). */
  readonly shards: number;
  /** Shards without a known owner are absent; `host` is an index into `hosts`. */
  readonly owners: readonly (readonly [shard: number, host: number, epoch: number])[];
  readonly hosts: readonly string[];
  /** The table does not fit into one frame, and this is not its last part. */
  readonly more?: boolean;
}

export type Frame = RequestsFrame | AnswersFrame | UnwantedFrame | AskFrame | RoutesFrame | TaskFrames;

/** Served by all hosts as one queue group; adapters put a prefix of the cluster before subjects. */
export const ROUTES_SUBJECT = 'routes';

export function hostSubject(session: string): string {
  return `host.${session}`;
}

/** Of a frame, beside its requests or answers. */
const FRAME_HEAD_BYTES = 512;

/** What one request or answer may take, if a frame of it alone is to keep within `limit`. */
export function roomIn(limit: number): number {
  return limit - FRAME_HEAD_BYTES;
}

/** The items in their order, in as few groups as fit into frames of `limit` bytes; an item larger than that is alone. */
export function split<T extends { readonly bytes: number }>(items: readonly T[], limit: number): T[][] {
  const groups: T[][] = [];
  let room = 0;
  for (const item of items) {
    if (groups.length === 0 || item.bytes > room) {
      groups.push([]);
      room = roomIn(limit);
    }
    groups.at(-1)?.push(item);
    room -= item.bytes;
  }
  return groups;
}

/**
 * Transport: carries requests to the host that serves them, and replies back.
 *
 * Invariants: at most once per send (C14): a request may be lost or answered never, and the sender resends with the same
 * id and a higher attempt number. A reply is for exactly the request it answers. No live object crosses it (S10).
 */

import type { CallerInbox, DeadLetters } from './inbox';
import type { Execute, TaskQueues } from './task-queues';
import type { Reply, Request } from '../wire/envelope';
import type { Owner } from '../wire/frame';

/** A caller's end. */
export interface CallerTransport {
  /**
   * Rejects with a PerdureError `unavailable`, reason `not_served`, when nobody serves the namespace and type, and without a
   * reason when no reply may ever come. `wait.ended` says that nobody wants the reply any more: then it need not settle.
   */
  request(request: Request, signal: AbortSignal | null, wait?: Wanted): Promise<Reply>;
  /** Where signals wait for a host of their type (C16); absent where there is no such place. */
  readonly inbox?: CallerInbox & DeadLetters;
}

export interface Wanted {
  readonly ended: boolean;
}

/** A host's end. */
export interface HostTransport {
  /**
   * Serves every request of the namespace for these types until closed; a second server of a type is refused. `epoch` is
   * greater than that of any host that served them before: by it callers tell the newer one.
   */
  serve(
    namespace: string,
    types: readonly string[],
    answer: (request: Request) => Promise<Reply>,
    epoch?: number,
  ): Promise<Served>;
}

export interface Transport extends CallerTransport, HostTransport {}

/** A transport between processes. */
export interface SharedTransport extends Transport {
  /** False while it cannot be used; a host that stays so lets others have its shards (C3). */
  readonly connected: boolean;
  /** Resolves once it can be used; whoever does not wait for it opens it by the first use. */
  open(): Promise<void>;
  /** Where a host of the namespace has activities run by workers (C17). Opened before. */
  taskQueues(namespace: string): TaskQueues;
  /** Takes tasks until it is drained. Opened before. */
  takeTasks(taking: TaskTaking): TakenTasks;
  /** Serves a session of a cluster's host until the returned function is called. Opened before. */
  serveSession(session: SharedSession): () => void;
  close(): Promise<void>;
}

/** What a session of a cluster's host answers, and what it knows of the others. */
export interface SharedSession {
  readonly member: Routes;
  readonly namespace: string;
  readonly types: readonly string[];
  readonly answer: (request: Request) => Promise<Reply>;
}

/** What a session knows of the cluster. */
export interface Routes {
  readonly session: string;
  readonly shards: number;
  /** False once the store has said nothing to it for so long that others take its shards: what it works on may never end. */
  readonly answered: boolean;
  /** The newest owner it knows of; null if it knows none. */
  owner(shard: number): Owner | null;
}

/** What a worker takes. */
export interface TaskTaking {
  readonly namespace: string;
  readonly queues: readonly string[];
  readonly groups: readonly string[];
  /** Tasks that run at a time. */
  readonly most: number;
  readonly execute: Execute;
}

export interface TakenTasks {
  /** Takes nothing more, tells what runs to stop, and waits until that has ended and was heard, at most so long. */
  drain(atMostMs: number): Promise<void>;
  close(): void;
}

export interface Served {
  /** Takes no more requests; those being answered still are. */
  close(): Promise<void>;
}

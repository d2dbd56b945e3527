/**
 * Transport: carries requests to the host that serves them, and replies back.
 *
 * Invariants: at most once per send (C14): a request may be lost or answered never, and the sender resends with the same
 * id and a higher attempt number. A reply is for exactly the request it answers. No live object crosses it (S10).
 */

import type { Reply, Request } from '../wire/envelope';

/** A caller's end. */
export interface CallerTransport {
  /**
   * Rejects with a PerdureError `unavailable`, reason `not_served`, when nobody serves the namespace and type, and without a
   * reason when no reply may ever come. `wait.ended` says that nobody wants the reply any more: then it need not settle.
   */
  request(request: Request, signal: AbortSignal | null, wait?: Wanted): Promise<Reply>;
}

export interface Wanted {
  readonly ended: boolean;
}

/** A host's end. */
export interface HostTransport {
  /** Serves every request of the namespace for these types until closed; a second server of a type is refused. */
  serve(namespace: string, types: readonly string[], answer: (request: Request) => Promise<Reply>): Promise<Served>;
}

export interface Transport extends CallerTransport, HostTransport {}

export interface Served {
  /** Takes no more requests; those being answered still are. */
  close(): Promise<void>;
}

/**
 * Transport: carries requests to the host that serves them, and replies back.
 *
 * Invariants: at most once per send (C14): a request may be lost or answered never, and the sender resends with the same
 * id and a higher attempt number. A reply is for exactly the request it answers. No live object crosses it (S10).
 */

import type { Reply, Request } from '../wire/envelope';

export interface Transport {
  /** Rejects with a PerdureError `unavailable` when nobody serves the namespace and type; otherwise waits for ever. */
  request(request: Request, signal: AbortSignal | null): Promise<Reply>;
  /** Serves every request of the namespace for these types until closed; a second server of a type is refused. */
  serve(namespace: string, types: readonly string[], answer: (request: Request) => Promise<Reply>): Promise<Served>;
}

export interface Served {
  /** Takes no more requests; those being answered still are. */
  close(): Promise<void>;
}

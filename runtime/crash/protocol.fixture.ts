/**
 * Protocol of the crash loop: what the parent tells the host that it kills, and what it hears from it.
 */

export type Kind = 'list' | 'flow';

export type Order =
  | { readonly kind: 'open'; readonly directory: string; readonly effects: string }
  | {
      readonly kind: 'call';
      readonly n: number;
      readonly client: number;
      readonly type: Kind;
      readonly entity: string;
      readonly method: string;
      readonly args: readonly string[];
      /** Null: an id of the client library. */
      readonly messageId: string | null;
    }
  /** The result of an entity, or how many activities of it are open. */
  | {
      readonly kind: 'result' | 'busy';
      readonly n: number;
      readonly client: number;
      readonly type: Kind;
      readonly entity: string;
    }
  | { readonly kind: 'drain'; readonly n: number };

export type Outcome =
  | { readonly ok: true; readonly value?: unknown; readonly duplicate?: boolean }
  | { readonly ok: false; readonly code: string; readonly reason: string | null; readonly duplicate?: boolean };

export type ChildReport =
  | { readonly kind: 'ready' | 'open' }
  | { readonly kind: 'outcome'; readonly n: number; readonly outcome: Outcome }
  | { readonly kind: 'error'; readonly message: string };

/** Clients in the child, each with message ids of its own. */
export const CLIENTS = 3;

/** Small enough that snapshots and passivation happen all the time. */
export const LIMITS = { snapshotTurns: 5, residentEntities: 8 } as const;

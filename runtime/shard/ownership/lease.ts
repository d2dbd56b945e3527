/**
 * Lease: how a host comes to own a shard and gives it back, as a pure state machine (C1, C3, C4).
 *
 * Owns: the states of one shard at one host, and what is to be done next. `takeover` performs it against the store.
 * Does not own: when to take a shard (`host/placement`), who may be marked dead (`host/membership`).
 *
 * Invariants:
 * 1. A lease is attempted only after its last owner's session is dead at quorum, or after it was given back.
 * 2. An attempt whose outcome is unknown is settled by a serial read: the nonce tells one's own lease from another's.
 *    Until then the same attempt may be repeated, never another.
 * 3. From the moment a release begins the shard is closed in this epoch for ever, whatever becomes of it (C4).
 */

import { isPlanted } from '../../../framework/planted-bugs';
import type { Lease, WriteOutcome } from '../../ports/cluster-store';

/** Owner of a lease that was given back: no session has this name. */
export const NOBODY = '';

export type LeaseState =
  | { readonly at: 'idle' }
  /** The session of `found` is being marked dead. */
  | { readonly at: 'marking'; readonly found: Lease }
  /** `sure` is false once an attempt's outcome is unknown: from then on a refusal may be of our own making. */
  | { readonly at: 'claiming'; readonly expected: Lease | null; readonly next: Lease; readonly sure: boolean }
  | { readonly at: 'settling'; readonly expected: Lease | null; readonly next: Lease }
  | { readonly at: 'owned'; readonly lease: Lease }
  | { readonly at: 'releasing'; readonly lease: Lease; readonly next: Lease; readonly sure: boolean }
  | { readonly at: 'settling-release'; readonly lease: Lease; readonly next: Lease };

export type LeaseEvent =
  /** The lease was read because placement wants this host to own the shard. */
  | { readonly kind: 'wanted'; readonly found: Lease | null; readonly mayMark: boolean }
  | { readonly kind: 'marked'; readonly outcome: WriteOutcome }
  | { readonly kind: 'swapped'; readonly outcome: WriteOutcome }
  /** A serial read made to settle an unknown outcome. */
  | { readonly kind: 'read'; readonly found: Lease | null }
  | { readonly kind: 'release'; readonly nonce: string };

/** What the state asks of the store next. */
export type LeaseAct =
  | { readonly kind: 'mark-dead'; readonly session: string }
  | { readonly kind: 'swap'; readonly expected: Lease | null; readonly next: Lease }
  | { readonly kind: 'read' };

const IDLE: LeaseState = { at: 'idle' };

export class LeaseMachine {
  state: LeaseState = IDLE;

  /** `nonce` is drawn once per attempt. */
  constructor(
    private readonly session: string,
    private readonly nonce: () => string,
  ) {}

  /** The act that the state waits for; null when it waits for nothing. */
  get act(): LeaseAct | null {
    const { state } = this;
    switch (state.at) {
      case 'marking':
        return { kind: 'mark-dead', session: state.found.owner };
      case 'claiming':
        return { kind: 'swap', expected: state.expected, next: state.next };
      case 'releasing':
        return { kind: 'swap', expected: state.lease, next: state.next };
      case 'settling':
      case 'settling-release':
        return { kind: 'read' };
      case 'idle':
      case 'owned':
        return null;
    }
  }

  /** Events that do not fit the state are ignored: they answer what is not asked any more. */
  on(event: LeaseEvent): LeaseState {
    this.state = this.next(event);
    return this.state;
  }

  private next(event: LeaseEvent): LeaseState {
    const { state } = this;
    switch (event.kind) {
      case 'wanted':
        return state.at === 'idle' ? this.want(event.found, event.mayMark) : state;
      case 'marked':
        if (state.at !== 'marking') return state;
        return event.outcome === 'ok' ? this.claim(state.found) : state;
      case 'swapped':
        return swapped(state, event.outcome);
      case 'read':
        return read(state, event.found);
      case 'release': {
        if (state.at !== 'owned') return state;
        const { lease } = state;
        return { at: 'releasing', lease, next: { ...lease, owner: NOBODY, nonce: event.nonce }, sure: true };
      }
    }
  }

  private want(found: Lease | null, mayMark: boolean): LeaseState {
    if (found === null || found.owner === NOBODY) return this.claim(found);
    if (found.owner === this.session) return IDLE;
    return mayMark ? { at: 'marking', found } : IDLE;
  }

  private claim(expected: Lease | null): LeaseState {
    const raise = isPlanted('epoch-not-raised') && expected !== null ? 0 : 1;
    const next = { owner: this.session, epoch: (expected?.epoch ?? 0) + raise, nonce: this.nonce() };
    return { at: 'claiming', expected, next, sure: true };
  }
}

function swapped(state: LeaseState, outcome: WriteOutcome): LeaseState {
  if (state.at === 'claiming') {
    const { expected, next, sure } = state;
    if (outcome === 'ok') return { at: 'owned', lease: next };
    if (isPlanted('unknown-claim-is-lost')) return IDLE;
    return outcome === 'refused' && sure ? IDLE : { at: 'settling', expected, next };
  }
  if (state.at === 'releasing') {
    const { lease, next, sure } = state;
    return outcome === 'ok' || (outcome === 'refused' && sure) ? IDLE : { at: 'settling-release', lease, next };
  }
  return state;
}

function read(state: LeaseState, found: Lease | null): LeaseState {
  if (state.at === 'settling') {
    const { expected, next } = state;
    if (sameLease(found, next)) return { at: 'owned', lease: next };
    return sameLease(found, expected) ? { at: 'claiming', expected, next, sure: false } : IDLE;
  }
  if (state.at === 'settling-release') {
    const { lease, next } = state;
    return sameLease(found, lease) ? { at: 'releasing', lease, next, sure: false } : IDLE;
  }
  return state;
}

function sameLease(a: Lease | null, b: Lease | null): boolean {
  if (a === null || b === null) return a === b;
  return a.owner === b.owner && a.epoch === b.epoch && a.nonce === b.nonce;
}

/**
 * Routed transport: a caller's end of a cluster, where each shard has an owner that changes (C14).
 *
 * Owns: finding the owner, frames of one tick, who is silent, sending on what a host has declined.
 * Does not own: what is known of owners (`hints`), resending and attempt numbers (`client/sender`), carrying frames.
 *
 * Invariants:
 * 1. `not_served` is said only of a request that no host has acted on and none will: nobody listened, no owner is known,
 *    or the host declined it. What might have been acted on ends in a reply or in silence, never in a guess (S13).
 * 2. A request is handed out again only after its last sending was declined, under a number of its own.
 * 3. The hosts are asked for owners before the first request, and after a 503, a silence, or a decline without a newer
 *    owner; one question is out at a time, put a few times. Nothing else ever makes a client ask.
 * 4. Requests made in one tick leave in one frame per host, in their order; so do those that waited for an owner (C15).
 */

import type { PerdureError } from '../../framework/errors';
import { isPlanted } from '../../framework/planted-bugs';
import { ROUTES_ASKS, SILENCE_MS } from '../config';
import type { Cancel, Clock } from '../ports/clock';
import type { Ear, Messenger } from '../ports/messenger';
import type { CallerTransport, Wanted } from '../ports/transport';
import { addressOf } from '../wire/address';
import type { Reply, Request } from '../wire/envelope';
import type { Answer, Frame, Owner, RoutesFrame } from '../wire/frame';
import { ROUTES_SUBJECT, hostSubject, split } from '../wire/frame';
import { sizeOf } from '../wire/size';
import { FrameLimit } from './frame-limit';
import { Hints } from './hints';
import type { Reached } from './reached';
import { carriesBytes, closedError, notBytes, notServed, silent } from './refusals';
import { Sending } from './sending';

export interface RoutedTransportOptions {
  readonly messenger: Messenger;
  readonly clock: Clock;
  /** Largest frame, in bytes; the server's own limit less a reserve holds beside it. 8 MiB by default. */
  readonly maxFrameBytes?: number;
  /** Counts which ways requests went. */
  readonly reached?: Reached;
}

interface Sized {
  readonly n: number;
  readonly bytes: number;
}

export class RoutedTransport implements CallerTransport {
  readonly #messenger: Messenger;
  readonly #clock: Clock;
  readonly #limit: FrameLimit;
  readonly #reached: Reached;
  readonly #inbox: Ear;
  readonly #hints = new Hints();
  /** Without an owner yet. */
  #unrouted: Sending[] = [];
  /** To leave at the end of this tick, by session. */
  #leaving = new Map<string, Sending[]>();
  /** On their way, by number, and so in the order in which silence would end them. */
  readonly #sent = new Map<number, Sending>();
  #n = 0;
  /** Ends the wait for owners; null when nobody was asked. */
  #asking: Cancel | null = null;
  /** Set for the first of `sent`. */
  #watching: Cancel | null = null;
  #closed = false;

  constructor({ messenger, clock, maxFrameBytes, reached = nothing }: RoutedTransportOptions) {
    this.#messenger = messenger;
    this.#clock = clock;
    this.#reached = reached;
    this.#limit = new FrameLimit(messenger, maxFrameBytes);
    this.#inbox = messenger.inbox((frame) => this.#hear(frame));
  }

  request(request: Request, signal: AbortSignal | null, wanted?: Wanted): Promise<Reply> {
    if (this.#closed) return Promise.reject(closedError());
    if (!carriesBytes(request)) return Promise.reject(notBytes('request', request));
    const bytes = sizeOf({ n: 0, request });
    if (bytes > this.#limit.room) return Promise.reject(this.#limit.tooLargeRequest(request, bytes));
    return new Promise((resolve, reject) => {
      const sending = new Sending(request, bytes, signal, wanted, resolve, reject);
      if (signal?.aborted === true) return sending.handleEvent();
      const owner = this.#hints.sure(request);
      if (owner !== null) return this.#sendTo(owner, sending);
      this.#unrouted.push(sending);
      this.#ask();
    });
  }

  /** Hears nothing more; every wait ends, and its outcome is not known. */
  close(): void {
    this.#closed = true;
    this.#inbox.close();
    this.#asking?.();
    this.#watching?.();
    const waiting = [...this.#unrouted, ...[...this.#leaving.values()].flat(), ...this.#sent.values()];
    this.#unrouted = [];
    this.#leaving.clear();
    this.#sent.clear();
    for (const sending of waiting) if (!sending.ended) sending.reject(closedError());
  }

  #sendTo({ session, epoch }: Owner, sending: Sending): void {
    sending.session = session;
    sending.epoch = epoch;
    if (this.#leaving.size === 0) this.#clock.drain(() => this.#leave());
    const leaving = this.#leaving.get(session);
    if (leaving === undefined) this.#leaving.set(session, [sending]);
    else leaving.push(sending);
  }

  #leave(): void {
    const all = this.#leaving;
    this.#leaving = new Map();
    for (const [session, leaving] of all) {
      const waiting = leaving.filter(({ ended }) => !ended);
      for (const group of split(waiting, this.#limit.bytes)) this.#sendFrame(session, group);
    }
    this.#watch();
  }

  #sendFrame(session: string, group: readonly Sending[]): void {
    const dueMs = this.#clock.monotonicMs() + SILENCE_MS;
    const requests = group.map((sending) => {
      sending.n = this.#n += 1;
      sending.dueMs = dueMs;
      this.#sent.set(sending.n, sending);
      return { n: sending.n, request: sending.request };
    });
    const unheard = (refusal?: PerdureError): void => {
      this.#reached('unheard');
      this.#hints.doubt(session);
      for (const { n } of requests) {
        if (refusal === undefined) this.#declined(n, null);
        else this.#take(n)?.reject(refusal);
      }
      this.#watch();
    };
    this.#messenger.send(hostSubject(session), { kind: 'requests', from: this.#inbox.subject, requests }, unheard);
  }

  #hear(frame: Frame): void {
    if (frame.kind === 'routes') return this.#routed(frame);
    if (frame.kind !== 'answers') return;
    const unwanted: Sized[] = [];
    for (const answer of frame.answers) {
      if (answer.kind === 'working' && !this.#working(answer.n))
        unwanted.push({ n: answer.n, bytes: sizeOf(answer.n) });
      else this.#answered(answer);
    }
    this.#watch();
    for (const group of split(unwanted, this.#limit.bytes)) {
      const numbers = group.map(({ n }) => n);
      this.#messenger.send(
        hostSubject(frame.session),
        { kind: 'unwanted', from: this.#inbox.subject, numbers },
        nothing,
      );
    }
  }

  #answered(answer: Answer): void {
    if (answer.kind === 'reply') this.#take(answer.n)?.resolve(answer.reply);
    else if (answer.kind === 'moved') this.#declined(answer.n, answer.owner);
  }

  /** Its host is at work: it is not silent. False if nobody waits for it. */
  #working(n: number): boolean {
    const sending = this.#take(n);
    if (sending === null) return false;
    this.#reached('working');
    sending.dueMs = this.#clock.monotonicMs() + SILENCE_MS;
    this.#sent.set(n, sending);
    return true;
  }

  /** The request that was sent as number `n`, which waits no more for this sending; null if nobody waits for it. */
  #take(n: number): Sending | null {
    const sending =
      this.#sent.get(n) ?? (isPlanted('late-reply-for-another') ? [...this.#sent.values()][0] : undefined);
    if (sending === undefined) return null;
    this.#sent.delete(sending.n);
    return sending.ended ? null : sending;
  }

  /** This sending came to nothing: on to the next owner, or back to whoever sends again later. */
  #declined(n: number, owner: Owner | null): void {
    const sending = this.#take(n);
    if (sending === null) return;
    const next = this.#hints.declined(sending.request, sending.epoch, owner);
    this.#reached(next === null ? 'declined' : 'sent-on');
    if (next !== null) this.#sendTo(next, sending);
    else sending.reject(notServed(addressOf(sending.request)));
  }

  /** Whom a question reaches is chance, and may be a host that is stopped: so it is put again before it is given up. */
  #ask(): void {
    if (this.#asking !== null) return;
    let left = ROUTES_ASKS;
    const put = (): void => {
      if (left === 0) return this.#giveUp();
      left -= 1;
      this.#reached('asked');
      const asking = (this.#asking = this.#clock.after(SILENCE_MS / ROUTES_ASKS, put));
      this.#messenger.send(ROUTES_SUBJECT, { kind: 'ask', from: this.#inbox.subject }, (refusal) => {
        if (this.#asking === asking) this.#giveUp(refusal);
      });
    };
    put();
  }

  #giveUp(refusal?: PerdureError): void {
    this.#reached('unanswered');
    this.#asking?.();
    this.#asking = null;
    if (refusal !== undefined) for (const sending of this.#unrouted.splice(0)) sending.reject(refusal);
    this.#route();
  }

  #routed(frame: RoutesFrame): void {
    this.#hints.answered(frame);
    if (frame.more === true) return;
    this.#asking?.();
    this.#asking = null;
    this.#route();
  }

  /** Sends what waited for an owner, or says that nobody has it. */
  #route(): void {
    for (const sending of this.#unrouted.splice(0)) {
      if (sending.ended) continue;
      const owner = this.#hints.sure(sending.request);
      if (owner !== null) this.#sendTo(owner, sending);
      else sending.reject(notServed(addressOf(sending.request)));
    }
  }

  /** Sees to it that silence is noticed; without waits there is no timer. */
  #watch(): void {
    const [first] = this.#sent.values();
    if (first === undefined) {
      this.#watching?.();
      this.#watching = null;
    } else if (this.#watching === null) {
      const delayMs = Math.max(0, first.dueMs - this.#clock.monotonicMs());
      this.#watching = this.#clock.after(delayMs, () => this.#look());
    }
  }

  #look(): void {
    this.#watching = null;
    const nowMs = this.#clock.monotonicMs();
    for (const { n, dueMs, session, request } of this.#sent.values()) {
      if (dueMs > nowMs) break;
      this.#reached('silence');
      this.#hints.doubt(session);
      this.#take(n)?.reject(silent(session, request));
    }
    this.#watch();
  }
}

function nothing(): void {}

/**
 * Drain: a host takes what the inbox has for the types it serves, and applies it (C16).
 *
 * Owns: going through the inbox again and again, the order per key, what is committed, refused or left for later.
 * Does not own: keeping messages (`ports/inbox`), applying them (the host's handler).
 *
 * Invariants:
 * 1. A message leaves the inbox only after its turn is committed, or after it stands among the dead letters.
 * 2. Of one key each message is handed over only after the one before it has left: so the order holds even where several
 *    hosts go through the inbox at once, for each waits for the same commits (C15).
 * 3. It is handed over as a later attempt, so that a refusal is recorded under its id, and another host that hands it over
 *    too is told the same (S13).
 */

import { keyText } from '../../../framework/model/identity';
import { INBOX_IN_FLIGHT, INBOX_LOOK_MS } from '../../config';
import type { Cancel, Clock } from '../../ports/clock';
import type { Address, HostInbox, Kept } from '../../ports/inbox';
import type { Log } from '../../ports/telemetry';
import type { MessageRequest, WireError } from '../../wire/envelope';
import type { Handler } from '../handlers';

export interface DrainOptions {
  readonly inbox: HostInbox;
  readonly address: Address;
  readonly answer: Handler;
  readonly clock: Clock;
  readonly log: Log;
}

/** Nothing is recorded under its id, and it may yet be applied. */
const LATER = new Set<string>(['unavailable', 'resource_exhausted', 'deadline_exceeded']);
/**
 * What this build cannot read, another one or a mended store may: of an entity, which then has recorded nothing; of the
 * message itself it is recorded, and told as a repeat the next time.
 */
const UNREAD = new Set<string | null>(['corrupt', 'divergence', 'newer_version']);

const UNREADABLE: WireError = {
  code: 'invalid_argument',
  message: 'the message cannot be read: it is damaged, or a newer release has written it',
  reason: null,
  details: null,
  operation: null,
  cause: null,
};

export class InboxDrain {
  private readonly options: DrainOptions;
  /** By key, what is being handed over; false: the key has to wait for the next round. */
  private chains = new Map<string, Promise<boolean>>();
  private inFlight = 0;
  private roomy: () => void = () => undefined;
  private pausing: Cancel | null = null;
  private stopped = false;

  constructor(options: DrainOptions) {
    this.options = options;
    void this.live();
  }

  /** Hands over nothing more. */
  stop(): void {
    this.stopped = true;
    this.pausing?.();
  }

  private async live(): Promise<void> {
    const { clock, log, address } = this.options;
    let failing = false;
    while (!this.stopped) {
      try {
        await this.round();
        failing = false;
      } catch (error) {
        if (!failing) log.warn({ error, ...address }, 'the inbox cannot be read; trying until it can');
        failing = true;
      }
      if (!this.stopped) await new Promise<void>((resolve) => (this.pausing = clock.after(INBOX_LOOK_MS, resolve)));
    }
  }

  /** Everything that is there, once. */
  private async round(): Promise<void> {
    const { inbox, address } = this.options;
    this.chains = new Map();
    let after = 0;
    while (!this.stopped) {
      const kept = await inbox.next(address, after);
      if (kept === null) break;
      after = kept.seq;
      this.chain(kept);
      while (this.inFlight >= INBOX_IN_FLIGHT) await new Promise<void>((resolve) => (this.roomy = resolve));
    }
    await Promise.all(this.chains.values());
  }

  private chain(kept: Kept): void {
    const name = kept.message === null ? `unreadable ${kept.seq}` : keyText(kept.message.key);
    const before = this.chains.get(name) ?? Promise.resolve(true);
    this.inFlight += 1;
    const own = before
      .then((left) => left && !this.stopped && this.handOver(kept))
      .finally(() => {
        this.inFlight -= 1;
        this.roomy();
      });
    this.chains.set(name, own);
  }

  /** True if it has left the inbox. Never rejects. */
  private async handOver(kept: Kept): Promise<boolean> {
    const { inbox, address, log } = this.options;
    const { message } = kept;
    try {
      const refusal = message === null ? UNREADABLE : await this.refusal(message);
      if (refusal === 'later') return false;
      if (refusal === null) await inbox.remove(kept.seq);
      else {
        log.warn(
          { ...address, id: message?.key.id, error: refusal },
          'a message of the inbox goes to the dead letters',
        );
        await inbox.bury(address, kept, refusal);
      }
      return true;
    } catch (error) {
      log.warn({ error, ...address }, 'a message of the inbox is left for later');
      return false;
    }
  }

  private async refusal(message: MessageRequest): Promise<WireError | 'later' | null> {
    const reply = await this.options.answer({ ...message, attempt: Math.max(2, message.attempt) });
    // Behind a held input it is recorded too (S2).
    if (reply.ok || reply.error.code === 'held') return null;
    return isOpen(reply.error, reply.duplicate) ? 'later' : reply.error;
  }
}

function isOpen({ code, reason }: WireError, duplicate: boolean): boolean {
  return LATER.has(code) || (code === 'internal' && UNREAD.has(reason) && !duplicate);
}

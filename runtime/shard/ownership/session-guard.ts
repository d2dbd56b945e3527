/**
 * Session guard: is this host's session still alive? (C1, C2)
 *
 * Owns: the reads of one's own session row. One is in flight at a time and answers for everything that was acknowledged
 * before it began; the next starts when it has returned and SESSION_READ_TURNS wait, or the oldest has waited
 * SESSION_READ_WAIT_MS. Does not own: who marks a session dead (`takeover`), what stops when it is.
 *
 * Invariants:
 * 1. `confirm` answers true only by a read that began after it was called.
 * 2. Once dead, for ever dead: nothing is answered true any more, whatever a read says later.
 * 3. A read that failed says nothing: those who wait go on waiting, for the next one.
 * 4. Whoever needs only to know soon asks `confirmedWithin`: under load it costs no read of its own.
 */

import { PerdureError } from '../../../framework/errors';
import { SESSION_READ_RETRY_MS, SESSION_READ_TURNS, SESSION_READ_WAIT_MS } from '../../config';
import type { Clock } from '../../ports/clock';
import type { ClusterStore } from '../../ports/cluster-store';
import { isPlanted } from '../../../framework/planted-bugs';

type Told = (alive: boolean) => void;

export class SessionGuard {
  /** Resolves with the reason when the session is dead; never rejects. */
  readonly lost: Promise<PerdureError>;
  private tellLost: (reason: PerdureError) => void = () => undefined;
  private dead = false;
  private reading = false;
  private due = false;
  /** The last read failed: nobody reads before the pause is over. */
  private failed = false;
  /** Whether a timer runs that makes the next read due. */
  private timed = false;
  private waiting: Told[] = [];
  /** When the newest read that found the session alive began, by the monotonic clock. */
  private confirmedAtMs: number;

  constructor(
    readonly session: string,
    private readonly store: Pick<ClusterStore, 'session'>,
    private readonly clock: Clock,
  ) {
    this.confirmedAtMs = clock.monotonicMs();
    this.lost = new Promise((resolve) => (this.tellLost = resolve));
  }

  /** False once the session is known to be dead; true proves nothing. */
  get alive(): boolean {
    return !this.dead;
  }

  /**
   * True when a read that began after this call found the session alive; false when it is dead. `atOnce`: it waits for no
   * others that might share the read.
   */
  confirm(atOnce = false): Promise<boolean> {
    if (this.dead) return Promise.resolve(false);
    if (isPlanted('skip-fence-read')) {
      this.confirmedAtMs = this.clock.monotonicMs();
      return Promise.resolve(true);
    }
    return new Promise((told) => {
      this.waiting.push(told);
      if (atOnce) this.due = true;
      else if (this.waiting.length === 1) this.wait(SESSION_READ_WAIT_MS);
      this.look();
    });
  }

  /** A read that began so lately, or the beginning, has found the session alive. Says nothing of now. */
  confirmedWithin(ms: number): boolean {
    return !this.dead && this.clock.monotonicMs() - this.confirmedAtMs < ms;
  }

  /** Gives the session up: nothing of it may be released any more. */
  die(reason: PerdureError): void {
    if (this.dead) return;
    this.dead = true;
    for (const told of this.waiting.splice(0)) told(false);
    this.tellLost(reason);
  }

  private wait(ms: number): void {
    if (this.timed) return;
    this.timed = true;
    this.clock.after(ms, () => {
      this.timed = this.failed = false;
      this.due = this.waiting.length > 0;
      this.look();
    });
  }

  private look(): void {
    if (this.reading || this.failed || this.dead || this.waiting.length === 0) return;
    if (this.due || this.waiting.length >= SESSION_READ_TURNS) void this.read();
  }

  private async read(): Promise<void> {
    const covered = this.waiting;
    this.waiting = [];
    this.reading = true;
    this.due = false;
    const beganMs = this.clock.monotonicMs();
    const row = await this.store.session(this.session).catch(() => null);
    this.reading = false;
    if (this.dead) {
      for (const told of covered) told(false);
      return;
    }
    if (row === null) {
      this.waiting.unshift(...covered);
      this.failed = true;
      this.timed = false;
      return this.wait(SESSION_READ_RETRY_MS);
    }
    if (row.dead || !row.born) {
      for (const told of covered) told(false);
      const fact = row.dead ? 'another host has marked this session dead' : 'this session was never born';
      return this.die(
        new PerdureError('unavailable', `${fact}: the host begins a new one; send again with the same id`),
      );
    }
    this.confirmedAtMs = beganMs;
    for (const told of covered) told(true);
    if (this.waiting.length > 0 && !this.due) this.wait(SESSION_READ_WAIT_MS);
    this.look();
  }
}

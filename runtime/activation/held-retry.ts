/**
 * Held retry: when a held input is tried again (S19).
 *
 * Invariant: at most HELD_RETRIES times under one build since activation, then only when an operator asks or a new
 * build activates the entity.
 */

import type { Ledger } from '../../framework/core/ledger';
import { HELD_RETRIES, HELD_RETRY_INITIAL_MS } from '../config';
import type { Cancel, Clock } from '../ports/clock';

/** The activation as its retries see it. */
interface Retried {
  readonly grounds: { readonly clock: Clock };
  proceed(): void;
}

export class HeldRetry {
  retries = 0;
  /** When the next try is due, milliseconds since the epoch; null when none is planned. */
  nextAt: number | null = null;
  /** The held input is to be tried now. */
  due = false;
  private timer: Cancel | null = null;

  constructor(private readonly entity: Retried) {}

  /** Plans the next try of what an entity's ledger says; an operator's hold comes first. */
  plan({ held, operatorHold }: Ledger, build: string): void {
    if (operatorHold !== null) this.pause();
    else if (held?.held != null) this.schedule(held.held.build !== build);
  }

  /** With `newBuild` the first try is made at once. */
  private schedule(newBuild: boolean): void {
    if (this.timer !== null || this.due || this.retries >= HELD_RETRIES) return;
    if (newBuild && this.retries === 0) return this.retryNow();
    const { clock } = this.entity.grounds;
    const delayMs = HELD_RETRY_INITIAL_MS * 2 ** this.retries;
    this.nextAt = clock.now() + delayMs;
    this.timer = clock.after(delayMs, () => this.retryNow());
  }

  retryNow(): void {
    this.stop();
    this.due = true;
    this.entity.proceed();
  }

  /** A try begins. */
  taken(): void {
    if (this.due) this.retries += 1;
    this.due = false;
  }

  /** It is held no more. */
  cancel(): void {
    this.pause();
    this.retries = 0;
  }

  /** No try is planned until the next `schedule` or `retryNow`. */
  pause(): void {
    this.stop();
    this.due = false;
  }

  private stop(): void {
    this.timer?.();
    this.timer = null;
    this.nextAt = null;
  }
}

/**
 * Backoff: how long a client pauses before it sends a message again (S13). Pure.
 */

import { RESEND_INITIAL_MS, RESEND_MAXIMUM_MS } from '../config';

/** Pause before resend number `resend` (from 1); `random` in [0, 1) spreads the second half of it over the callers. */
export function resendDelayMs(resend: number, random: number): number {
  const longest = Math.min(RESEND_MAXIMUM_MS, RESEND_INITIAL_MS * 2 ** (resend - 1));
  return (longest / 2) * (1 + random);
}

/**
 * Options: how long and on what terms a caller waits, checked.
 */

import type { Duration } from '../../framework/model/duration';
import { toMs } from '../../framework/model/duration';
import { CALL_TIMEOUT_MS } from '../config';
import type { ExchangeOptions, ReplyInfo } from './exchange';

/** Terms of every call that says nothing else. */
export const CALL_TERMS: ExchangeOptions = {
  timeoutMs: CALL_TIMEOUT_MS,
  signal: null,
  onReply: null,
  repeatable: true,
};

/** Terms of the calls of `perdure.call` and `perdure.submit`. */
export function callOptions(
  options: {
    readonly timeout?: Duration;
    readonly signal?: AbortSignal;
    readonly onReply?: (info: ReplyInfo) => void;
  },
  what: string,
): ExchangeOptions {
  return { ...waitOptions(options, what, true), onReply: options.onReply ?? null };
}

/** `bounded` waits end after the default timeout, others never, unless the options say otherwise. */
export function waitOptions(
  { timeout, signal }: { readonly timeout?: Duration; readonly signal?: AbortSignal },
  what: string,
  bounded: boolean,
): ExchangeOptions {
  const timeoutMs =
    timeout === undefined ? (bounded ? CALL_TIMEOUT_MS : Infinity) : toMs(timeout, `timeout of ${what}`);
  return { ...CALL_TERMS, timeoutMs, signal: signal ?? null };
}

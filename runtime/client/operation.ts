/**
 * Operation: a submitted message, followed from any process (S16).
 *
 * Owns: what can be asked of an operation id. Does not own: how long outcomes are kept (`activation/`).
 */

import { decodeValue } from '../../framework/codec/value';
import type { Duration } from '../../framework/model/duration';
import type { OperationStatus } from '../wire/envelope';
import { decodeOperationId } from '../wire/operation-id';
import { waitOptions } from './options';
import type { Sender } from './sender';

export interface WaitOptions {
  /** Longest wait; without it there is no limit, for outcomes may take months. */
  readonly timeout?: Duration;
  /** Ends the wait, never what is waited for. */
  readonly signal?: AbortSignal;
}

/** A message that was accepted: durable, applied once, its outcome kept 7 days. */
export interface Operation<T> {
  /** Names it in any process: `perdure.operation(id)`. */
  readonly id: string;
  /** What it has come to by now; `unknown` when it never arrived or its outcome is not kept any more. */
  status(): Promise<OperationStatus>;
  /** Its outcome, once there is one. Rejects as the call itself would have, with `failed` for a business failure. */
  result(options?: WaitOptions): Promise<T>;
}

/** Refuses with `invalid_argument` what is no operation id. */
export function operationOf<T>(sender: Sender, operationId: string): Operation<T> {
  const { key, id } = decodeOperationId(operationId);
  return {
    id: operationId,
    status: () =>
      sender.request(
        { op: 'operation', key, id, wait: false },
        (value) => decodeValue(value, 'status') as OperationStatus,
        waitOptions({}, 'status()', true),
      ),
    result: (options = {}) =>
      sender.request(
        { op: 'operation', key, id, wait: true },
        (value) => decodeValue(value, 'result') as T,
        waitOptions(options, 'result()', false),
      ),
  };
}

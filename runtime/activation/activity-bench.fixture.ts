/**
 * A runner on a manual clock with one group, `mail`, and what came of it.
 */

import { fromFailure } from '../../framework/codec/failure';
import { decodeValue, encodeValue } from '../../framework/codec/value';
import type { ActivityOptions, Outcome } from '../../framework/core/history';
import type { EntityKey } from '../../framework/model/identity';
import { silentLog } from '../ports/telemetry';
import { ManualClock } from '../testing/manual-clock';
import { ActivityRunner } from './activity-runner';
import type { ActivityRunnerOptions } from './activity-runner';

export const KEY: EntityKey = { namespace: 'default', type: 'cart', id: 'C-1' };
export const OPTIONS: ActivityOptions = {
  startToCloseMs: 30_000,
  scheduleToCloseMs: 0,
  scheduleToStartMs: 0,
  heartbeatMs: 0,
  attempts: 0,
  retryInitialMs: 1_000,
  retryMaximumMs: 60_000,
  retryFactor: 2,
  queue: '',
};

export function bench(group: object, more: Partial<ActivityRunnerOptions> = {}) {
  const clock = new ManualClock({ now: 1_000_000 });
  const notes = new Map<number, Uint8Array>();
  const noted: number[] = [];
  const entropy = { bytes: (length: number) => new Uint8Array(length), float: () => 0 };
  const runner = new ActivityRunner({
    clock,
    entropy,
    log: silentLog,
    groups: new Map([['mail', group]]),
    notes: (_key, effect, bytes) => {
      noted.push(effect);
      if (bytes === null) notes.delete(effect);
      else notes.set(effect, bytes);
    },
    ...more,
  });
  const outcomes = new Map<number, Outcome>();
  const schedule = (
    effect: number,
    method: string,
    args: unknown[] = [],
    options: Partial<ActivityOptions> = {},
    note?: Uint8Array,
  ) =>
    runner.schedule(
      {
        key: KEY,
        effect,
        group: 'mail',
        method,
        args: encodeValue(args),
        options: { ...OPTIONS, ...options },
        scheduledAt: clock.now(),
        note: note ?? null,
      },
      async (outcome) => {
        outcomes.set(effect, outcome);
        return true;
      },
    );
  const settle = () => new Promise<void>((resolve) => clock.drain(resolve));
  const value = (effect: number): unknown => {
    const outcome = outcomes.get(effect);
    return outcome?.ok === true ? decodeValue(outcome.value) : outcome;
  };
  const failure = (effect: number) => {
    const outcome = outcomes.get(effect);
    return outcome?.ok === false ? fromFailure(outcome.failure) : null;
  };
  return {
    clock,
    runner,
    notes,
    noted,
    outcomes,
    schedule,
    settle,
    value,
    failure,
    describe: () => runner.describe(KEY),
  };
}

export const never = () => new Promise<void>(() => undefined);

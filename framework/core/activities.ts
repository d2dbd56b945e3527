/**
 * Activities: how entity code calls the unreliable world.
 *
 * Owns: groups and their options, awaited and enqueued calls. Does not own: running them (`runtime/activation`).
 * Each call is run at least once, with a stable idempotency key; an awaited one is tried until it succeeds or its policy
 * says no, and its failure arrives as ActivityFailure or TimeoutFailure.
 */

import { encodeValue } from '../codec/value';
import { PerdureError } from '../errors';
import type { Duration } from '../model/duration';
import { toMs } from '../model/duration';
import type { ActivityCallOptions, ActivityGroup, EnqueuedGroup } from '../model/handle';
import type { ActivityOptions } from './history';
import { invocationFor } from './invocation';
import { runningStep } from './running';

/** What an attempt may take and how it is retried when nothing is said: unlimited attempts, 1 s doubling to 10 min. */
export const DEFAULT_ACTIVITY_OPTIONS: ActivityOptions = {
  startToCloseMs: 60_000,
  scheduleToCloseMs: 0,
  scheduleToStartMs: 0,
  heartbeatMs: 0,
  attempts: 0,
  retryInitialMs: 1_000,
  retryMaximumMs: 600_000,
  retryFactor: 2,
  queue: '',
};

const GROUP = Symbol.for('perdure.activities');

interface Group {
  readonly name: string;
  readonly options: ActivityOptions;
}

/** Names of the groups that this process has declared, kept under a global symbol as all registries are. */
const DECLARED = Symbol.for('perdure.activities.declared');
const home = globalThis as { [DECLARED]?: Set<string> };

/** What a host must serve, or name as remote. */
export function declaredGroups(): ReadonlySet<string> {
  return (home[DECLARED] ??= new Set());
}

/** Declares a group of activities; a host serves it with an object that has these methods. */
export function activities<A>(name: string, options: ActivityCallOptions = {}): ActivityGroup<A> {
  if (typeof name !== 'string' || name === '')
    throw new PerdureError('invalid_argument', 'activities() needs the name of the group');
  const group = { name, options: resolve(DEFAULT_ACTIVITY_OPTIONS, options, name) };
  (home[DECLARED] ??= new Set()).add(name);
  return groupProxy(group) as ActivityGroup<A>;
}

/** The same activities, recorded without being awaited (S7): they run to their end whatever the entity does. */
export function enqueue<A>(group: ActivityGroup<A>): EnqueuedGroup<A> {
  const { name, options } = groupOf(group);
  return methodProxy((method) => (...args: unknown[]) => {
    void schedule({ name, options }, method, args, false);
  }) as EnqueuedGroup<A>;
}

/** Name of a group, for the host that serves it. */
export function groupName(group: unknown): string {
  return groupOf(group).name;
}

function groupProxy(group: Group): unknown {
  const call = (method: string) =>
    method === 'with'
      ? (options: ActivityCallOptions) =>
          groupProxy({ name: group.name, options: resolve(group.options, options, group.name) })
      : (...args: unknown[]) => schedule(group, method, args, true);
  return methodProxy(call, group);
}

function methodProxy(call: (method: string) => unknown, group: Group | null = null): object {
  return new Proxy(Object.freeze({}), {
    get: (_target, name) => {
      if (name === GROUP) return group;
      return typeof name === 'symbol' || name === 'then' || name === 'toJSON' ? undefined : call(name);
    },
  });
}

function schedule(group: Group, method: string, args: readonly unknown[], awaited: boolean): Promise<unknown> {
  const what = `activity ${group.name}.${method}`;
  const invocation = invocationFor(runningStep(), what);
  const step = invocation.open(what);
  const encoded = encodeValue(args, { classes: 'plain', path: `arguments of ${what}` });
  const effect = step.number();
  const { name, options } = group;
  step.add({
    kind: 'activity',
    effect,
    owner: invocation.number,
    group: name,
    method,
    args: encoded,
    options,
    awaited,
  });
  return awaited ? step.wait(effect, invocation, 'activity', what) : Promise.resolve();
}

function groupOf(group: unknown): Group {
  const found = (group as { readonly [GROUP]?: Group } | null | undefined)?.[GROUP];
  if (found !== undefined && found !== null) return found;
  throw new PerdureError('invalid_argument', "this takes a group made by activities<Mailer>('mail')");
}

function resolve(base: ActivityOptions, options: ActivityCallOptions, group: string): ActivityOptions {
  const ms = (duration: Duration | undefined, otherwise: number, name: string) =>
    duration === undefined ? otherwise : toMs(duration, `${name} of activities('${group}')`);
  const attempts = options.attempts ?? base.attempts;
  const retryFactor = options.retry?.factor ?? base.retryFactor;
  if (!Number.isSafeInteger(attempts) || attempts < 0)
    throw new PerdureError(
      'invalid_argument',
      `attempts of activities('${group}') must be a whole number from 0 (unlimited)`,
    );
  if (!(retryFactor >= 1 && retryFactor <= 100))
    throw new PerdureError('invalid_argument', `retry.factor of activities('${group}') must be from 1 to 100`);
  return {
    startToCloseMs: ms(options.startToClose, base.startToCloseMs, 'startToClose'),
    scheduleToCloseMs: ms(options.scheduleToClose, base.scheduleToCloseMs, 'scheduleToClose'),
    scheduleToStartMs: ms(options.scheduleToStart, base.scheduleToStartMs, 'scheduleToStart'),
    heartbeatMs: ms(options.heartbeat, base.heartbeatMs, 'heartbeat'),
    attempts,
    retryInitialMs: ms(options.retry?.initial, base.retryInitialMs, 'retry.initial'),
    retryMaximumMs: ms(options.retry?.maximum, base.retryMaximumMs, 'retry.maximum'),
    retryFactor,
    queue: options.queue ?? base.queue,
  };
}

/**
 * Functions: what entity code calls, besides decorators and activities.
 *
 * Owns: the durable waits, reminders, decisions and deterministic values of the step that runs.
 * Does not own: activities (`activities`), how any of it is recorded (`step`).
 *
 * Invariant: an effect works inside a running step only, and never in code that may only read (S9).
 */

import { decodeValue, encodeValue } from '../codec/value';
import { PerdureError } from '../errors';
import type { Duration } from '../model/duration';
import { toMs } from '../model/duration';
import { makeAgain } from './again';
import type { Again } from './again';
import type { Instance, LogLevel } from './instance';
import type { Invocation } from './invocation';
import { homeOf, invocationFor } from './invocation';
import { MAX_PENDING_WAITS } from './limits';
import { RandomStream } from './random';
import { runUntrapped, runningStep } from './running';

/** Waits durably, from a millisecond to a thousand years; survives crashes and deployments. */
export function sleep(duration: Duration): Promise<void> {
  const invocation = invocationFor(runningStep(), 'sleep()');
  return sleepOf(invocation, invocation.open('sleep()').time + toMs(duration, 'sleep()'));
}

/** Waits durably until a moment (a Date or milliseconds since the epoch); one in the past is reached at once. */
export function sleepUntil(moment: Date | number): Promise<void> {
  const due = Math.ceil(typeof moment === 'number' ? moment : moment.getTime());
  if (!(Math.abs(due) <= MAX_DATE_MS))
    throw new PerdureError('invalid_argument', `sleepUntil() needs a moment; it was given ${String(moment)}`);
  return sleepOf(invocationFor(runningStep(), 'sleepUntil()'), due);
}

/** The last moment a Date can name. */
const MAX_DATE_MS = 8.64e15;

function sleepOf(invocation: Invocation, due: number): Promise<void> {
  const step = invocation.open('sleep()');
  checkWaits(invocation);
  const effect = step.timer(invocation.number, 'sleep', due);
  return step.wait(effect, invocation, 'sleep', 'sleep') as Promise<void>;
}

/**
 * Waits until `predicate` is true of the entity's fields; it is looked at after every step (S6), and must be synchronous
 * and change nothing (S9). Answers false when `timeout` comes first. An exclusive handler lets others in meanwhile (S7).
 */
export function condition(predicate: () => boolean, timeout?: Duration): Promise<boolean> {
  const invocation = invocationFor(runningStep(), 'condition()');
  const step = invocation.open('condition()');
  checkWaits(invocation);
  const { number } = invocation;
  const timeoutMs = timeout === undefined ? null : toMs(timeout, 'condition()');
  const effect = step.number();
  const timer = timeoutMs === null ? 0 : step.timer(number, 'timeout', step.time + timeoutMs);
  step.add({ kind: 'condition', effect, owner: number, timeout: timer });
  return step.wait(effect, invocation, 'condition', 'condition', predicate, timer) as Promise<boolean>;
}

/** A promise that somebody outside completes by its name (`completePromise`), before or after it is awaited. */
export function promise<T>(name: string): Promise<T> {
  const invocation = invocationFor(runningStep(), 'promise()');
  const step = invocation.open('promise()');
  if (typeof name !== 'string' || name === '') throw new PerdureError('invalid_argument', 'promise() needs a name');
  checkWaits(invocation);
  const effect = step.number();
  step.add({ kind: 'promise', effect, owner: invocation.number, name });
  return step.wait(effect, invocation, 'promise', `promise ${name}`) as Promise<T>;
}

/** Returned by `run()`: it begins again from its first line, on the fields as they are then (S22). */
export function again(options: { readonly after: Duration }): Again {
  invocationFor(runningStep(), 'again()');
  return makeAgain(toMs(options.after, 'again()'));
}

type Method = (...args: never[]) => unknown;

/**
 * Calls one of the entity's own `@Reminder` or `@Signal` methods later, in place of an earlier reminder of that method
 * (S22). Nothing stays parked meanwhile.
 */
export function remind<M extends Method>(method: M, after: Duration, ...args: Parameters<M>): void {
  const invocation = invocationFor(runningStep(), 'remind()');
  const step = invocation.open('remind()');
  const name = ownMethod(invocation, method, 'remind()');
  const encoded = encodeValue(args, { classes: 'plain', path: `arguments of ${name}()` });
  step.timer(invocation.number, 'reminder', step.time + toMs(after, 'remind()'), name, encoded);
}

/** Drops the reminder of a method; without one it does nothing. */
export function forget(method: Method): void {
  const invocation = invocationFor(runningStep(), 'forget()');
  const name = ownMethod(invocation, method, 'forget()');
  invocation.open('forget()').add({ kind: 'forget', owner: invocation.number, method: name });
}

/** True in an invocation that reached this call first under code that has it; false in those begun before (S27). */
export function patched(id: string): boolean {
  return invocationFor(runningStep(), 'patched()').patched(id);
}

/** Runs a synchronous function with the traps off and records its result: it is not run again on replay (S10). */
export function sideEffect<T>(fn: () => T): T {
  const invocation = invocationFor(runningStep(), 'sideEffect()');
  const step = invocation.open('sideEffect()');
  const ordinal = invocation.sideEffects++;
  return decodeValue(step.sideEffect(invocation.number, ordinal, () => runUntrapped(fn))) as T;
}

/** The step's time, milliseconds since the epoch: the same on replay (S6). */
export function now(): number {
  return inEntity('now()').now();
}

/** A float in [0, 1) from the step's seeded generator. */
export function random(): number {
  return inEntity('random()').random();
}

/** A version-4 UUID from the step's seeded generator. */
export function uuid(): string {
  const running = inEntity('uuid()');
  const word = () => Math.floor(running.random() * 4_294_967_296);
  return new RandomStream([word(), word()], { seq: word(), index: word() >>> 1 }).uuid();
}

export interface EntityInfo {
  readonly namespace: string;
  readonly type: string;
  readonly id: string;
  /** When the entity's first message was applied, milliseconds since the epoch. */
  readonly createdAt: number;
}

/** Who the running entity is. */
export function entityInfo(): EntityInfo {
  const { key, ledger } = homeOf(runningStep(), 'entityInfo()') as Instance;
  return { ...key, createdAt: ledger.birth.time };
}

type Logger = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Structured log lines of entity code, silent on replay. */
export const log: Readonly<Record<LogLevel, Logger>> = {
  debug: logger('debug'),
  info: logger('info'),
  warn: logger('warn'),
  error: logger('error'),
};

function logger(level: LogLevel): Logger {
  return (message, fields = {}) => {
    const running = runningStep();
    const { key, environment } = homeOf(running, 'log') as Instance;
    const method = running !== null && 'origin' in running ? { method: (running as Invocation).origin.method } : {};
    if (running?.muted === false) environment.log(key, level, message, { ...method, ...fields });
  };
}

function inEntity(what: string): { now(): number; random(): number } {
  const running = runningStep();
  if (running !== null) return running;
  throw new PerdureError('invalid_argument', `${what} works inside an entity only: it was called outside of one`);
}

function ownMethod(invocation: Invocation, method: Method, what: string): string {
  const { definition, object } = invocation.home as Instance;
  const found = definition.methods.get(method.name);
  const own = (object as Record<string, unknown>)[method.name] === method;
  if (found !== undefined && own && (found.kind === 'reminder' || found.kind === 'signal')) return method.name;
  throw new PerdureError(
    'invalid_argument',
    `${what} takes a @Reminder or @Signal method of the entity itself, as in this.abandoned; it was given ${method.name || 'a function without a name'}`,
  );
}

function checkWaits(invocation: Invocation): void {
  if (invocation.waits.length < MAX_PENDING_WAITS) return;
  throw new PerdureError(
    'resource_exhausted',
    `${invocation.name} has ${MAX_PENDING_WAITS} pending waits: await some before beginning more`,
  );
}

/**
 * Time traps: inside a step every way to ask for the present gives the step's time (S3, S6).
 *
 * Owns: `Date`, `performance`, `process.hrtime` and `uptime`, `Intl.DateTimeFormat` without a date, `Temporal.Now`.
 * Does not own: timers (`trap-timers`).
 *
 * Invariants: `instanceof Date` holds for every date of the realm, and `date.constructor === Date`; a subclass of Date
 * is built as before. A `Date` that was captured, or extended, before the traps were in place escapes them.
 */

import perfHooks from 'node:perf_hooks';
import { runningStep } from '../../framework/core/running';
import { untrapped } from './genuine';
import { disguise, isTrapped, trapFunction, trapGetter } from './trap';
import type { AnyFunction } from './trap';

const NANOS_PER_MS = 1_000_000n;

export function trapTime(): boolean {
  const performances = new Set<object>([perfHooks.performance, globalThis.performance]);
  return [
    trapDate(),
    trapFunction(globalThis.Date, 'now', (step) => step.now()),
    trapIntl(),
    trapTemporal(),
    ...[...performances].flatMap((performance) => [
      trapFunction(performance, 'now', (step) => step.now()),
      trapGetter(performance, 'timeOrigin', () => 0, Object.getPrototypeOf(performance) as object),
    ]),
    trapFunction(process, 'hrtime', (step, [since]) => sinceNanos(nanos(step.now()), since)),
    trapFunction(process.hrtime, 'bigint', (step) => nanos(step.now())),
    trapFunction(process, 'uptime', (step) => step.now() / 1000),
  ].includes(true);
}

function trapDate(): boolean {
  if (isTrapped(globalThis.Date)) return false;
  const RealDate = untrapped(globalThis.Date);
  const construct = RealDate as unknown as AnyFunction;
  function TrappedDate(this: unknown, ...args: unknown[]): unknown {
    const step = runningStep();
    if (new.target === undefined) return step === null ? Reflect.apply(construct, undefined, []) : textAt(step.now());
    const given = args.length === 0 && step !== null ? [step.now()] : args;
    return Reflect.construct(RealDate, given, new.target);
  }
  function textAt(ms: number): string {
    return new RealDate(ms).toString();
  }
  disguise(TrappedDate, RealDate);
  const prototype = RealDate.prototype as Date & { constructor: unknown };
  Object.defineProperty(TrappedDate, 'prototype', { value: prototype, writable: false });
  Object.defineProperty(globalThis, 'Date', { value: TrappedDate, writable: true, configurable: true });
  const original = untrapped(prototype.constructor);
  if (original === RealDate) {
    Object.defineProperty(prototype, 'constructor', { value: TrappedDate, writable: true, configurable: true });
  }
  return true;
}

function trapIntl(): boolean {
  const intl = globalThis.Intl as typeof Intl & { clock?: { _Intl?: typeof Intl } };
  const real = intl.clock?._Intl;
  if (real !== undefined) trapFakeFormat(intl, real);
  const prototype = (real ?? intl).DateTimeFormat.prototype;
  return [
    trapFormat(prototype),
    trapFunction(prototype, 'formatToParts', (step, args, pass) => {
      if (args[0] === undefined) args[0] = step.now();
      return pass();
    }),
  ].includes(true);
}

/** Its functions are wrapped outside steps too, for one may be made there and used in a step. */
function trapFormat(prototype: object): boolean {
  const get = Object.getOwnPropertyDescriptor(prototype, 'format')?.get;
  if (get === undefined || isTrapped(get)) return false;
  const original = untrapped(get);
  const { trap } = {
    trap(this: unknown): unknown {
      return formatOf(Reflect.apply(original, this, []) as AnyFunction);
    },
  };
  disguise(trap, original);
  return Reflect.defineProperty(prototype, 'format', { get: trap, configurable: true });
}

/** One wrapper per bound `format` function, as `formatter.format === formatter.format`. */
const formats = new WeakMap<AnyFunction, AnyFunction>();

function formatOf(format: AnyFunction): AnyFunction {
  let wrapped = formats.get(format);
  if (wrapped === undefined) {
    wrapped = (date, ...rest) => format(date === undefined ? runningStep()?.now() : date, ...rest);
    formats.set(format, wrapped);
  }
  return wrapped;
}

/** A test framework's `Intl` has its own idea of the present: a step's formatters are real ones. */
function trapFakeFormat(fake: typeof Intl, real: typeof Intl): void {
  if (isTrapped(fake.DateTimeFormat)) return;
  const original = fake.DateTimeFormat;
  function DateTimeFormat(...args: Parameters<typeof original>): Intl.DateTimeFormat {
    return new (runningStep() === null ? original : real.DateTimeFormat)(...args);
  }
  disguise(DateTimeFormat, original);
  DateTimeFormat.prototype = original.prototype;
  Object.defineProperty(fake, 'DateTimeFormat', { value: DateTimeFormat, writable: true, configurable: true });
}

function trapTemporal(): boolean {
  const present = (globalThis as { Temporal?: { Now?: object } }).Temporal?.Now;
  if (present === undefined) return false;
  const names = Object.getOwnPropertyNames(present).filter((name) => name !== 'timeZoneId');
  return names
    .map((name) =>
      trapFunction(present, name, (step) => {
        throw step.fault(`Temporal.Now.${name}()`, 'use now(), or Temporal.Instant.fromEpochMilliseconds(now())');
      }),
    )
    .includes(true);
}

function nanos(ms: number): bigint {
  return BigInt(Math.round(ms * 1000)) * (NANOS_PER_MS / 1000n);
}

function sinceNanos(now: bigint, since: unknown): [number, number] {
  const [seconds, rest] = Array.isArray(since) ? (since as [number, number]) : [0, 0];
  const passed = now - (BigInt(seconds) * 1_000_000_000n + BigInt(rest));
  const whole = passed / 1_000_000_000n;
  return [Number(whole), Number(passed - whole * 1_000_000_000n)];
}

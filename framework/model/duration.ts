/**
 * Duration: how a length of time is written, and what it is in milliseconds.
 *
 * Owns: the units and the bounds. Months and years are no units: their length depends on the calendar; write days.
 */

import { PerdureError } from '../errors';

const UNIT_MS = {
  ms: 1,
  millisecond: 1,
  milliseconds: 1,
  s: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
} as const;

/** A unit of time: `m` is a minute, a day is 24 hours. */
export type DurationUnit = keyof typeof UNIT_MS;

/** Milliseconds as a number, or a decimal number and a unit: `'30 days'`, `'1.5h'`, `'250ms'`. */
export type Duration = number | `${number} ${DurationUnit}` | `${number}${DurationUnit}`;

/** The longest duration: 1,000 years of 365.25 days. */
export const MAX_DURATION_MS = 1_000 * 365.25 * UNIT_MS.day;

const TEXT = /^(\d+(?:\.\d+)?) ?([a-z]+)$/;

/**
 * Whole milliseconds (rounded), from 0 to `MAX_DURATION_MS`. `what` names the duration in the error.
 * Throws `invalid_argument` for anything else: negative, NaN, infinite, longer, of another form.
 */
export function toMs(duration: Duration, what: string): number {
  const ms = typeof duration === 'number' ? duration : parse(duration);
  if (Number.isNaN(ms)) {
    throw new PerdureError(
      'invalid_argument',
      `${what} is ${JSON.stringify(duration)}, which is no duration: write milliseconds or a number and a unit, such as '30 days' or '1.5h' (${Object.keys(UNIT_MS).join(', ')})`,
    );
  }
  if (ms < 0) throw new PerdureError('invalid_argument', `${what} is ${duration}: a duration cannot be negative`);
  if (ms > MAX_DURATION_MS) {
    throw new PerdureError('invalid_argument', `${what} is ${duration}: a duration is at most 1,000 years`);
  }
  return Math.round(ms);
}

function parse(text: unknown): number {
  const [, amount, unit] = (typeof text === 'string' && TEXT.exec(text)) || [];
  return amount !== undefined && unit !== undefined && isUnit(unit) ? Number(amount) * UNIT_MS[unit] : NaN;
}

function isUnit(unit: string): unit is DurationUnit {
  return Object.hasOwn(UNIT_MS, unit);
}

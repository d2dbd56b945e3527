/**
 * Record codes: the numbers by which version 1 of the record layout names kinds and flags.
 *
 * Owns: the numbers. They are on disk: lists only grow at their ends, bits keep their meaning.
 */

import type { ActivityOptions, Consequence, Failure, Input, TimerPurpose } from '../core/history';

/** Second byte of a record: the row kind in the low four bits, these above. */
export const HAS_PREV = 0x10;
export const HAS_BIRTH = 0x20;
export const HAS_DIGEST = 0x40;
export const HAS_SCHEMA = 0x80;
export const ROW_KIND_MASK = 0x0f;

/** First byte of an entry; the code of an inline input stands in the high four bits. A HOLD is an admitted ADMIT. */
export const IS_APPLY = 0x01;
export const IS_ADMITTED = 0x02;
export const HAS_FAILURE = 0x04;
export const HAS_CONSEQUENCES = 0x08;

/** Inputs; a message has one code for each of its kinds. */
export const INPUT = {
  signal: 0,
  update: 1,
  activity: 2,
  timer: 3,
  condition: 4,
  promise: 5,
  run: 6,
  operator: 7,
  complete: 8,
} as const satisfies Record<Exclude<Input['kind'], 'message'> | 'signal' | 'update', number>;

/** Flags of a message, below its attempt number times 4. */
export const IS_SUBMITTED = 0x01;
export const IS_GIVEN_ID = 0x02;

export const OPERATOR_ACTIONS = ['hold', 'resume', 'skip', 'terminate'] as const satisfies readonly Extract<
  Input,
  { kind: 'operator' }
>['action'][];

/** First byte of a consequence: its index here in the low four bits, flags above. */
export const CONSEQUENCES = [
  'activity',
  'timer',
  'forget',
  'condition',
  'promise',
  'patch',
  'sideEffect',
  'outcome',
] as const satisfies readonly Consequence['kind'][];
export const CONSEQUENCE_MASK = 0x0f;
/** An activity that is awaited; a patch that is on; a condition with a timeout. */
export const FLAG = 0x10;
/** A timer's arguments follow. Its purpose stands in the bits above. */
export const HAS_ARGS = 0x10;
export const PURPOSE_SHIFT = 5;
export const TIMER_PURPOSES = [
  'sleep',
  'timeout',
  'again',
  'reminder',
  'every',
] as const satisfies readonly TimerPurpose[];

/** First byte of an outcome. */
export const FAILED = 0;
export const SUCCEEDED = 1;

/** First byte of a failure: its kind's index in the low four bits, these above. */
export const FAILURES = [
  'entity',
  'activity',
  'call',
  'timeout',
  'cancelled',
  'bug',
  'fault',
  'refusal',
] as const satisfies readonly Failure['kind'][];
export const FAILURE_MASK = 0x0f;
export const HAS_DETAILS = 0x10;
export const HAS_CAUSE = 0x20;
export const HAS_STACK = 0x40;
/** Failures in one cause chain, the outermost included. */
export const MAX_CHAIN = 16;

/** Options of an activity are written as a set of bits, one for each that differs from these, and those values. */
export const USUAL_OPTIONS: ActivityOptions = {
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
/** Bits 0 to 6 in this order; bit 7 is the factor, bit 8 the queue. */
export const WHOLE_OPTIONS = [
  'startToCloseMs',
  'scheduleToCloseMs',
  'scheduleToStartMs',
  'heartbeatMs',
  'attempts',
  'retryInitialMs',
  'retryMaximumMs',
] as const satisfies readonly (keyof ActivityOptions)[];
export const FACTOR_BIT = 0x80;
export const QUEUE_BIT = 0x100;

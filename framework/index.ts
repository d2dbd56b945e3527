/**
 * Perdure: what entity authors import. Pure: importing it reads no clock, opens nothing and starts nothing.
 */

export { Entity, Every, Query, Reminder, Signal, Update, Validate } from './model/decorators';
export { Dropped, Indexed, Nested, Value, Was } from './model/field-decorators';
export { any, oneOf, optional } from './model/arg-type';
export { contract } from './model/handle';
export type {
  ActivityCallOptions,
  ActivityGroup,
  Contract,
  EnqueuedGroup,
  EntityReference,
  Handle,
} from './model/handle';
export type { Duration } from './model/duration';
export { activities, enqueue } from './core/activities';
export {
  again,
  condition,
  entityInfo,
  forget,
  log,
  now,
  patched,
  promise,
  random,
  remind,
  sideEffect,
  sleep,
  sleepUntil,
  uuid,
} from './core/functions';
export type { EntityInfo } from './core/functions';
export type { Again } from './core/again';
export {
  ActivityFailure,
  CallFailure,
  CancelledFailure,
  DeterminismFault,
  EntityFailure,
  ERROR_TABLE,
  PerdureError,
  TimeoutFailure,
} from './errors';
export type { ErrorCode, ErrorDetails, Retry } from './errors';

/**
 * Fold: what one recorded entry does to an entity's bookkeeping.
 *
 * Owns: every change of the ledger, of the set of invocations and of their waits, for live execution, undo and replay
 * alike. Runs no user code.
 *
 * Invariant: the ledger after a history depends on its entries alone (S2).
 */

import { assert } from '../assert';
import { decodeValue } from '../codec/value';
import { isPlanted } from '../planted-bugs';
import type { Position } from '../model/identity';
import { hashPayload } from './dedupe';
import type { ApplyEntry, Consequence, Entry, Failure, Input, TimerPurpose } from './history';
import type { Instance } from './instance';
import { SHOWN_FAILURES } from './limits';
import type { Admitted } from './ledger';
import type { Step } from './step';
import type { Waiter } from './wait';

/** `step` is the one that ran for the entry, null for entries without one; `began` the invocation that it began. */
export function fold(instance: Instance, entry: Entry, at: Position, step: Step | null, began: Waiter | null): void {
  const { ledger } = instance;
  ledger.time = entry.time;
  switch (entry.kind) {
    case 'admit':
      beginMessage(instance, entry.input, entry.time);
      // Its result is durable from here on: it is never asked for again (S2).
      if (entry.input.kind === 'activity') ledger.activities?.delete(entry.input.effect);
      ledger.admitted.push({ at, input: entry.input, time: entry.time, held: entry.held });
      if (entry.held !== null) keepHeldOutcomes(instance);
      else if (entry.input.kind === 'message' && (ledger.operatorHold ?? ledger.held) !== null)
        ledger.dedupe.keepOutcome(entry.input.id);
      return;
    case 'hold': {
      const admitted = ledger.admitted.find(
        (one) => one.at.seq === entry.admitted.seq && one.at.index === entry.admitted.index,
      );
      assert(admitted !== undefined, 'a held input was admitted (S2)');
      admitted.held = entry.held;
      keepHeldOutcomes(instance);
      return;
    }
    case 'apply':
      foldApply(instance, entry, at, step, began);
  }
}

/** The input of an apply entry: inline, or that of its ADMIT. */
export function inputOf(instance: Instance, entry: ApplyEntry): Input {
  if ('input' in entry.source) return entry.source.input;
  const { admitted } = entry.source;
  const found = instance.ledger.admitted.find((one) => one.at.seq === admitted.seq && one.at.index === admitted.index);
  assert(found !== undefined, () => `the input admitted at ${admitted.seq}.${admitted.index} is there (S2)`);
  return found.input;
}

/** What an input settled or set off. */
interface Consumed {
  /** The invocation whose wait the input settled. */
  readonly continued: Waiter | null;
  /** The method that the input begins; null when it begins none. */
  readonly begins: string | null;
}

/** Owner of what the framework itself asks for. */
const FRAMEWORK = 0;

const NOTHING: Consumed = { continued: null, begins: null };

function foldApply(instance: Instance, entry: ApplyEntry, at: Position, step: Step | null, began: Waiter | null): void {
  const { ledger } = instance;
  const input = inputOf(instance, entry);
  if ('admitted' in entry.source) removeAdmitted(ledger.admitted, entry.source.admitted);
  else if (entry.undone === null || !isPlanted('refusal-forgets-id')) beginMessage(instance, input, entry.time);
  const consumed = consume(instance, input, entry.time);
  instance.conditionsStale = true;
  if (entry.undone !== null) {
    foldUndone(instance, input, consumed, entry.undone, at);
    return;
  }
  if (input.kind === 'message') ledger.born = true;
  if (step !== null) ledger.nextNumber = step.nextNumber;
  if (began !== null) instance.invocations.set(began.number, began);
  const actor = began ?? consumed.continued;
  // A continuation that woke takes exclusivity again; parking gives it up below (S7).
  if (actor?.origin.exclusive) instance.holder = actor;
  for (const wait of step?.waits ?? []) instance.addWait(wait);
  for (const consequence of entry.consequences) foldConsequence(instance, consequence, at);
  if (instance.holder?.released && !isPlanted('monitor-keeps-lock')) instance.holder = null;
  if (input.kind === 'complete' && ledger.admitted.length === 0) complete(instance);
}

/** Takes what the input settles out of the ledger. */
function consume(instance: Instance, input: Input, time: number): Consumed {
  const { ledger } = instance;
  switch (input.kind) {
    case 'activity':
      if (!isPlanted('finished-activity-stays-open')) ledger.activities?.delete(input.effect);
      return { continued: instance.removeWait(input.effect)?.owner ?? null, begins: null };
    case 'timer':
      return consumeTimer(instance, input.effect, time);
    case 'condition': {
      const wait = instance.removeWait(input.effect);
      if (wait !== null) ledger.timers?.delete(wait.timeout);
      return { continued: wait?.owner ?? null, begins: null };
    }
    case 'promise': {
      const wait = instance.promiseWait(input.name);
      const promises = (ledger.promises ??= new Map());
      if (!promises.has(input.name)) promises.set(input.name, input.outcome);
      if (wait !== null) instance.removeWait(wait.effect);
      return { continued: wait?.owner ?? null, begins: null };
    }
    case 'message':
      return { continued: null, begins: input.method };
    case 'run':
      ledger.run = 'running';
      return { continued: null, begins: 'run' };
    case 'complete':
      return NOTHING;
    case 'operator':
      foldOperator(instance, input.action, input.reason, time);
      return NOTHING;
  }
}

function consumeTimer(instance: Instance, effect: number, time: number): Consumed {
  const { ledger } = instance;
  const timer = ledger.timers?.get(effect);
  if (timer === undefined) return NOTHING;
  if (timer.purpose === 'every') {
    const everyMs = decodeValue(timer.args ?? new Uint8Array()) as number;
    timer.due += everyMs * Math.max(1, Math.floor((time - timer.due) / everyMs) + 1);
    return { continued: null, begins: timer.method };
  }
  ledger.timers?.delete(effect);
  switch (timer.purpose) {
    case 'again':
      ledger.run = 'running';
      return { continued: null, begins: 'run' };
    case 'reminder':
      return { continued: null, begins: timer.method };
    case 'sleep':
      return { continued: instance.removeWait(effect)?.owner ?? null, begins: null };
    case 'timeout': {
      const wait = instance.timeoutWait(effect);
      if (wait !== null) instance.removeWait(wait.effect);
      return { continued: wait?.owner ?? null, begins: null };
    }
  }
}

/** The input's step failed: its invocation ends with the failure and nothing else of it remains (S17). */
function foldUndone(instance: Instance, input: Input, consumed: Consumed, failure: Failure, at: Position): void {
  const { ledger } = instance;
  const { continued, begins } = consumed;
  if (continued?.origin.kind === 'run' || begins === 'run') {
    if (continued !== null) endInvocation(instance, continued, isSkip(failure));
    endRun(instance, failure, at);
    return;
  }
  const message = continued?.origin.message ?? (input.kind === 'message' ? input.id : null);
  if (message !== null && !isPlanted('refusal-forgets-id')) ledger.dedupe.answer(message, at, ledger.time);
  const isUpdate = continued?.origin.kind === 'update' || (input.kind === 'message' && input.message === 'update');
  const method = continued?.origin.method ?? begins;
  if (!isUpdate && method !== null) noteFailure(instance, method, failure);
  if (continued !== null) endInvocation(instance, continued, isSkip(failure));
}

/** True for the failure with which an operator ends an invocation (S19). */
export function isSkip({ kind, code }: Failure): boolean {
  return kind === 'cancelled' && code === 'skipped';
}

/** A business failure completes the entity as failed (S18); a skipped run begins again from its first line (S19). */
function endRun(instance: Instance, failure: Failure, at: Position): void {
  const { ledger } = instance;
  if (isSkip(failure)) {
    ledger.run = 'none';
    return;
  }
  ledger.run = 'failing';
  ledger.result = at;
}

/** Nothing is admitted and nobody is parked: the entity is over; enqueued activities still run to their end (S23). */
function complete(instance: Instance): void {
  const { ledger } = instance;
  ledger.run = ledger.run === 'failing' ? 'failed' : 'completed';
  ledger.timers = null;
}

function foldConsequence(instance: Instance, one: Consequence, at: Position): void {
  const { ledger } = instance;
  switch (one.kind) {
    case 'activity':
      (ledger.activities ??= new Map()).set(one.effect, {
        effect: one.effect,
        group: one.group,
        method: one.method,
        args: one.args,
        options: one.options,
        scheduledAt: ledger.time,
        owner: one.awaited ? one.owner : 0,
      });
      return;
    case 'timer':
      if (replaces(one.purpose)) forget(instance, one.purpose, one.method);
      if (one.purpose === 'again') ledger.run = 'waiting';
      (ledger.timers ??= new Map()).set(one.effect, {
        effect: one.effect,
        purpose: one.purpose,
        due: one.due,
        owner: one.owner,
        method: one.method,
        args: one.args,
      });
      return;
    case 'forget':
      if (one.owner === FRAMEWORK || !isPlanted('reminder-not-forgotten'))
        forget(instance, one.owner === FRAMEWORK ? 'every' : 'reminder', one.method);
      return;
    case 'promise':
      return;
    case 'outcome':
      foldOutcome(instance, one, at);
      return;
    case 'condition':
    case 'patch':
    case 'sideEffect':
      return;
  }
}

function replaces(purpose: TimerPurpose): purpose is 'reminder' | 'every' {
  return purpose === 'every' || (purpose === 'reminder' && !isPlanted('reminder-not-replaced'));
}

function foldOutcome(instance: Instance, one: Extract<Consequence, { kind: 'outcome' }>, at: Position): void {
  const { ledger } = instance;
  const invocation = instance.invocations.get(one.owner);
  assert(invocation !== undefined, () => `invocation ${one.owner} that ended was there`);
  const { origin } = invocation;
  if (origin.message !== null) ledger.dedupe.answer(origin.message, at, ledger.time);
  if (!one.outcome.ok && origin.kind !== 'update') noteFailure(instance, origin.method, one.outcome.failure);
  endInvocation(instance, invocation);
  if (origin.kind === 'run' && ledger.run === 'running') {
    ledger.run = 'completing';
    ledger.result = at;
  }
}

/**
 * The invocation is over: what it alone waited for is dropped. Its activities run to their end, their results recorded
 * and ignored; those of an invocation that was `skipped` are dropped too.
 */
export function endInvocation(instance: Instance, invocation: Waiter, skipped = false): void {
  const { ledger } = instance;
  instance.invocations.delete(invocation.number);
  if (instance.holder === invocation) instance.holder = null;
  for (const wait of [...invocation.waits]) {
    instance.removeWait(wait.effect);
    ledger.timers?.delete(wait.kind === 'sleep' ? wait.effect : wait.timeout);
    const activity = ledger.activities?.get(wait.effect);
    if (skipped) ledger.activities?.delete(wait.effect);
    else if (activity !== undefined) activity.owner = 0;
  }
}

function foldOperator(
  instance: Instance,
  action: 'hold' | 'resume' | 'skip' | 'terminate',
  reason: string,
  time: number,
): void {
  const { ledger } = instance;
  if (action === 'hold') {
    ledger.operatorHold = { reason, at: time };
    keepHeldOutcomes(instance);
  }
  if (action === 'resume') ledger.operatorHold = null;
  if (action !== 'terminate') return;
  ledger.terminated = { reason, at: time };
  for (const invocation of [...instance.invocations.values()]) endInvocation(instance, invocation);
  ledger.timers = null;
  ledger.activities = null;
  ledger.admitted = [];
}

/** Callers of held messages are told their operations, so these outcomes are kept for whoever follows them (S16, S19). */
function keepHeldOutcomes({ ledger, invocations }: Instance): void {
  for (const { input } of ledger.admitted) if (input.kind === 'message') ledger.dedupe.keepOutcome(input.id);
  for (const { origin } of invocations.values()) if (origin.message !== null) ledger.dedupe.keepOutcome(origin.message);
}

function forget(instance: Instance, purpose: 'reminder' | 'every', method: string): void {
  const timers = instance.ledger.timers;
  for (const timer of timers?.values() ?? []) {
    if (timer.purpose === purpose && timer.method === method) timers?.delete(timer.effect);
  }
}

function beginMessage(instance: Instance, input: Input, time: number): void {
  if (input.kind !== 'message') return;
  instance.ledger.dedupe.begin(input.id, () => hashPayload(input.args), time, input.submitted);
}

function removeAdmitted(list: Admitted[], at: Position): void {
  const index = list.findIndex((one) => one.at.seq === at.seq && one.at.index === at.index);
  assert(index >= 0, 'an admitted input is applied once (S2)');
  list.splice(index, 1);
}

function noteFailure(instance: Instance, method: string, failure: Failure): void {
  const { failures, time } = instance.ledger;
  failures.push({ method, at: time, failure });
  if (failures.length > SHOWN_FAILURES) failures.shift();
}

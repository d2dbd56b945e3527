/**
 * Execute: runs the step of one input until its microtasks have drained (S1, S4).
 *
 * Owns: starting handlers, settling durable promises, finding how the step ended. Live execution and replay share it.
 * Does not own: what becomes of a failure (`perform`), the ledger (`fold`).
 *
 * Invariants: exactly one durable promise is settled per step (S3); at its end the invocation has finished or is parked
 * on a live durable promise, otherwise the step is a determinism fault (architecture §3).
 */

import { assert } from '../assert';
import { decodeValue, encodeValue } from '../codec/value';
import { fromFailure, toFailure } from '../codec/failure';
import { DeterminismFault, PerdureError, isBusinessFailure } from '../errors';
import { keyText } from '../model/identity';
import type { MethodDefinition } from '../model/definition';
import { isAgain } from './again';
import type { Failure, Input, Outcome } from './history';
import type { Instance } from './instance';
import { Invocation } from './invocation';
import { readOnly } from './read-only';
import { fieldTrouble } from './state';
import type { Step } from './step';
import type { InvocationKind, Wait, Waiter } from './wait';

export interface Ran {
  readonly step: Step;
  /** The invocation that the step began; null when it continued one or ran no code. */
  readonly began: Waiter | null;
  readonly actor: Waiter | null;
  /** Why the step failed; null when it succeeded. */
  readonly failure: Failure | null;
}

type Handler = (this: object, ...args: unknown[]) => unknown;

/**
 * Answers at once when there is nothing to drain. `args`: those of a message as they were just built; null to restore
 * them from the input.
 */
export function runStep(
  instance: Instance,
  input: Input,
  step: Step,
  args: readonly unknown[] | null,
): Ran | Promise<Ran> {
  assert(instance.step === null, 'an entity runs one step at a time (S1)');
  instance.step = step;
  try {
    const began = enter(instance, input, step, args);
    if (step.current === null) return end(instance, step, began, null);
    return drained(instance, step, began);
  } catch (error) {
    return end(instance, step, null, toFailure(error));
  }
}

async function drained(instance: Instance, step: Step, began: Invocation | null): Promise<Ran> {
  await new Promise<void>((done) => instance.environment.drain(done));
  return end(instance, step, began, null);
}

function end(instance: Instance, step: Step, began: Invocation | null, failed: Failure | null): Ran {
  const actor = step.current;
  const failure = failed ?? conclude(instance, step, actor);
  instance.step = null;
  return { step, began, actor, failure };
}

/** Starts or continues the code that the input is for. */
function enter(instance: Instance, input: Input, step: Step, args: readonly unknown[] | null): Invocation | null {
  switch (input.kind) {
    case 'message':
      return enterMessage(instance, input, step, args);
    case 'run':
      return begin(instance, step, 'run', 'run', null, []);
    case 'timer':
      return enterTimer(instance, input.effect, step);
    case 'activity':
    case 'promise':
      return resume(step, instance.waitFor(input), input.outcome);
    case 'condition':
      return resumeCondition(instance, step, instance.waitFor(input));
    case 'complete':
      for (const invocation of instance.invocations.values()) {
        step.add({
          kind: 'outcome',
          owner: invocation.number,
          outcome: { ok: false, failure: completedFailure(instance) },
        });
      }
      return null;
    case 'operator':
      return null;
  }
}

function enterMessage(
  instance: Instance,
  input: Extract<Input, { kind: 'message' }>,
  step: Step,
  built: readonly unknown[] | null,
): Invocation {
  const method = methodOf(instance, input.method);
  const args = built ?? method.args.revive(decodeValue(input.args) as unknown[]);
  if (!step.replaying && method.validator !== null) validate(instance, method.validator, args);
  return begin(instance, step, input.message, input.method, input, args);
}

function enterTimer(instance: Instance, effect: number, step: Step): Invocation | null {
  const timer = instance.ledger.timers?.get(effect);
  if (timer === undefined) return null;
  switch (timer.purpose) {
    case 'again':
      return begin(instance, step, 'run', 'run', null, []);
    case 'every':
      // A build without the method lets the tick pass; the timer is dropped at the end of the step.
      if (instance.definition.methods.get(timer.method)?.kind !== 'every') return null;
      return begin(instance, step, 'every', timer.method, null, []);
    case 'reminder': {
      const method = methodOf(instance, timer.method);
      const args = timer.args === null ? [] : method.args.revive(decodeValue(timer.args) as unknown[]);
      return begin(instance, step, 'reminder', timer.method, null, args);
    }
    case 'sleep':
      return resume(step, instance.waits.get(effect) ?? null, null);
    case 'timeout':
      return settle(step, instance.timeoutWait(effect), (wait) => wait.promise.resolve(false));
  }
}

function begin(
  instance: Instance,
  step: Step,
  kind: InvocationKind,
  name: string,
  message: Extract<Input, { kind: 'message' }> | null,
  args: readonly unknown[],
): Invocation {
  const exclusive = kind !== 'run' && !(instance.definition.methods.get(name)?.interleave ?? false);
  const origin = {
    number: step.number(),
    kind,
    method: name,
    exclusive,
    since: step.time,
    message: message?.id ?? null,
  };
  const handler = (instance.object as Record<string, unknown>)[name];
  if (typeof handler !== 'function')
    throw new PerdureError('internal', `${keyText(instance.key)}: this build has no method ${name}()`);
  const invocation = new Invocation(instance, origin);
  step.current = invocation;
  invocation.start(() => (handler as Handler).apply(instance.object, [...args]));
  return invocation;
}

/** A null outcome settles with undefined. An input that nobody waits for any more runs nothing. */
function resume(step: Step, wait: Wait | null, outcome: Outcome | null): null {
  return settle(step, wait, ({ promise }) => {
    if (outcome === null) promise.resolve(undefined);
    else if (outcome.ok) promise.resolve(decodeValue(outcome.value));
    else promise.reject(fromFailure(outcome.failure));
  });
}

function resumeCondition(instance: Instance, step: Step, woken: Wait | null): null {
  return settle(step, woken, (wait) => {
    try {
      readOnly(instance, 'the predicate of a condition', () => wait.predicate?.());
      wait.promise.resolve(true);
    } catch (error) {
      wait.promise.reject(error as Error);
    }
  });
}

function settle(step: Step, wait: Wait | null, how: (wait: Wait) => void): null {
  if (wait === null) return null;
  step.current = wait.owner;
  const at = wait.owner.waits.indexOf(wait);
  if (at >= 0) wait.owner.waits.splice(at, 1);
  how(wait);
  return null;
}

function validate(instance: Instance, validator: string, args: readonly unknown[]): void {
  const check = (instance.object as Record<string, Handler>)[validator];
  try {
    readOnly(instance, `the validator ${validator}()`, () => check?.apply(instance.object, [...args]));
  } catch (error) {
    if (!isBusinessFailure(error)) throw error;
    throw new PerdureError('rejected', error.message, { reason: error.code, details: error.details, cause: error });
  }
}

/** How the step ended: null for well. Adds the outcome of an invocation that finished. */
function conclude(instance: Instance, step: Step, actor: Waiter | null): Failure | null {
  const fault = step.fault ?? instance.stray;
  if (fault !== null) return toFailure(fault);
  if (actor !== null) {
    const failure = actor.finished === null ? checkParked(actor) : concludeInvocation(step, actor);
    if (failure !== null) return failure;
  }
  if (step.replaying) repeatEvery(step);
  else if (step.current?.origin.message != null || instance.ledger.born) armEvery(instance, step);
  return step.replaying ? null : checkState(instance);
}

function checkParked(actor: Waiter): Failure | null {
  if (actor.parked) return null;
  const message =
    `${actor.name} waits for something that is not durable, such as fetch, a file or a promise of its own: ` +
    'what it waits for would be lost in a crash; move it into an activity';
  return toFailure(new DeterminismFault(message));
}

function concludeInvocation(step: Step, actor: Waiter): Failure | null {
  const { finished, origin } = actor;
  if (finished === null) return null;
  if (!finished.ok) return toFailure(finished.error);
  let value: unknown = finished.value;
  if (origin.kind === 'run' && isAgain(value)) {
    step.timer(origin.number, 'again', step.time + value.afterMs);
    value = undefined;
  }
  try {
    const encoded = encodeValue(value, { classes: 'plain', path: `result of ${origin.method}()` });
    step.add({ kind: 'outcome', owner: origin.number, outcome: { ok: true, value: encoded } });
    return null;
  } catch (error) {
    return toFailure(error);
  }
}

/** Arms each `@Every` method that has no timer of its present interval yet, and drops those the class lost (S22). */
function armEvery(instance: Instance, step: Step): void {
  const { ledger, definition } = instance;
  if (ledger.ended) return;
  for (const { purpose, method } of ledger.timers?.values() ?? []) {
    if (purpose === 'every' && definition.methods.get(method)?.kind !== 'every')
      step.add({ kind: 'forget', owner: 0, method });
  }
  for (const method of instance.definition.every) {
    const interval = encodeValue(method.everyMs);
    let armed = false;
    for (const timer of instance.ledger.timers?.values() ?? []) {
      if (timer.purpose === 'every' && timer.method === method.name)
        armed = Buffer.compare(timer.args ?? new Uint8Array(), interval) === 0;
    }
    if (!armed) step.timer(0, 'every', step.time + method.everyMs, method.name, interval);
  }
}

function repeatEvery(step: Step): void {
  for (const one of step.recorded) {
    if (one.kind === 'timer' && one.purpose === 'every') step.timer(0, 'every', one.due, one.method, one.args);
    if (one.kind === 'forget' && one.owner === 0) step.add(one);
  }
}

/** Fields that cannot be kept fail the step that left them so. */
function checkState(instance: Instance): Failure | null {
  const trouble = fieldTrouble(instance.object, instance.definition);
  if (trouble !== null) return toFailure(new DeterminismFault(`${keyText(instance.key)}: ${trouble}`));
  const { maxStateBytes } = instance.environment;
  const before = instance.bytes;
  try {
    const { length } = instance.encodeStep();
    if (length <= maxStateBytes) return null;
    instance.bytes = before;
    const message = `${keyText(instance.key)}: its state would have ${length} bytes, over the limit of ${maxStateBytes}: keep less in fields, or raise maxStateBytes`;
    return toFailure(new PerdureError('too_large', message));
  } catch (error) {
    return toFailure(new DeterminismFault(`${keyText(instance.key)}: ${(error as Error).message}`));
  }
}

function methodOf(instance: Instance, name: string): MethodDefinition {
  const method = instance.definition.methods.get(name);
  if (method !== undefined) return method;
  throw new PerdureError(
    'internal',
    `${keyText(instance.key)}: this build has no method ${name}(), which its history calls: deploy one that has`,
  );
}

export function completedFailure(instance: Instance): Failure {
  return toFailure(new PerdureError('completed', `${keyText(instance.key)} has completed: its run() has returned`));
}

/**
 * Trap: puts a function in front of another that answers differently while a step runs.
 *
 * Owns: how a trap is put in place. Does not own: what is trapped (`traps` and its neighbours).
 *
 * Invariants: outside a step the call reaches the original with the same receiver and arguments; properties of the
 * original (mocks, `util.promisify.custom`) are seen through the trap; a trap of this realm is never trapped again, one
 * of a realm that is gone is replaced.
 */

import type { RunningStep } from '../../framework/core/running';
import { runningStep } from '../../framework/core/running';
import { TRAP, trapMark, untrapped } from './genuine';
import type { TrapMark } from './genuine';

export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** What a step gets instead. `pass` calls the original. */
export type InStep = (step: RunningStep, args: unknown[], pass: () => unknown) => unknown;

/** True for a trap that asks the steps of this realm. */
export function isTrapped(value: unknown): boolean {
  return trapMark(value)?.realm === globalThis;
}

/** Makes `trap` pass for `original`. */
export function disguise(trap: object, original: object): void {
  const mark: TrapMark = { original, realm: globalThis };
  Object.setPrototypeOf(trap, original);
  Object.defineProperty(trap, TRAP, { value: mark });
  for (const key of ['name', 'length']) {
    const descriptor = Object.getOwnPropertyDescriptor(original, key);
    if (descriptor !== undefined) Object.defineProperty(trap, key, descriptor);
  }
}

/** Traps a function of `target`; true when that changed something. What is no function, or cannot be replaced, stays. */
export function trapFunction(target: object | undefined, name: string, inStep: InStep): boolean {
  if (target === undefined) return false;
  const current: unknown = Reflect.get(target, name);
  if (typeof current !== 'function' || isTrapped(current)) return false;
  return put(target, name, { value: front(untrapped(current) as AnyFunction, inStep) });
}

/** Traps an accessor of `target`, its own or the one that `from` has. */
export function trapGetter(target: object, name: string, inStep: InStep, from: object = target): boolean {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const get = own === undefined ? Object.getOwnPropertyDescriptor(from, name)?.get : own.get;
  if (get === undefined || isTrapped(get)) return false;
  return put(target, name, { get: front(untrapped(get), inStep) });
}

function front(original: AnyFunction, inStep: InStep): AnyFunction {
  const { trap } = {
    trap(this: unknown, ...args: unknown[]): unknown {
      const step = runningStep();
      if (step === null) return Reflect.apply(original, this, args);
      return inStep(step, args, () => Reflect.apply(original, this, args));
    },
  };
  disguise(trap, original);
  return trap;
}

function put(target: object, name: string, change: { value: unknown } | { get: () => unknown }): boolean {
  const before = Object.getOwnPropertyDescriptor(target, name);
  if (before !== undefined && before.configurable === false) {
    return 'value' in change && before.writable === true && Reflect.set(target, name, change.value);
  }
  if (before === undefined && !Object.isExtensible(target)) return false;
  const rest: PropertyDescriptor = 'value' in change ? { writable: true } : {};
  if (!('value' in change) && before?.set !== undefined) rest.set = before.set;
  const enumerable = before?.enumerable ?? false;
  return Reflect.defineProperty(target, name, { ...change, ...rest, enumerable, configurable: true });
}

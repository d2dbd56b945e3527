/**
 * Plain copy: what a wire would have made of a value, so that no live object crosses between processes (S10).
 */

import { AssertionError } from '../../../framework/assert';

/** A deep copy of plain data and bytes. Refuses functions, symbols, promises and instances of classes. */
export function plainCopy<T>(value: T): T {
  return copyOf(value) as T;
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'function' || typeof value === 'symbol') throw notPlain(`a ${typeof value}`);
    return value;
  }
  if (ArrayBuffer.isView(value)) {
    if (!isBytes(value)) throw notPlain('another view of a buffer than bytes');
    return value.slice();
  }
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isPlain(value)) throw notPlain(Object.prototype.toString.call(value));
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    if (name === '__proto__') throw notPlain('a member of that name');
    copy[name] = copyOf((value as Record<string, unknown>)[name]);
  }
  return copy;
}

function notPlain(what: string): AssertionError {
  return new AssertionError(`Perdure assertion failed: a message carries plain data, not ${what}`);
}

/** Of any realm: a test framework runs its files in one of their own. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]';
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

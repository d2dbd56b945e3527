/**
 * Plain copy: what a wire would have made of a value, so that no live object crosses between processes (S10).
 */

import { assert } from '../../../framework/assert';

/** A deep copy of plain data and bytes. Refuses functions, symbols, promises and instances of classes. */
export function plainCopy<T>(value: T): T {
  return copyOf(value) as T;
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    assert(
      typeof value !== 'function' && typeof value !== 'symbol',
      () => `a message carries data, not a ${typeof value}`,
    );
    return value;
  }
  if (ArrayBuffer.isView(value)) {
    assert(isBytes(value), `a message carries bytes, not another view of a buffer`);
    return value.slice();
  }
  if (Array.isArray(value)) return value.map(copyOf);
  assert(isPlain(value), () => `a message carries plain data, not ${Object.prototype.toString.call(value)}`);
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    assert(name !== '__proto__', 'a message has no member of that name');
    copy[name] = copyOf((value as Record<string, unknown>)[name]);
  }
  return copy;
}

/** Of any realm: a test framework runs its files in one of their own. */
export function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === '[object Uint8Array]';
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

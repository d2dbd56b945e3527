/**
 * Random traps: inside a step every random number comes from the step's seed, so that replay draws the same (S17).
 *
 * Owns: `Math.random`, and of `node:crypto` and the global `crypto` what gives random bytes, numbers and UUIDs.
 * Does not own: keys and signatures, which are asynchronous or belong into activities.
 *
 * Invariant: a call that the original refuses is refused by the original, with its own error.
 */

import crypto from 'node:crypto';
import type { RunningStep } from '../../framework/core/running';
import { trapFunction } from './trap';

const MAX_RANDOM_VALUES_BYTES = 65_536;
const MAX_RANDOM_RANGE = 2 ** 48;
const INTEGER_ARRAY = /^\[object (?:Big)?(?:Uint|Int)\d+(?:Clamped)?Array\]$/;

type Callback = (error: null, result: unknown) => void;

export function trapRandom(): boolean {
  const sources = new Set<object>([crypto.webcrypto, globalThis.crypto]);
  return [
    trapFunction(Math, 'random', (step) => step.random()),
    ...[...sources, crypto].flatMap((source) => [
      trapFunction(source, 'randomUUID', (step) => uuid(step)),
      trapFunction(source, 'getRandomValues', (step, [array], pass) => {
        return isIntegerArray(array) && array.byteLength <= MAX_RANDOM_VALUES_BYTES ? fill(step, array) : pass();
      }),
    ]),
    trapFunction(crypto, 'randomBytes', (step, [size, callback], pass) => {
      if (!isCount(size, 2 ** 31 - 1) || !isCallback(callback)) return pass();
      return answer(fill(step, Buffer.alloc(size)), callback);
    }),
    trapFunction(crypto, 'randomInt', (step, args, pass) => {
      const [min, max, callback] = typeof args[1] === 'number' ? args : [0, args[0], args[1]];
      if (!isRange(min, max) || !isCallback(callback)) return pass();
      return answer((min as number) + Math.floor(step.random() * ((max as number) - (min as number))), callback);
    }),
    trapFunction(crypto, 'randomFillSync', (step, args, pass) => {
      return fillPart(step, args[0], args[1], args[2]) ?? pass();
    }),
    trapFunction(crypto, 'randomFill', (step, args, pass) => {
      const callback = args.findLast((arg) => typeof arg === 'function');
      const [offset, size] = args.slice(1).filter((arg) => typeof arg !== 'function');
      const filled = callback === undefined ? undefined : fillPart(step, args[0], offset, size);
      return filled === undefined ? pass() : answer(filled, callback);
    }),
  ].includes(true);
}

/** A version-4 UUID. */
function uuid(step: RunningStep): string {
  const bytes = fill(step, Buffer.alloc(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function fill<T extends ArrayBufferView>(step: RunningStep, view: T): T {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  for (let at = 0; at < bytes.length; at += 4) {
    const word = Math.floor(step.random() * 4_294_967_296);
    for (let i = 0; i < 4 && at + i < bytes.length; i += 1) bytes[at + i] = word >>> (8 * i);
  }
  return view;
}

/** Offset and size count elements, as `randomFill` has it. Undefined for what the original refuses. */
function fillPart(step: RunningStep, target: unknown, offset: unknown = 0, size?: unknown): unknown {
  const isBuffer = Object.prototype.toString.call(target) === '[object ArrayBuffer]';
  if (!isBuffer && !ArrayBuffer.isView(target)) return undefined;
  const view = isBuffer ? new Uint8Array(target as ArrayBuffer) : (target as ArrayBufferView);
  const width = (view as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
  const length = view.byteLength / width;
  if (!isCount(offset, length)) return undefined;
  const count = size ?? length - offset;
  if (!isCount(count, length - offset)) return undefined;
  fill(step, new Uint8Array(view.buffer, view.byteOffset + offset * width, count * width));
  return target;
}

/** Node's callbacks come after the call; a microtask keeps that and belongs to the step. */
function answer(result: unknown, callback: unknown): unknown {
  if (callback === undefined) return result;
  queueMicrotask(() => (callback as Callback)(null, result));
  return undefined;
}

function isIntegerArray(value: unknown): value is ArrayBufferView {
  return ArrayBuffer.isView(value) && INTEGER_ARRAY.test(Object.prototype.toString.call(value));
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

function isRange(min: unknown, max: unknown): boolean {
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max)) return false;
  const range = (max as number) - (min as number);
  return range > 0 && range < MAX_RANDOM_RANGE;
}

function isCallback(value: unknown): boolean {
  return value === undefined || typeof value === 'function';
}

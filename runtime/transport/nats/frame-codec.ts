/**
 * Frame codec: a frame as bytes (C14).
 *
 * Owns: the version, and that what comes out has the shape of a frame, whoever sent it. Does not own: what a frame means.
 *
 * A process may hear frames of other releases, and anything at all: whatever is not a frame of this version is told apart
 * here, and nothing behind this line checks shapes again.
 */

import { decodeValue, encodeValue } from '../../../framework/codec/value';
import type { Frame } from '../../wire/frame';
import { isAddressed, isListOf, isNumber, isShape, isText } from './shape';
import { isTaskFrame } from './task-frame-shape';

const VERSION = 1;

export function encodeFrame(frame: Frame): Uint8Array {
  const value = encodeValue(frame, { classes: 'plain' });
  const bytes = new Uint8Array(value.length + 1);
  bytes[0] = VERSION;
  bytes.set(value, 1);
  return bytes;
}

/** Throws with the reason when the bytes are none. */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes[0] !== VERSION)
    throw new Error(`a frame of version ${bytes[0] ?? 'nothing'}, and this build knows ${VERSION}`);
  const value = decodeValue(bytes.subarray(1));
  if (!isFrame(value)) throw new Error('bytes that are no frame');
  return value;
}

function isFrame(value: unknown): value is Frame {
  if (!isShape(value)) return false;
  const { kind, from, session } = value;
  if (kind === 'requests') return isText(from) && isListOf(value['requests'], isNumberedRequest);
  if (kind === 'answers') return isText(session) && isListOf(value['answers'], isAnswer);
  if (kind === 'unwanted') return isText(from) && isListOf(value['numbers'], isNumber);
  if (kind === 'ask') return isText(from);
  if (isTaskFrame(value)) return true;
  if (kind !== 'routes') return false;
  const isOwner = (owner: unknown): boolean => isListOf(owner, isNumber) && (owner as unknown[]).length === 3;
  const { shards, owners, hosts, more = false } = value;
  if (typeof more !== 'boolean') return false;
  return isText(session) && isNumber(shards) && isListOf(owners, isOwner) && isListOf(hosts, isText);
}

function isNumberedRequest(value: unknown): boolean {
  return isShape(value) && isNumber(value['n']) && isRequest(value['request']);
}

function isRequest(request: unknown): boolean {
  if (!isShape(request) || !isText(request['op'])) return false;
  if (request['op'] === 'list') return isAddressed(request['query']);
  if (request['op'] === 'count') return isAddressed(request['filter']);
  const { key } = request;
  if (!isAddressed(key) || !isText(key['id'])) return false;
  if (request['op'] !== 'message') return true;
  const { method, args, id, attempt } = request;
  return isText(method) && args instanceof Uint8Array && isNumber(attempt) && (id === null || isShape(id));
}

function isAnswer(value: unknown): boolean {
  if (!isShape(value) || !isNumber(value['n'])) return false;
  const { kind, reply, owner } = value;
  if (kind === 'reply') return isShape(reply) && typeof reply['ok'] === 'boolean';
  if (kind === 'moved')
    return owner === null || (isShape(owner) && isText(owner['session']) && isNumber(owner['epoch']));
  return kind === 'working';
}

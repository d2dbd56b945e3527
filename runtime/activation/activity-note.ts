/**
 * Activity note: what a restart must know of an open activity beyond the history.
 *
 * Owns: the bytes of the note. Does not own: when it is written (`activity-runner`), where it is kept (`notes` of the
 * store port). A note is a help, no truth: one that cannot be read counts as none.
 */

import type { Failure } from '../../framework/core/history';
import { decodeValue, encodeValue } from '../../framework/codec/value';

export interface ActivityNote {
  /** Attempts that failed. */
  readonly failures: number;
  readonly lastFailure: Failure | null;
  /** When the next attempt is due, milliseconds since the epoch; null when one was running. */
  readonly nextAttemptAt: number | null;
  /** Encoded details of the last heartbeat. */
  readonly heartbeat: Uint8Array | null;
}

const VERSION = 1;

export function encodeNote(note: ActivityNote): Uint8Array {
  return encodeValue([VERSION, note.failures, note.lastFailure, note.nextAttemptAt, note.heartbeat]);
}

/** Null for bytes that are no note of this version. */
export function decodeNote(bytes: Uint8Array): ActivityNote | null {
  let parts: unknown;
  try {
    parts = decodeValue(bytes, 'note');
  } catch {
    return null;
  }
  if (!Array.isArray(parts) || parts.length !== 5 || parts[0] !== VERSION) return null;
  const [, failures, lastFailure, nextAttemptAt, heartbeat] = parts as unknown[];
  if (typeof failures !== 'number' || !Number.isInteger(failures) || failures < 0) return null;
  if (lastFailure !== null && !isFailure(lastFailure)) return null;
  if (nextAttemptAt !== null && typeof nextAttemptAt !== 'number') return null;
  if (heartbeat !== null && !(heartbeat instanceof Uint8Array)) return null;
  return { failures, lastFailure, nextAttemptAt, heartbeat };
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'kind' in value && 'code' in value && 'message' in value;
}

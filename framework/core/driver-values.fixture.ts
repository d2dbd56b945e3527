/**
 * What a driven entity looks like, and what its messages came to.
 */

import { decodeValue, encodeValue } from '../codec/value';
import type { MessageId } from '../model/identity';
import type { Failure, Outcome } from './history';
import type { Instance } from './instance';

/** What became of a message: its value or failure, or how far it has come. */
export type Told =
  | { readonly state: 'done'; readonly value: unknown }
  | { readonly state: 'failed'; readonly failure: Failure; readonly recorded: boolean }
  | { readonly state: 'waiting' | 'pending' | 'repeat' | 'conflict' | 'too_old' | 'full' | 'ended' };

export function valueIn(told: Told): unknown {
  if (told.state !== 'done') throw new Error(`it has no value: ${JSON.stringify(told)}`);
  return told.value;
}

export function failureIn(told: Told): Failure {
  if (told.state !== 'failed') throw new Error(`it has not failed: ${JSON.stringify(told)}`);
  return told.failure;
}

export function good(value: unknown): Outcome {
  return { ok: true, value: encodeValue(value) };
}

export function idText(id: MessageId): string {
  return 'given' in id ? `given ${id.given}` : `${id.session} ${id.n}`;
}

export function toldOf(outcome: Outcome): Told {
  if (!outcome.ok) return { state: 'failed', failure: outcome.failure, recorded: true };
  return { state: 'done', value: decodeValue(outcome.value) };
}

/** Everything that the next step can depend on. */
export function imageOf(instance: Instance) {
  const parked = [...instance.invocations.values()].map((one) => ({
    origin: one.origin,
    parked: one.parked,
    released: one.released,
    waits: one.waits.map(({ effect, kind, label, timeout, promise }) => ({
      effect,
      kind,
      label,
      timeout,
      live: promise.live,
    })),
  }));
  return {
    fields: decodeText(instance.encode()),
    ledger: decodeValue(instance.ledger.image()),
    parked,
    holder: instance.holder?.number ?? null,
    waits: instance.waits.values().map(({ effect }) => effect),
    conditions: instance.conditions.values().map(({ effect }) => effect),
  };
}

function decodeText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

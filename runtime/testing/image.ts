/**
 * Image: all that makes up an entity between two steps, to be compared with another image of it (S24).
 *
 * Owns: what counts (encoded fields, ledger, parked invocations), and saying in words what differs.
 * Does not own: when images are taken and what a difference means (`crash-mode`).
 */

import { inspect } from 'node:util';
import { decodeFields, sameBytes } from '../../framework/codec/fields';
import { decodeValue } from '../../framework/codec/value';
import type { Instance } from '../../framework/core/instance';

export interface Image {
  /** Encoded fields, as a snapshot has them. */
  readonly fields: Uint8Array;
  readonly hashes: ReadonlyMap<string, number>;
  readonly ledger: Uint8Array;
  readonly parked: string;
}

/** Parts of a ledger's image, in its order. */
const LEDGER_PARTS = [
  ...['birth time', 'birth seed', 'birth seed', 'whether it was born', 'effect numbers', 'step time'],
  ...['admitted inputs', 'timers', 'activities', 'promises', 'state of run()', 'result of run()'],
  ...['operator hold', 'termination', 'failures of signals', 'remembered message ids'],
];
/** Longest text of one value in a report, in characters. */
const SHOWN_CHARACTERS = 200;

export function imageOf(instance: Instance): Image {
  const { bytes, hashes } = instance.encodeWithHashes();
  const names = instance.definition.fields;
  return {
    fields: bytes,
    hashes: new Map(names.map((name, at) => [name, hashes[at] ?? 0])),
    ledger: instance.ledger.image(),
    parked: parkedText(instance),
  };
}

function parkedText({ invocations, holder }: Instance): string {
  const all = [...invocations.values()].map(({ number, origin, waits }) => {
    const on = waits.map(({ effect, label, timeout }) => `${label} (${effect}${timeout > 0 ? `, ${timeout}` : ''})`);
    return `${origin.kind} ${origin.method} (${number}) since ${origin.since} on ${on.sort().join(', ')}`;
  });
  return [...all.sort(), `exclusive: ${holder?.number ?? 'nobody'}`].join('; ');
}

export interface Difference {
  /** Fields that differ. */
  readonly fields: readonly string[];
  /** Each difference in words; empty when the images are equal. */
  readonly facts: readonly string[];
}

/** `loaded` is how the second image came about, for people. */
export function differenceOf(before: Image, after: Image, loaded: string): Difference {
  const facts: string[] = [];
  const fields = [...before.hashes.keys()].filter((name) => before.hashes.get(name) !== after.hashes.get(name));
  if (fields.length > 0) {
    const [was, is] = [decodeFields(before.fields), decodeFields(after.fields)];
    for (const name of fields) facts.push(`field ${name} was ${shown(was.get(name))} and is ${shown(is.get(name))}`);
  }
  if (!sameBytes(before.ledger, after.ledger)) facts.push(...ledgerFacts(before.ledger, after.ledger));
  if (before.parked !== after.parked) facts.push(`parked was [${before.parked}] and is [${after.parked}]`);
  return { fields, facts: facts.map((fact) => `${fact} ${loaded}`) };
}

function ledgerFacts(before: Uint8Array, after: Uint8Array): string[] {
  const [was, is] = [decodeValue(before) as unknown[], decodeValue(after) as unknown[]];
  return LEDGER_PARTS.flatMap((part, at) => {
    const [one, other] = [shown(was[at]), shown(is[at])];
    return one === other ? [] : [`bookkeeping (${part}) was ${one} and is ${other}`];
  });
}

/** A value in a report, cut to SHOWN_CHARACTERS. */
export function shown(value: unknown): string {
  const text = inspect(value, { depth: 6, breakLength: Infinity, maxStringLength: 80 });
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

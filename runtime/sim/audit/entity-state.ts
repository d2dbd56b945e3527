/**
 * Entity state: two states of one entity compared, its fields and its ledger.
 *
 * Owns: what running again needs of a world, and naming the first part that differs. Does not own: how either came about.
 */

import { isDeepStrictEqual } from 'node:util';
import { sameBytes } from '../../../framework/codec/fields';
import { decodeValue } from '../../../framework/codec/value';
import type { CoreEnvironment, Instance } from '../../../framework/core/instance';
import { DEFAULT_LIMITS } from '../../node';
import { systemClock } from '../../system/clock';
import { LIMITS } from '../small-sizes';

/** For steps that are run again outside the simulated world, between two of its events. */
export const auditEnvironment: CoreEnvironment = {
  drain: (done) => systemClock.drain(done),
  build: 'audit',
  checked: () => true,
  log: () => undefined,
  maxStateBytes: DEFAULT_LIMITS.maxStateBytes,
  segmentIds: LIMITS.segmentIds,
};

/** In the order of `Ledger.image`; the last one holds the remembered ids. */
const LEDGER_PARTS = [
  'time of birth',
  'seed',
  'seed',
  'birth',
  'next number',
  'step time',
  'admitted inputs',
  'timers',
  'activities',
  'promises',
  'state of run()',
  'result',
  "operator's hold",
  'termination',
  'failures',
  'remembered message ids',
];

/** What the second image says otherwise than the first, in words; null when they agree. */
export function ledgerDifference(expected: Uint8Array, found: Uint8Array): string | null {
  if (sameBytes(expected, found)) return null;
  const [left, right] = [decodeValue(expected), decodeValue(found)] as [unknown[], unknown[]];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    if (!isDeepStrictEqual(left[at], right[at]))
      return `has other ${LEDGER_PARTS[at] ?? `part ${at}`} than the records before it add up to`;
  }
  return null;
}

/** As `ledgerDifference`, of two entities as they stand. */
export function stateDifference(expected: Instance, found: Instance): string | null {
  if (!sameBytes(expected.encode(), found.encode())) return 'has other fields than the records before it add up to';
  return ledgerDifference(expected.ledger.image(), found.ledger.image());
}

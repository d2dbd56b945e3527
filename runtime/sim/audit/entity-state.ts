/**
 * Entity state: two states of one entity compared, its fields and its ledger.
 *
 * Owns: what running again needs of a world, and naming the first part that differs. Does not own: how either came about.
 */

import { isDeepStrictEqual } from 'node:util';
import { sameBytes } from '../../../framework/codec/fields';
import type { CoreEnvironment, Instance } from '../../../framework/core/instance';
import type { Ledger } from '../../../framework/core/ledger';
import { DEFAULT_LIMITS } from '../../node';
import { systemClock } from '../../system/clock';
import { LIMITS } from '../sites/small-sizes';

/** For steps that are run again outside the simulated world, between two of its events. */
export const auditEnvironment: CoreEnvironment = {
  drain: (done) => systemClock.drain(done),
  build: 'audit',
  checked: () => true,
  log: () => undefined,
  maxStateBytes: DEFAULT_LIMITS.maxStateBytes,
  segmentIds: LIMITS.segmentIds,
};

/** What the second ledger says otherwise than the first, in words; null when they agree. */
export function ledgerDifference(expected: Ledger, found: Ledger): string | null {
  const [left, right] = [partsOf(expected), partsOf(found)];
  const other = Object.keys(left).find((part) => !isDeepStrictEqual(left[part], right[part]));
  return other === undefined ? null : `has other ${other} than the records before it add up to`;
}

/** As `ledgerDifference`, of two entities as they stand. */
export function stateDifference(expected: Instance, found: Instance): string | null {
  if (!sameBytes(expected.encode(), found.encode())) return 'has other fields than the records before it add up to';
  return ledgerDifference(expected.ledger, found.ledger);
}

/** By what they are called. An empty list and none are the same. */
function partsOf(ledger: Ledger): Readonly<Record<string, unknown>> {
  return {
    birth: [ledger.born, ledger.birth.time, ledger.birth.seed[0], ledger.birth.seed[1]],
    'numbers and times': [ledger.nextNumber, ledger.time],
    'admitted inputs': ledger.admitted,
    timers: [...(ledger.timers?.values() ?? [])],
    activities: [...(ledger.activities?.values() ?? [])],
    promises: [...(ledger.promises ?? [])],
    'state of run()': [ledger.run, ledger.result],
    'holds and end': [ledger.operatorHold, ledger.terminated],
    failures: ledger.failures,
    'remembered message ids': ledger.dedupe.image(),
  };
}

import { toFailure } from '../../framework/codec/failure';
import { ActivityFailure, DeterminismFault, EntityFailure, ERROR_TABLE, PerdureError } from '../../framework/errors';
import type { ErrorCode } from '../../framework/errors';
import type { WireError } from './envelope';
import { failureToWireError, fromWireError, toWireError } from './errors';

const causeOf = (error: unknown) => (error as Error).cause as PerdureError & EntityFailure;

describe('errors on the wire', () => {
  it.each(Object.keys(ERROR_TABLE) as ErrorCode[])('keep the code %s with reason, details and operation', (code) => {
    const error = new PerdureError(code, 'a/1: fact: remedy', {
      reason: 'why',
      details: { at: [1, new Date(5)] },
      operation: 'op',
      cause: new TypeError('below'),
    });
    const seen = fromWireError(toWireError(error));
    expect(seen).toMatchObject({ code, message: 'a/1: fact: remedy', reason: 'why', operation: 'op' });
    expect(seen.details).toEqual({ at: [1, new Date(5)] });
    expect(causeOf(seen)).toMatchObject({ name: 'TypeError', message: 'below' });
  });

  it('show a business failure as `failed` with its own code, message, details and cause chain (S18)', () => {
    const below = new ActivityFailure('card_declined', 'declined', { card: 7 }, new EntityFailure('bank', 'said no'));
    const thrown = new EntityFailure('payment', 'not paid', { cents: 12n }, below);
    for (const wire of [toWireError(thrown), failureToWireError(toFailure(thrown))]) {
      const seen = fromWireError(wire);
      expect(seen).toMatchObject({ code: 'failed', reason: 'payment', message: 'not paid', details: { cents: 12n } });
      expect(causeOf(seen)).toMatchObject({ failure: 'activity', code: 'card_declined', details: { card: 7 } });
      expect(causeOf(causeOf(seen))).toMatchObject({ failure: 'entity', code: 'bank', message: 'said no' });
    }
  });

  it("never take an author's code for one of the table", () => {
    const thrown = new EntityFailure('not_found', 'no such order');
    expect(failureToWireError(toFailure(thrown))).toMatchObject({ code: 'failed', reason: 'not_found' });
  });

  it('show a recorded refusal of the framework under its own code and reason (S13)', () => {
    const refusal = new PerdureError('conflict', 'too late', { reason: 'too_old' });
    expect(failureToWireError(toFailure(refusal))).toMatchObject({ code: 'conflict', reason: 'too_old' });
  });

  it('show bugs and determinism faults as `internal` with the bug as cause (S19)', () => {
    expect(fromWireError(toWireError(new RangeError('oops')))).toMatchObject({ code: 'internal', message: 'oops' });
    expect(causeOf(fromWireError(toWireError(new RangeError('oops'))))).toMatchObject({ name: 'RangeError' });
    expect(toWireError(new DeterminismFault('fetch'))).toMatchObject({ code: 'internal', cause: { kind: 'fault' } });
    expect(toWireError('text')).toMatchObject({ code: 'internal' });
  });

  it('survive details that cannot be encoded and codes this version does not know', () => {
    const seen = fromWireError(toWireError(new PerdureError('held', 'm', { details: () => 0 })));
    expect([seen.code, typeof seen.details]).toEqual(['held', 'string']);
    const newer = { ...toWireError(new PerdureError('held', 'm')), code: 'from_the_future' } as unknown as WireError;
    expect(fromWireError(newer).code).toBe('internal');
  });
});

import vm from 'node:vm';

import type { Failure } from '../core/history';
import {
  ActivityFailure,
  CallFailure,
  CancelledFailure,
  DeterminismFault,
  EntityFailure,
  PerdureError,
  TimeoutFailure,
} from '../errors';
import { MAX_CAUSES, MAX_DETAILS_BYTES, MAX_MESSAGE_BYTES, fromFailure, toFailure } from './failure';
import { decodeValue, encodeValue } from './value';

const trip = (error: unknown): Error => fromFailure(toFailure(error));
const plain = (more: Partial<Failure>): Failure => ({
  kind: 'bug',
  code: 'TypeError',
  message: 'm',
  details: null,
  cause: null,
  stack: '',
  ...more,
});

describe('business failures as data (S18)', () => {
  it.each([
    ['entity', EntityFailure],
    ['activity', ActivityFailure],
    ['call', CallFailure],
    ['timeout', TimeoutFailure],
    ['cancelled', CancelledFailure],
  ])('come back in their class: %s', (kind, Class) => {
    const failure = toFailure(new Class('no_points', 'has 3', { points: 3 }));
    expect(failure).toMatchObject({ kind, code: 'no_points', message: 'has 3', cause: null, stack: '' });
    const back = fromFailure(failure) as EntityFailure;
    expect(back).toBeInstanceOf(Class);
    expect(back).toMatchObject({ name: Class.name, code: 'no_points', message: 'has 3', details: { points: 3 } });
    expect(toFailure(back)).toEqual(failure);
  });

  it('keep their chain of causes', () => {
    const chain = new CallFailure(
      'failed',
      'call',
      undefined,
      new ActivityFailure('out', 'activity', [1], new TypeError('deep')),
    );
    const back = trip(chain) as CallFailure;
    expect(back.cause).toBeInstanceOf(ActivityFailure);
    expect((back.cause as ActivityFailure).details).toEqual([1]);
    expect((back.cause as Error).cause).toMatchObject({ name: 'TypeError', message: 'deep' });
    expect(toFailure(back)).toEqual(toFailure(chain));
  });

  it('of another copy of the package are recognised by what they carry', () => {
    const other = Object.assign(new Error('later'), { failure: 'postponed', code: 7, details: undefined });
    expect(toFailure(other)).toMatchObject({ kind: 'entity', code: '7', message: 'later', details: null });
  });

  it('have no details where none were given', () => {
    expect(toFailure(new EntityFailure('x')).details).toBeNull();
    expect((trip(new EntityFailure('x')) as EntityFailure).details).toBeUndefined();
    expect((trip(new EntityFailure('x', 'm', null)) as EntityFailure).details).toBeNull();
  });

  it('say what became of details that cannot be kept or read', () => {
    const noted = trip(new EntityFailure('x', 'm', { f: () => 1 })) as EntityFailure;
    expect(noted.details).toMatch(/^\(left out: details\.f is a function/);
    const great = trip(new EntityFailure('x', 'm', 'y'.repeat(MAX_DETAILS_BYTES))) as EntityFailure;
    expect(great.details).toBe('(left out: details of 65540 bytes)');
    const damaged = fromFailure(plain({ kind: 'entity', details: Uint8Array.of(0x3f) })) as EntityFailure;
    expect(damaged.details).toMatch(/^\(cannot be read: Damaged bytes/);
  });

  it('keep the data of details of an unregistered class', () => {
    class Limit {
      points = 3;
    }
    expect((trip(new EntityFailure('x', 'm', new Limit())) as EntityFailure).details).toEqual({ points: 3 });
  });
});

describe("the framework's refusals as data", () => {
  it('keep code, reason, details and operation', () => {
    const error = new PerdureError('held', 'behind', {
      reason: 'r',
      details: [1],
      operation: 'op',
      cause: new Error('c'),
    });
    const failure = toFailure(error);
    expect(failure).toMatchObject({ kind: 'refusal', code: 'held', message: 'behind', stack: '' });
    const back = fromFailure(failure) as PerdureError;
    expect(back).toBeInstanceOf(PerdureError);
    expect(back).toMatchObject({ code: 'held', reason: 'r', details: [1], operation: 'op', retry: 'same-id' });
    expect((back.cause as Error).message).toBe('c');
    expect(toFailure(back)).toEqual(failure);
  });

  it('are not taken for an author’s failure of the same code', () => {
    expect(toFailure(new PerdureError('rejected', 'm')).kind).toBe('refusal');
    expect(toFailure(new EntityFailure('rejected', 'm')).kind).toBe('entity');
    expect(trip(new EntityFailure('rejected', 'm'))).toBeInstanceOf(EntityFailure);
  });

  it('of a code this build does not know are internal', () => {
    expect(fromFailure(plain({ kind: 'refusal', code: 'constructor' }))).toMatchObject({
      code: 'internal',
      message: 'm',
    });
  });

  it('with details of another shape show them', () => {
    const failure = plain({ kind: 'refusal', code: 'internal', details: encodeValue('text') });
    expect((fromFailure(failure) as PerdureError).details).toBe('text');
  });
});

describe('bugs and faults as data (S18)', () => {
  it('keep name, message and the first lines of the stack', () => {
    const failure = toFailure(new TypeError('x is not a function'));
    expect(failure).toMatchObject({ kind: 'bug', code: 'TypeError', message: 'x is not a function', details: null });
    expect(failure.stack.split('\n').length).toBeLessThanOrEqual(8);
    expect(failure.stack).toContain('failure.test');
    const back = fromFailure(failure);
    expect(back).toMatchObject({ name: 'TypeError', message: 'x is not a function', stack: failure.stack });
    expect(toFailure(back)).toEqual(failure);
    expect(fromFailure({ ...failure, stack: '' }).stack).toBe('TypeError: x is not a function');
  });

  it('come back as a determinism fault', () => {
    const failure = toFailure(new DeterminismFault('fetch in a step', { cause: new Error('c') }));
    expect(failure).toMatchObject({ kind: 'fault', code: 'determinism_fault' });
    const back = fromFailure(failure);
    expect(back).toBeInstanceOf(DeterminismFault);
    expect((back.cause as Error).message).toBe('c');
    expect(toFailure(back)).toEqual(failure);
  });

  it('are made of any error when asked for', () => {
    expect(toFailure(new PerdureError('invalid_argument', 'm'), 'bug')).toMatchObject({
      kind: 'bug',
      code: 'PerdureError',
    });
    expect(toFailure(new EntityFailure('x', 'm'), 'fault')).toMatchObject({ kind: 'fault', code: 'determinism_fault' });
  });

  it.each<[unknown, string]>([
    ['text', 'Something that is no error was thrown, string: text'],
    [undefined, 'Something that is no error was thrown, undefined: undefined'],
    [null, 'Something that is no error was thrown, object: null'],
    [Symbol('s'), 'Something that is no error was thrown, symbol: Symbol(s)'],
    [{ a: 1 }, 'Something that is no error was thrown, object: [object Object]'],
  ])('are whatever else was thrown: %p', (thrown, message) => {
    expect(toFailure(thrown)).toMatchObject({ kind: 'bug', code: 'Thrown', message, stack: '' });
  });

  it('are errors of another realm', () => {
    expect(toFailure(vm.runInNewContext('new RangeError("far")'))).toMatchObject({
      kind: 'bug',
      code: 'RangeError',
      message: 'far',
    });
    expect(toFailure({ message: 5 })).toMatchObject({ code: 'Error', message: '5', stack: '' });
  });

  it('are made even of what cannot be read', () => {
    const hostile = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('trap');
      },
    });
    expect(toFailure(hostile)).toMatchObject({ kind: 'bug', message: 'What was thrown cannot be read' });
    expect(toFailure(hostile, 'fault').kind).toBe('fault');
  });
});

describe('the bounds of a failure', () => {
  it('cut a cause chain after 8 failures, a cycle too', () => {
    const cycle = new Error('loop');
    cycle.cause = cycle;
    let length = 0;
    for (let at: Failure | null = toFailure(cycle); at !== null; at = at.cause) length++;
    expect(length).toBe(MAX_CAUSES);
  });

  it('cut a message at 4 KiB of well-formed text', () => {
    const { message } = toFailure(new Error('é'.repeat(MAX_MESSAGE_BYTES)));
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    expect(message).toMatch(/^é+…$/);
    expect(toFailure(new Error('a'.repeat(MAX_MESSAGE_BYTES))).message).toHaveLength(MAX_MESSAGE_BYTES);
    expect(toFailure(new Error('lone \ud800')).message).toBe('lone \ufffd');
  });

  it('leave values that decode', () => {
    const { details } = toFailure(
      new PerdureError('conflict', 'm', { reason: 'too_old', details: { bad: Symbol('x') } }),
    );
    expect(decodeValue(details!)).toEqual({
      reason: 'too_old',
      details: expect.stringMatching(/^\(left out: details\.bad is a symbol/) as string,
    });
  });
});

import { UNKNOWN } from '../checkers/history';
import { stockFault } from './conditions';
import type { Event } from './conditions';
import { ordersFault } from './given-ids';
import { conveyorFault } from './holds';
import { millFault } from './poison';
import { promisesFault } from './promises';
import { reminderFault } from './reminders';
import type { Mark } from './reminders';
import { roundsFault } from './rounds';
import { submitsFault } from './submits';

const asked = <I, O>(op: I, output: O, client = 'c') => {
  return { client, key: 'k-1', op, output, invokedAt: 1, returnedAt: 2 };
};

describe('the check of reminders', () => {
  const marks = (...all: readonly (readonly [Mark['what'], string, number])[]) =>
    all.map(([what, name, due]): Mark => ({ what, name, due }));

  it('takes the last one set to ring, once (S22)', () => {
    expect(reminderFault(marks(['set', 'a', 5], ['set', 'b', 9], ['rang', 'b', 9]), ['a', 'b'])).toBeNull();
    expect(reminderFault(marks(['set', 'a', 5], ['forgot', 'b', 1]), [])).toBeNull();
  });

  it.each([
    ['a rings, and b is set', marks(['set', 'a', 5], ['set', 'b', 9], ['rang', 'a', 5])],
    ['a rings, and none is set', marks(['set', 'a', 5], ['rang', 'a', 5], ['rang', 'a', 6])],
    ['a rings, and none is set', marks(['set', 'a', 5], ['forgot', 'b', 2], ['rang', 'a', 5])],
    ['a rings 2 ms early', marks(['set', 'a', 5], ['rang', 'a', 3])],
    ['a never rings', marks(['set', 'a', 5])],
    ['a is applied twice', marks(['set', 'a', 5], ['rang', 'a', 5], ['set', 'a', 9], ['rang', 'a', 9])],
    ['x was acknowledged and is not there', marks(['set', 'a', 5], ['rang', 'a', 5])],
  ])('complains: %s (S22)', (fault, all) => {
    expect(reminderFault(all, ['a', 'x'])).toBe(fault);
  });
});

describe('the check of rounds', () => {
  const whole = { goal: 2, begun: 2, done: [1, 2], notBefore: 0, early: 0 };

  it('takes one round after the other (S22)', () => expect(roundsFault(whole)).toBeNull());

  it.each([
    ['1 rounds began too early', { early: 1 }],
    ['round 1 was done in place of round 2', { done: [1, 1] }],
    ['3 rounds were begun, and 2 done', { begun: 3 }],
    ['3 rounds were asked for, and 2 done', { goal: 3 }],
  ])('complains: %s (S22)', (fault, change) => expect(roundsFault({ ...whole, ...change })).toBe(fault));
});

describe('the check of conditions', () => {
  const events = (...all: readonly (readonly [Event['what'], string, number])[]) =>
    all.map(([what, name, amount]): Event => ({ what, name, amount }));
  const good = events(['put', 'p', 5], ['wants', 't', 3], ['took', 't', 3], ['counts', 'n', 2], ['counted', 'n', 2]);
  const told = [asked({ way: 'take', name: 't' } as const, true), asked({ way: 'count', name: 'n' } as const, 2)];

  it('takes what adds up (S6, S7)', () => expect(stockFault(2, good, told)).toBeNull());

  it.each([
    ['t took 3 of 1', 0, events(['put', 'p', 1], ['wants', 't', 3], ['took', 't', 3])],
    ['t left without 3 of 5', 5, events(['put', 'p', 5], ['wants', 't', 3], ['left', 't', 3])],
    ['p put twice', 10, events(['put', 'p', 5], ['put', 'p', 5])],
    ['it holds 4, and 5 are left of what was put in', 4, events(['put', 'p', 5])],
    ['t still waits for 3, and 5 are there', 5, events(['put', 'p', 5], ['wants', 't', 3])],
    ['p put while n counts', 5, events(['counts', 'n', 0], ['put', 'p', 5], ['counted', 'n', 5])],
    ['n counts 7 where 0 are', 0, events(['counts', 'n', 7])],
    ['the take of t was acknowledged, and has not come to its end', 5, events(['put', 'p', 5])],
  ])('complains: %s (S6, S7)', (fault, stock, all) => expect(stockFault(stock, all, told)).toBe(fault));

  it('complains about another answer than what came to pass (S12)', () => {
    const lied = [asked({ way: 'take', name: 't' } as const, false)];
    expect(stockFault(2, good, lied)).toBe('t was told false, and took');
    expect(stockFault(2, good, [asked({ way: 'count', name: 'n' } as const, 9)])).toBe('n was told 9, and counted 2');
  });
});

describe('the check of promises', () => {
  const wait = asked({ way: 'wait', name: 'w', on: 'p' } as const, 'ok' as const);
  const done = (name: string, output: 'ok' | 'refused') => asked({ way: 'complete', name, on: 'p' } as const, output);

  it('takes the first value for all, and a refusal for the others (S7)', () => {
    expect(promisesFault(['w'], ['w of p: a'], [wait, done('a', 'ok'), done('b', 'refused')])).toBeNull();
  });

  it.each([
    ['promise p came to a and to b', ['w', 'v'], ['w of p: a', 'v of p: b'], [wait]],
    ['w got its value twice', ['w'], ['w of p: a', 'w of p: a'], [wait]],
    ['w waits for a promise that is completed', ['w'], [], [wait]],
    ['w was acknowledged, and does not wait', [], [], [wait]],
    ['promise p came to a, and b was acknowledged', ['w'], ['w of p: a'], [done('b', 'ok')]],
    ['promise p came to a, which was refused', ['w'], ['w of p: a'], [done('a', 'refused')]],
  ])('complains: %s (S7)', (fault, waits, got, all) => expect(promisesFault(waits, got, all)).toBe(fault));
});

describe('the check of submitted updates', () => {
  const one = { key: 'k-1', item: 'a', refuses: false, operation: 'o', accepted: true, outcome: '1' };

  it('takes an outcome that is the place of its item (S16)', () => expect(submitsFault(['a'], [one])).toBeNull());

  it.each([
    ['a is there twice', ['a', 'a'], one],
    ['a was accepted, and has no outcome', ['a'], { ...one, outcome: null }],
    ['a came to 1, and is in place 0', [], one],
    ['a was refused, and is there', ['a'], { ...one, refuses: true, outcome: 'refused' }],
  ])('complains: %s (S16)', (fault, items, submitted) => expect(submitsFault(items, [submitted])).toBe(fault));
});

describe('the check of given ids', () => {
  const order = (amount: number, output: number | 'conflict' | 'odd 2') => asked({ messageId: 'm', amount }, output);

  it('takes one answer for all who sent the same, and a conflict for the others (S11, S12)', () => {
    expect(ordersFault(['m 2'], [order(2, 1), order(2, 1), order(3, 'conflict')])).toBeNull();
  });

  it.each([
    ['m was answered 1, and 2', ['m 2', 'm 2'], [order(2, 1), order(2, 2)]],
    ['m was taken with 2, and with 3', ['m 2'], [order(2, 1), order(3, 1)]],
    ['m was answered 1, where n 2 stands', ['n 2'], [order(2, 1)]],
    ['m with 2 was taken, and was a conflict', ['m 2'], [order(2, 1), order(2, 'conflict')]],
    ['m is applied twice', ['m 2', 'm 2'], [order(2, 1)]],
    ['m 3 was refused, and is there', ['m 3'], []],
  ])('complains: %s (S11, S12)', (fault, orders, all) => expect(ordersFault(orders, all)).toBe(fault));
});

describe('the check of holds', () => {
  const take = (item: string, output: 'ok' | 'skipped' | 'unborn' | typeof UNKNOWN = 'ok') =>
    asked({ way: 'take', item } as const, output);

  it('takes what is there once each in the order of its sender, and broken items nowhere (S2, S19)', () => {
    const all = [take('a'), take('b?'), take('c'), take('d!', 'skipped'), take('e', UNKNOWN)];
    expect(conveyorFault(['a', 'c'], all)).toBeNull();
  });

  it.each([
    ['a is there twice', ['a', 'a'], [take('a')]],
    ['b? failed, and is there', ['b?'], []],
    ['a was acknowledged, and is not there', [], [take('a')]],
    ['a was skipped, and is there', ['a'], [take('a', 'skipped')]],
    ['b stands before what its sender sent before it', ['b', 'a'], [take('a'), take('b')]],
    ['a was told place 2, and is in 1', ['a'], [asked({ way: 'mend', item: 'a' } as const, 2)]],
  ])('complains: %s (S2, S19)', (fault, items, all) => expect(conveyorFault(items, all)).toBe(fault));
});

describe('the check of poison', () => {
  const feed = (piece: string, output: 'ok' | 'refused' | 'skipped' | typeof UNKNOWN = 'ok') =>
    asked({ way: 'feed', piece } as const, output);

  it('takes what is there once each in the order of its sender, and what jams there or not (S20)', () => {
    const all = [feed('a'), feed('b.hangs.ever'), feed('c.hangs.1'), feed('d.hangs.1', 'refused'), feed('e', UNKNOWN)];
    expect(millFault(['a', 'c.hangs.1'], all)).toBeNull();
  });

  it.each([
    ['a is there twice', ['a', 'a'], [feed('a')]],
    ['b.hangs.ever never ends, and is there', ['b.hangs.ever'], []],
    ['a was acknowledged, and is not there', [], [feed('a')]],
    ['a.hangs.1 was refused, and is there', ['a.hangs.1'], [feed('a.hangs.1', 'refused')]],
    ['a.hangs.1 was answered refused, and ok', [], [feed('a.hangs.1', 'refused'), feed('a.hangs.1')]],
    ['b stands before what its sender sent before it', ['b', 'a'], [feed('a'), feed('b')]],
    ['a was told place 2, and is in 1', ['a'], [asked({ way: 'grind', piece: 'a' } as const, 2)]],
  ])('complains: %s (S20)', (fault, ground, all) => expect(millFault(ground, all)).toBe(fault));
});

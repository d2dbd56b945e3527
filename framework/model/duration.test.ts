import type { Duration } from './duration';
import { MAX_DURATION_MS, toMs } from './duration';

describe('toMs', () => {
  it.each<[Duration, number]>([
    [0, 0],
    [1_500, 1_500],
    [0.4, 0],
    ['250ms', 250],
    ['1 millisecond', 1],
    ['2s', 2_000],
    ['1 second', 1_000],
    ['5m', 300_000],
    ['5 min', 300_000],
    ['1.5h', 5_400_000],
    ['36 hours', 129_600_000],
    ['1d', 86_400_000],
    ['30 days', 2_592_000_000],
    ['1w', 604_800_000],
    ['2 weeks', 1_209_600_000],
    ['365250 days', MAX_DURATION_MS],
  ])('reads %p as %d milliseconds', (duration, ms) => {
    expect(toMs(duration, 'sleep')).toBe(ms);
  });

  it.each(['30 dyas', '1 month', '-1 day', '', '1', 'day', '1  day', '1 DAY', '1e3 s', '1 constructor', null, {}])(
    'refuses %p, naming what it was given for and the units',
    (text) => {
      expect(() => toMs(text as Duration, 'sleep')).toThrow(
        /^sleep is .*no duration: write milliseconds or .*weeks\)$/,
      );
    },
  );

  it('refuses what is negative, not a number, infinite or over 1,000 years', () => {
    expect(() => toMs(-1, 'sleep')).toThrow('sleep is -1: a duration cannot be negative');
    expect(() => toMs(NaN, 'sleep')).toThrow('no duration');
    expect(() => toMs(Infinity, 'sleep')).toThrow('sleep is Infinity: a duration is at most 1,000 years');
    expect(() => toMs('365251 days', 'sleep')).toThrow('at most 1,000 years');
  });

  it('compiles for known units only', () => {
    const durations: Duration[] = [
      '30 days',
      '1.5h',
      5,
      // @ts-expect-error a misspelt unit
      '30 dyas',
      // @ts-expect-error a month has no fixed length
      '1 month',
      // @ts-expect-error no unit
      '30',
    ];
    expect(durations).toHaveLength(6);
  });
});

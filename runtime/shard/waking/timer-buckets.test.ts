import { isCoarse, TimerBuckets } from './timer-buckets';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const buckets = new TimerBuckets();

describe('timer buckets', () => {
  it.each([
    [-DAY, 'm29452320'],
    [0, 'm29453760'],
    [59 * MINUTE, 'm29453819'],
    [HOUR, 'h490897'],
    [23 * HOUR, 'h490919'],
    [DAY, 'd20455'],
    [29 * DAY, 'd20483'],
    [30 * DAY, 'o682'],
    [364 * DAY, 'o693'],
    [365 * DAY, 'y57'],
    [1_000 * 365 * DAY, 'y1056'],
  ])('hold what is due in %d ms in bucket %s: the further away, the coarser (C9)', (distance, bucket) => {
    expect(buckets.nameOf(NOW + distance, NOW)).toBe(bucket);
  });

  it('hold a time within their stretch, whenever it was written', () => {
    for (let distance = 0; distance < 2_000 * 365 * DAY; distance = Math.ceil(distance * 1.37 + 12_345)) {
      const at = NOW + distance;
      for (const now of [NOW, at, at - 40 * DAY, at + 5 * DAY]) {
        const { from, to } = buckets.stretchOf(buckets.nameOf(at, now));
        expect(from <= at && at < to).toBe(true);
      }
    }
  });

  it('meet without a gap', () => {
    for (const letter of ['m', 'h', 'd', 'o', 'y'])
      expect(buckets.stretchOf(`${letter}7`).to).toBe(buckets.stretchOf(`${letter}8`).from);
    expect(['m1', 'h1', 'd1', 'o1', 'y1'].map(isCoarse)).toEqual([false, false, true, true, true]);
  });
});

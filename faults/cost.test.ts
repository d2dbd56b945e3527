import { costOf, quantile } from './cost';
import type { Told } from './loads';

const told = (invokedAt: number, returnedAt: number, output: unknown = 'ok'): Told => {
  const operation = { client: 'c', key: 'k', op: {}, output, invokedAt, returnedAt };
  return { load: 'account', era: 1, lane: 'c1.1', heard: { operation } };
};

describe('the cost of a fault', () => {
  it('is the longest silence of all callers, and the longest wait of one of them, from the fault on', () => {
    const all = [told(90, 110), told(95, 400), told(120, 130), told(300, 310)];
    expect(costOf(all, 100)).toEqual({
      silentMs: 180,
      waitedMs: 300,
      waited: 'account',
      answered: 4,
      refused: 0,
      unknown: 0,
    });
  });

  it('counts refusals as answers, and what nobody was told as a wait but not as an answer', () => {
    const all = [told(100, 110, 'refused'), told(100, 900, 'unknown'), told(100, 120, 7)];
    expect(costOf(all, 100)).toEqual({
      silentMs: 10,
      waitedMs: 800,
      waited: 'account',
      answered: 2,
      refused: 1,
      unknown: 1,
    });
  });

  it('leaves complaints to the verdict', () => {
    const complaint: Told = { load: 'account', era: 1, lane: 'c1.1', heard: { complaint: 'no' } };
    expect(costOf([complaint], 0)).toMatchObject({ waited: null, answered: 0, unknown: 0 });
  });
});

describe('a quantile', () => {
  it.each([
    [[], 0.99, null],
    [[7], 0.99, 7],
    [[3, 1, 2], 0.99, 3],
    [[3, 1, 2], 0.5, 2],
    [Array.from({ length: 200 }, (_, i) => i + 1), 0.99, 198],
  ])('is the value that a share of all is not above: %j, %d', (values, share, expected) => {
    expect(quantile(values, share)).toBe(expected);
  });
});

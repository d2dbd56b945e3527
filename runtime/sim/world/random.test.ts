import type { Choice } from './random';
import { SimRandom } from './random';

const draws = (random: SimRandom, name: string, count = 20): number[] =>
  Array.from({ length: count }, () => random.stream(name).word());

describe('random', () => {
  it('gives the same numbers for the same seed and name, others for other seeds and names', () => {
    expect(draws(new SimRandom(1), 'a')).toEqual(draws(new SimRandom(1), 'a'));
    expect(draws(new SimRandom(1), 'a')).not.toEqual(draws(new SimRandom(2), 'a'));
    expect(draws(new SimRandom(1), 'a')).not.toEqual(draws(new SimRandom(1), 'b'));
    expect(draws(new SimRandom(1), 'a')).not.toEqual(draws(new SimRandom(1 + 2 ** 32), 'a'));
  });

  it('keeps a stream apart from what others draw', () => {
    const alone = draws(new SimRandom(5), 'a');
    const random = new SimRandom(5);
    const mixed = alone.map(() => {
      random.stream('b').chance(0.5);
      return random.stream('a').word();
    });
    expect(mixed).toEqual(alone);
  });

  it('is true about as often as the probability says, never for 0 and always for 1', () => {
    const stream = new SimRandom(3).stream('a');
    const often = Array.from({ length: 20_000 }, () => stream.chance(0.1)).filter(Boolean).length;
    expect(often).toBeGreaterThan(1_800);
    expect(often).toBeLessThan(2_200);
    expect(Array.from({ length: 100 }, () => stream.chance(0))).not.toContain(true);
    expect(Array.from({ length: 100 }, () => stream.chance(1))).not.toContain(false);
  });

  it('records the choices that were made, and makes only those it is allowed to, moving no other', () => {
    const ask = (random: SimRandom): boolean[] =>
      Array.from({ length: 50 }, (_, i) => random.stream(i % 2 === 0 ? 'loss' : 'late').chance(0.3));
    const first = new SimRandom(8);
    const answers = ask(first);
    expect(first.choices.length).toBe(answers.filter(Boolean).length);
    const kept: Choice[] = first.choices.filter((_, i) => i % 3 === 0);
    const again = new SimRandom(8, { only: kept });
    ask(again);
    expect(again.choices).toEqual(kept);
    expect(ask(new SimRandom(8, { only: first.choices }))).toEqual(answers);
  });

  it('draws whole numbers and lengths within their bounds', () => {
    const stream = new SimRandom(4).stream('a');
    for (let i = 0; i < 1_000; i += 1) {
      expect([0, 1, 2]).toContain(stream.below(3));
      const length = stream.between([5, 7]);
      expect(length >= 5 && length < 7).toBe(true);
    }
  });
});

import { apply, ends, HandHistory, HandMade, KEY, message, put, T0 } from './hand-history.fixture';
import type { StateAt } from './states';
import { States } from './states';

const historyOf = ({ rows }: HandHistory) => ({ entity: HandMade, key: KEY, rows: [...rows] });
const times = (at: StateAt | null, count: number): (number | undefined)[] =>
  Array.from({ length: count + 1 }, (_, i) => at?.(i)?.updatedAt);

describe('what the rows of an entity add up to', () => {
  it('is the same whether they are looked at once, or again and again while they grow', async () => {
    const hand = new HandHistory();
    const states = new States();
    for (let n = 1; n <= 4; n += 1) {
      hand.turn([put(n, n, n, T0 + n)]);
      const again = await states.of(historyOf(hand));
      expect(times(again, n)).toEqual(times(await new States().of(historyOf(hand)), n));
      expect(again?.(n)?.updatedAt).toBe(T0 + n);
    }
  });

  it('is found anew when other rows stand where those were that were looked at', async () => {
    const states = new States();
    await states.of(historyOf(new HandHistory().turn([put(1, 1, 1, T0 + 1)]).turn([put(2, 2, 2, T0 + 2)])));
    const other = new HandHistory().turn([put(1, 1, 1, T0 + 1)]).turn([put(3, 2, 2, T0 + 30)], { epoch: 2 });
    expect(times(await states.of(historyOf(other)), 2)).toEqual([undefined, T0 + 1, T0 + 30]);
    const shorter = new HandHistory().turn([put(1, 1, 1, T0 + 1)]);
    expect(times(await states.of(historyOf(shorter)), 2)).toEqual([undefined, T0 + 1, undefined]);
  });

  it('is not said of a history that cannot be run again', async () => {
    const states = new States();
    const hand = new HandHistory().turn([apply(message('gone', 1), [ends(1)])]);
    expect(await states.of(historyOf(hand))).toBeNull();
    expect(await states.of(historyOf(hand))).toBeNull();
  });
});

import type { Cell, CellValue, Mutation } from './replica';
import { mergeCells, missingFrom, Replica, WHOLE_PARTITION } from './replica';
import { SimRandom } from '../world/random';

const ALL = { partition: 'p', fromMajor: -Infinity };

function cell(major: number, timestamp: number, value: CellValue | null, minor: number | string = 0): Cell {
  return { major, minor, timestamp, value };
}

function after(...mutations: readonly (readonly Cell[])[]): readonly Cell[] {
  const replica = new Replica(0);
  for (const cells of mutations) replica.apply({ partition: 'p', cells });
  return replica.read(ALL);
}

describe('replica', () => {
  it('keeps the greater timestamp, and of equal ones the deletion, else the greater value (C8a)', () => {
    expect(after([cell(1, 2, 'a')], [cell(1, 1, 'b')])).toEqual([cell(1, 2, 'a')]);
    expect(after([cell(1, 1, 'a')], [cell(1, 1, 'b')])).toEqual([cell(1, 1, 'b')]);
    expect(after([cell(1, 1, 'b')], [cell(1, 1, 'a')])).toEqual([cell(1, 1, 'b')]);
    expect(after([cell(1, 1, null)], [cell(1, 1, 'z')])).toEqual([cell(1, 1, null)]);
    expect(after([cell(1, 2, null)], [cell(1, 1, 'z')], [cell(1, 3, 'y')])).toEqual([cell(1, 3, 'y')]);
    expect(after([cell(1, 1, Uint8Array.of(1, 9))], [cell(1, 1, Uint8Array.of(2))])[0]?.value).toEqual(
      Uint8Array.of(2),
    );
    expect(after([cell(1, 1, 10)], [cell(1, 1, 9)])[0]?.value).toBe(10);
  });

  it('mixes rows of one timestamp cell by cell (C8a)', () => {
    const row = (a: number, b: number): readonly Cell[] => [cell(0, 7, a, 'a'), cell(0, 7, b, 'b')];
    expect(after(row(1, 9), row(2, 3)).map(({ value }) => value)).toEqual([2, 9]);
  });

  it('comes to the same cells whatever the order and however often mutations come', () => {
    const draw = new SimRandom(11).stream('cells');
    for (let round = 0; round < 100; round += 1) {
      const mutations: Mutation[] = Array.from({ length: 12 }, () => ({
        partition: 'p',
        cells: Array.from({ length: 1 + draw.below(3) }, () =>
          draw.below(20) === 0
            ? cell(WHOLE_PARTITION, draw.below(3), null)
            : cell(draw.below(4), draw.below(3), draw.below(4) === 0 ? null : draw.below(5), draw.below(2)),
        ),
      }));
      const orders = Array.from({ length: 3 }, () => mutations.map((mutation) => ({ mutation, at: draw.float() })));
      const results = orders.map((order) => {
        const shuffled = [...order].sort((a, b) => a.at - b.at).map(({ mutation }) => mutation.cells);
        return after(...shuffled, ...shuffled.slice(0, draw.below(12)));
      });
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
      const split = draw.below(13);
      const [left, right] = [mutations.slice(0, split), mutations.slice(split)].map((part) =>
        after(...part.map(({ cells }) => cells)),
      ) as [readonly Cell[], readonly Cell[]];
      const merged = mergeCells(left, right);
      expect(merged).toEqual(results[0]);
      expect(after(left, missingFrom(left, merged))).toEqual(merged);
      expect(missingFrom(merged, mergeCells(merged, left))).toEqual([]);
    }
  });

  it('deletes a whole partition but for what is newer, and shows the deletion in every slice (C8a)', () => {
    const replica = new Replica(0);
    const deletion = cell(WHOLE_PARTITION, 2, null);
    for (const one of [cell(1, 1, 'old'), cell(3, 3, 'new'), deletion, cell(2, 2, 'late')])
      replica.apply({ partition: 'p', cells: [one] });
    expect(replica.read({ partition: 'p', fromMajor: 2 })).toEqual([deletion, cell(3, 3, 'new')]);
    expect(mergeCells([cell(1, 1, 'old'), cell(4, 3, 'v')], replica.read(ALL))).toEqual([
      deletion,
      cell(3, 3, 'new'),
      cell(4, 3, 'v'),
    ]);
  });

  it('reads from a place on in clustering order, and nothing once it has forgotten', () => {
    const replica = new Replica(0);
    for (const major of [5, 1, 3]) replica.apply({ partition: 'p', cells: [cell(major, 1, 'v')] });
    expect(replica.read({ partition: 'p', fromMajor: 3 }).map(({ major }) => major)).toEqual([3, 5]);
    expect(replica.read({ partition: 'q', fromMajor: 0 })).toEqual([]);
    replica.forget();
    expect(replica.read(ALL)).toEqual([]);
  });
});

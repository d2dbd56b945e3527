import type { ListOperation } from './list-append';
import { checkListAppend } from './list-append';
import { listHistory } from './notation.fixture';
import { timeline } from './timeline';
import { list } from './models/list';
import { BitSet, Visited } from './visited';

describe('the direct check of lists', () => {
  it('shows the pair that contradicts itself', () => {
    const verdict = checkListAppend(
      listHistory('A: append 1 [0..1] ok; B: append 2 [2..9] ok; Ann: read [4..5] (1 2); C: read [6..9] (1)'),
    );
    expect(verdict.verdict === 'illegal' && verdict.counterexample.text.split('\n')).toEqual([
      'list k is not linearizable (stale): a read misses a value, although an earlier read showed more',
      '  Ann  |==|           read → [1,2] [4..5] ✗',
      '  C          |==|     read → [1] [6..9] ✗',
    ]);
  });

  it('refuses a history that appends one value twice, for it cannot judge it', () => {
    const history = listHistory('A: append 1 [0..1] ok; A: append 1 [2..3] ok');
    expect(() => checkListAppend(history)).toThrow('value 1 is appended twice to k');
  });

  it('judges 20,000 operations in a time that grows with what was read', () => {
    const history = Array.from({ length: 20_000 }, (_, at): ListOperation => {
      const times = { invokedAt: 2 * at, returnedAt: 2 * at + 1 };
      return { client: 'A', key: 'k', op: { kind: 'append', value: at }, output: 'ok', ...times };
    });
    expect(checkListAppend(history)).toEqual({ verdict: 'linearizable', steps: 20_000 });
  });

  it('refuses an operation with an outcome and no end, or that ends before it begins', () => {
    const operation = { client: 'A', key: 'k', op: { kind: 'append', value: 1 }, output: 'ok' } as const;
    const read = { client: 'A', key: 'k', op: { kind: 'read' }, output: [], invokedAt: 0, returnedAt: 1 } as const;
    expect(() => checkListAppend([read, { ...operation, invokedAt: 1, returnedAt: null }])).toThrow('no end');
    expect(() => checkListAppend([read, { ...operation, invokedAt: 2, returnedAt: 1 }])).toThrow('before it begins');
  });
});

describe('the timeline', () => {
  const appends = Array.from({ length: 50 }, (_, at) => `A: append ${at} [${2 * at}..${2 * at + 1}] ok`).join(';');
  const drawn = timeline(listHistory(appends), (input, output) => list.describe(input, output)).split('\n');

  it('shows the last operations and counts the others', () => {
    expect(drawn).toHaveLength(41);
    expect(drawn[0]).toBe('  … 10 earlier operations');
    expect(drawn[40]).toContain('append 49 → ok [98..99]');
  });

  it('stays within its columns', () => {
    expect(Math.max(...drawn.map((line) => line.indexOf('append')))).toBeLessThanOrEqual(56);
  });
});

describe('the cache of configurations', () => {
  it('tells states and sets apart that share a hash', () => {
    const visited = new Visited<number>({ equal: Object.is, hash: () => 0 });
    const placed = new BitSet(70);
    const seen = [visited.add(placed, 1), visited.add(placed, 2), visited.add(placed, 1)];
    placed.flip(69);
    seen.push(placed.has(69), visited.add(placed, 1));
    placed.flip(69);
    seen.push(placed.has(69), visited.add(placed, 2));
    expect(seen).toEqual([true, true, false, true, true, false, false]);
  });
});

import { faultOf } from './fault-run';
import type { Told } from './process-options';

const shared = { key: '1.1', known: true };
const append = (value: string, invokedAt: number, known = true): Told => {
  return { ...shared, value, shown: null, known, invokedAt, returnedAt: invokedAt + 1 };
};
const read = (shown: readonly string[], invokedAt: number): Told => {
  return { ...shared, value: null, shown, invokedAt, returnedAt: invokedAt + 1 };
};

describe('the verdict over a run of faults', () => {
  it('finds nothing wrong with what one order explains, whatever became of an append that nobody was answered', () => {
    const known = [append('a', 1), read(['a'], 3), append('b', 5, false)];
    expect(faultOf([...known, read(['a'], 9)])).toBeNull();
    expect(faultOf([...known, read(['a', 'b'], 9)])).toBeNull();
  });

  it.each([
    ['an acknowledged append that is lost (C5)', [append('a', 1), read([], 3)]],
    ['one that is applied twice (S11)', [append('a', 1), read(['a', 'a'], 3)]],
    ['a read that goes back (S8)', [append('a', 1), append('b', 3), read(['a', 'b'], 5), read(['a'], 7)]],
    ['what was never appended', [read(['x'], 1)]],
  ])('finds %s', (_what, told) => {
    expect(faultOf(told)).toContain('1.1');
  });
});

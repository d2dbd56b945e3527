import fc from 'fast-check';
import { DueQueue } from './due-queue';
import type { DueEntry } from './due-queue';

describe('due queue', () => {
  it('gives nothing before its time and everything in order of due time', () => {
    const queue = new DueQueue<string>();
    queue.add(30, 'c');
    queue.add(10, 'a');
    queue.add(20, 'b');
    expect(queue.nextAt).toBe(10);
    expect(queue.take(9)).toBeNull();
    expect([queue.take(25)?.value, queue.take(25)?.value, queue.take(25)]).toEqual(['a', 'b', null]);
    expect(queue.take(30)?.value).toBe('c');
    expect(queue.nextAt).toBe(Infinity);
  });

  it('gives entries of equal time in the order they were added', () => {
    const queue = new DueQueue<number>();
    for (let i = 0; i < 100; i += 1) queue.add(5, i);
    for (let i = 0; i < 100; i += 1) expect(queue.take(5)?.value).toBe(i);
  });

  it('removes an entry once, wherever it stands', () => {
    const queue = new DueQueue<string>();
    const entries = ['a', 'b', 'c', 'd'].map((value, at) => queue.add(at, value));
    expect(queue.remove(entries[1] as DueEntry<string>)).toBe(true);
    expect(queue.remove(entries[1] as DueEntry<string>)).toBe(false);
    expect(queue.size).toBe(3);
    expect([queue.take(9)?.value, queue.take(9)?.value, queue.take(9)?.value]).toEqual(['a', 'c', 'd']);
    queue.clear();
    expect(queue.remove(entries[0] as DueEntry<string>)).toBe(false);
  });

  it('agrees with a sorted list under random additions, removals and takings', () => {
    const seed = Number(process.env['SEED'] ?? 20260101);
    console.info(`due queue seed ${seed}`);
    const operation = fc.tuple(fc.constantFrom('add', 'remove', 'take'), fc.nat(20));
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const queue = new DueQueue<number>();
        let model: { at: number; value: number; entry: DueEntry<number> }[] = [];
        operations.forEach(([what, n], index) => {
          if (what === 'add') {
            model.push({ at: n, value: index, entry: queue.add(n, index) });
            model.sort((a, b) => a.at - b.at || a.value - b.value);
          } else if (what === 'remove' && model.length > 0) {
            const gone = model[n % model.length] as (typeof model)[number];
            model = model.filter((other) => other !== gone);
            expect(queue.remove(gone.entry)).toBe(true);
          } else {
            const expected = model[0] !== undefined && model[0].at <= n ? (model.shift()?.value ?? null) : null;
            expect(queue.take(n)?.value ?? null).toBe(expected);
          }
          expect([queue.size, queue.nextAt]).toEqual([model.length, model[0]?.at ?? Infinity]);
        });
      }),
      { seed, numRuns: 200 },
    );
  });
});

import { Outline } from './outline';

/** Rows as `seq.epoch.bucket`. */
const rowsOf = (text: string) =>
  text.split(' ').map((row) => {
    const [seq, epoch, bucket] = row.split('.').map(Number) as [number, number, number];
    return { seq, epoch, bucket };
  });

const CHAIN = '1.1.0 2.1.0 3.4.0 4.4.1 5.4.1 6.9.1 7.9.2';

describe('an outline', () => {
  it('knows the epoch and the bucket of every row (C6, C8)', () => {
    const outline = new Outline();
    for (const row of rowsOf(CHAIN)) outline.add(row);
    for (const { seq, epoch, bucket } of rowsOf(CHAIN))
      expect([seq, outline.epochOf(seq), outline.bucketOf(seq)]).toEqual([seq, epoch, bucket]);
    expect(outline.first).toBe(1);
  });

  it('says the same when it is made from its end to its beginning, wherever it is cut', () => {
    const rows = rowsOf(CHAIN);
    for (let cut = 1; cut < rows.length; cut += 1) {
      const outline = new Outline();
      for (const row of rows.slice(cut)) outline.add(row);
      expect(outline.first).toBe(cut + 1);
      outline.prepend(rows.slice(0, cut));
      for (const { seq, epoch, bucket } of rows)
        expect([cut, seq, outline.epochOf(seq), outline.bucketOf(seq)]).toEqual([cut, seq, epoch, bucket]);
    }
  });

  it('begins nowhere while it is empty', () => {
    expect(new Outline().first).toBe(Infinity);
  });
});

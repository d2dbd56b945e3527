import type { WriteOutcome } from '../../ports/cluster-store';
import type { Query } from './connection';
import { SharedBatches } from './shared-batches';

interface Sent {
  readonly rows: string;
  readonly partitions: number;
  answer(outcome: WriteOutcome): void;
  fail(mistake: Error): void;
}

/** The rows of one history, by their names. */
const rows = (...names: string[]): Query[] => names.map((cql) => ({ cql, values: [] }));
const aTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('rows of several histories', () => {
  const sent: Sent[] = [];
  let batches: SharedBatches;

  beforeEach(() => {
    sent.length = 0;
    batches = new SharedBatches((queries, partitions) => {
      const names = queries.map(({ cql }) => cql).join(' ');
      return new Promise((answer, fail) => sent.push({ rows: names, partitions, answer, fail }));
    });
  });

  const shown = (): string[] => sent.map((one) => one.rows);
  const names = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `r${from + i}`);
  const writeAll = (all: readonly string[], bytes = 10): Promise<WriteOutcome[]> =>
    Promise.all(all.map((name) => batches.write({}, rows(name), bytes)));

  it('that are issued in one tick share a batch, at most ten of them (C12)', async () => {
    const outcomes = writeAll(names(0, 12));
    await Promise.resolve();
    const late = batches.write({}, rows('a', 'b'), 20);
    await aTick();
    expect(shown()).toEqual([names(0, 10).join(' '), 'r10 r11 a b']);
    expect(sent.map(({ partitions }) => partitions)).toEqual([10, 3]);
    sent[0]?.answer('ok');
    sent[1]?.answer('unknown');
    expect(await outcomes).toEqual([...Array.from({ length: 10 }, () => 'ok'), 'unknown', 'unknown']);
    expect(await late).toBe('unknown');
  });

  it('leave before the next tick, alone if nobody else is there: no timer holds them', async () => {
    void batches.write({}, rows('lone'), 10);
    await new Promise<void>((resolve) => void Promise.resolve().then(() => process.nextTick(resolve)));
    expect(shown()).toEqual(['lone']);
  });

  it('share at most 40 KiB; a longer one leaves by itself (C12)', async () => {
    void batches.write({}, rows('long'), 1_000_000);
    void writeAll(['a', 'b', 'c'], 20_000);
    await aTick();
    expect(shown()).toEqual(['long', 'a b', 'c']);
  });

  it('gather while as many batches as may be are in flight, and go on in order as these are answered', async () => {
    const last = names(0, 330).at(-1) as string;
    void writeAll(names(0, 330));
    await aTick();
    expect(sent).toHaveLength(32);
    void writeAll(['x', 'y']);
    await aTick();
    expect(sent).toHaveLength(32);
    sent[5]?.answer('ok');
    await aTick();
    expect(sent).toHaveLength(33);
    expect(shown().at(-1)).toContain(last);
    sent[7]?.answer('unknown');
    await aTick();
    expect(shown().at(-1)).toBe('x y');
  });

  it('share nothing any more once their outcome was unknown, and wait for nobody', async () => {
    const again = {};
    void batches.write(again, rows('again'), 10);
    void writeAll(names(0, 9));
    await aTick();
    sent[0]?.answer('unknown');
    await aTick();
    void writeAll(names(0, 320));
    await aTick();
    expect(sent).toHaveLength(33);
    void batches.write(again, rows('again'), 10);
    expect(shown().at(-1)).toBe('again');
  });

  it.each([
    ['the server refuses as a batch', (one: Sent | undefined) => one?.answer('refused')],
    ['do not all fit their columns', (one: Sent | undefined) => one?.fail(new TypeError('no number'))],
  ])('that %s are sent one by one, and answer for themselves', async (_that, end) => {
    const outcomes = Promise.allSettled(['a', 'b', 'c'].map((name) => batches.write({}, rows(name), 10)));
    await aTick();
    end(sent[0]);
    await aTick();
    expect(shown()).toEqual(['a b c', 'a', 'b', 'c']);
    sent[1]?.answer('ok');
    sent[2]?.answer('refused');
    sent[3]?.fail(new TypeError('no number'));
    expect(await outcomes).toMatchObject([{ value: 'ok' }, { value: 'refused' }, { reason: { message: 'no number' } }]);
  });
});

import { errors } from 'cassandra-driver';
import type { WriteOutcome } from '../../ports/cluster-store';
import type { EntityFilter, EntityIndex, IndexedValue } from '../../ports/history-store';
import type { Query, Row } from './connection';
import { cellsOf, conditionsOf, DirectoryColumns } from './directory-columns';

const index = (fields: Readonly<Record<string, IndexedValue>>): EntityIndex => ({
  status: 'active',
  wakeAt: null,
  open: false,
  fields,
  build: 'b',
  createdAt: 1,
  updatedAt: 2,
});

/** The table of columns, and who else writes it. */
class Given {
  readonly taken = new Map<string, string>();
  reads = 0;
  swaps = 0;
  before: () => void = () => undefined;
  outcome: WriteOutcome | null = null;

  async read(): Promise<Row[]> {
    this.reads += 1;
    return [...this.taken].map(([column_name, field]) => ({ column_name, field }) as unknown as Row);
  }

  async swap({ values }: Query): Promise<WriteOutcome> {
    this.swaps += 1;
    this.before();
    const [, , column, field] = values as [string, string, string, string];
    if (this.outcome !== null) return this.outcome;
    if (this.taken.has(column)) return 'refused';
    this.taken.set(column, field);
    return 'ok';
  }
}

describe('columns that entities are found by (C10)', () => {
  let given: Given;
  let columns: DirectoryColumns;
  const forFields = (...fields: Readonly<Record<string, IndexedValue>>[]) =>
    columns.forListings('default', 'account', fields.map(index));

  beforeEach(() => {
    given = new Given();
    columns = new DirectoryColumns(given);
  });

  it('are given to a field by the kind of its values, before its first row is written, and once', async () => {
    const names = await forFields({ tier: 'gold', points: 5, none: null }, { vip: true, tier: 'basic' });
    expect([...(names ?? [])]).toEqual([
      ['keyword tier', 'keyword1'],
      ['number points', 'number1'],
      ['keyword vip', 'keyword2'],
    ]);
    const { reads, swaps } = given;
    expect(await forFields({ tier: 'x', points: 9 })).toEqual(names);
    expect({ reads: given.reads, swaps: given.swaps }).toEqual({ reads, swaps });
  });

  it('that another host has given meanwhile are taken from it; two fields never share one', async () => {
    given.before = () => {
      given.before = () => undefined;
      given.taken.set('keyword1', 'other').set('keyword2', 'tier');
    };
    expect(await forFields({ tier: 'gold', vip: false })).toEqual(
      new Map([
        ['keyword other', 'keyword1'],
        ['keyword tier', 'keyword2'],
        ['keyword vip', 'keyword3'],
      ]),
    );
  });

  it('are eight of a kind: a ninth field has none, and asks for none again', async () => {
    const nine = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`f${i}`, i]));
    const names = await forFields(nine);
    expect(names?.get('number f7')).toBe('number8');
    expect(names?.size).toBe(8);
    const { reads } = given;
    expect((await forFields(nine, { text: 'one' }))?.get('keyword text')).toBe('keyword1');
    expect(given.reads).toBe(reads + 2);
  });

  it('are not known as long as the store does not answer', async () => {
    given.outcome = 'unknown';
    expect(await forFields({ tier: 'gold' })).toBeNull();
    expect(given.swaps).toBe(1);
    given.outcome = null;
    given.read = () => Promise.reject(new errors.OperationTimedOutError('late', 'h'));
    expect(await forFields({ tier: 'gold' })).toBeNull();
  });

  it('are looked up for a filter only until one of its fields has one', async () => {
    const filter: EntityFilter = { namespace: 'default', type: 'account', where: { tier: { eq: 'gold' } } };
    expect([...(await columns.forFilter(filter))]).toEqual([]);
    given.taken.set('keyword4', 'tier');
    expect([...(await columns.forFilter(filter))]).toEqual([['keyword tier', 'keyword4']]);
    const { reads } = given;
    await columns.forFilter(filter);
    await columns.forFilter({ ...filter, where: {} });
    expect(given.reads).toBe(reads);
  });
});

describe('what stands in the columns of a row', () => {
  const names = new Map([
    ['keyword tier', 'keyword1'],
    ['keyword mixed', 'keyword2'],
    ['number mixed', 'number1'],
    ['number points', 'number2'],
  ]);
  const cells = (fields: Readonly<Record<string, IndexedValue>>): unknown =>
    Object.fromEntries(cellsOf(index(fields), names));

  it('is the value, or that there is none of the kind: what stood there before goes', () => {
    expect(cells({ tier: 'gold', mixed: 7, points: null })).toEqual({
      keyword1: '=gold',
      keyword2: '-',
      number1: 7,
      number2: -Infinity,
    });
    expect(cells({ mixed: true })).toMatchObject({ keyword1: '-', keyword2: 'true', number1: -Infinity });
  });

  it('is equal for equal numbers, and for texts with the same first 256 bytes', () => {
    expect(cells({ points: -0 })).toMatchObject({ number2: 0 });
    const long = 'ä'.repeat(200);
    expect(cells({ tier: `${long}1` })).toEqual(cells({ tier: `${long}2` }));
  });

  const asked = (filter: Partial<EntityFilter>): string[] =>
    conditionsOf({ namespace: 'n', type: 't', ...filter }, names).map(
      ({ column, comparison, value }) => `${column} ${comparison} ${value}`,
    );

  it.each([
    ['equality', { where: { tier: { eq: 'gold' }, points: { eq: -0 } } }, ['keyword1 = =gold', 'number2 = 0']],
    ['a boolean', { where: { mixed: { eq: false } } }, ['keyword2 = false']],
    ['a range of numbers', { where: { points: { gt: 1, lte: 5 } } }, ['number2 > 1', 'number2 <= 5']],
    [
      'an upper bound, without rows that have no number',
      { where: { points: { lt: 5 } } },
      ['number2 > -Infinity', 'number2 < 5'],
    ],
    ['one bound of a side', { where: { points: { gt: 1, gte: 2 } } }, ['number2 >= 2']],
    ['equality alone, beside bounds', { where: { points: { eq: 3, gt: 1 } } }, ['number2 = 3']],
    ['one status', { status: ['held', 'held'] as const }, ['status = held']],
  ])('answers %s', (_what, filter, conditions) => {
    expect(asked(filter)).toEqual(conditions);
  });

  it.each([
    ['ranges of texts', { where: { mixed: { gt: 'a', lt: 'b' } } }],
    ['null', { where: { tier: { eq: null } } }],
    ['fields without a column', { where: { other: { eq: 5 } } }],
    ['one of several statuses', { status: ['held', 'active'] as const }],
    ['no status at all', { status: [] }],
  ])('does not answer %s: each row is looked at', (_what, filter) => {
    expect(asked(filter)).toEqual([]);
  });
});

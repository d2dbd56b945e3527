import { exportHistory } from './export';
import { accountHistory, listHistory, registerHistory, table, transferHistory } from './notation.fixture';

describe('the notation', () => {
  it('reads clients, keys, arguments, times and outcomes', () => {
    expect(registerHistory('A@x: swap null 2 [3..5] refused')).toEqual([
      {
        client: 'A',
        key: 'x',
        op: { kind: 'swap', from: null, to: 2 },
        output: 'refused',
        invokedAt: 3,
        returnedAt: 5,
      },
    ]);
    expect(listHistory('A: read [0..1] (1 -2); B: read [0..] ?').map(({ output }) => output)).toEqual([
      [1, -2],
      'unknown',
    ]);
    expect(transferHistory('A: audit [0..1] (x=1 y=2)')[0]?.output).toEqual({ x: 1, y: 2 });
  });

  it.each([
    ['an unknown verb', 'A: jump 1 [0..1] ok'],
    ['no times', 'A: deposit 1 ok'],
    ['no outcome', 'A: deposit 1 [0..1]'],
    ['an outcome without an end', 'A: deposit 1 [0..] ok'],
    ['an amount that is no number', 'A: deposit much [0..1] ok'],
    ['an amount that is missing', 'A: deposit [0..1] ok'],
    ['an outcome that is no word of it', 'A: deposit 1 [0..1] fine'],
  ])('refuses %s', (_what, text) => {
    expect(() => accountHistory(text)).toThrow();
  });

  it('refuses a row of a table with a part too few or too many', () => {
    expect(() => table('good | a title')).toThrow('not a history');
    expect(() => table('good | a title | A: read [0..1] () | more')).toThrow('not a history');
  });
});

describe('the export', () => {
  it('gives each key a history of its own, with the order of events for times', () => {
    const history = listHistory('A@x: append 1 [10..30] ok; B@y: append 2 [15..] ?; C@x: read [20..30] (1)');
    expect(exportHistory('h', 'list', history)).toEqual([
      {
        name: 'h/x',
        model: 'list',
        operations: [
          { client: 'A', input: { kind: 'append', value: 1 }, output: 'ok', call: 0, return: 2 },
          { client: 'C', input: { kind: 'read' }, output: [1], call: 1, return: 2 },
        ],
      },
      {
        name: 'h/y',
        model: 'list',
        operations: [{ client: 'B', input: { kind: 'append', value: 2 }, call: 0, return: null }],
      },
    ]);
  });
});

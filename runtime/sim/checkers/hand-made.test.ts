import { accounts, counters } from './counter-histories.fixture';
import type { Operation, Verdict } from './history';
import { byKey } from './history';
import { isLinearizableByForce } from './brute-force.fixture';
import { checkListAppend } from './list-append';
import { badLists, goodLists } from './list-histories.fixture';
import type { Model } from './model';
import { account } from './models/account';
import { counter } from './models/counter';
import { list } from './models/list';
import { register } from './models/register';
import { money, moneyOperations } from './models/transfers';
import type { Row } from './notation.fixture';
import { accountHistory, counterHistory, listHistory, registerHistory, transferHistory } from './notation.fixture';
import { registers, transfers } from './register-histories.fixture';
import { checkHistory } from './search';
import { checkTransfers } from './transfers';

const kindOf = (verdict: Verdict): string => (verdict.verdict === 'illegal' ? verdict.counterexample.kind : 'good');
const least = (verdict: Verdict): string => (verdict.verdict === 'linearizable' ? 'good' : verdict.verdict);

const searched = <S, I, O>(name: string, model: Model<S, I, O>, parse: (text: string) => Operation<I, O>[]) => ({
  name,
  verdict: (text: string) => checkHistory(model, parse(text)),
  byForce: (text: string) => [...byKey(parse(text)).values()].every((of) => isLinearizableByForce(model, of)),
});

const moneyHistory = (text: string) => moneyOperations(transferHistory(text));
const models: readonly (readonly [ReturnType<typeof searched>, readonly Row[]])[] = [
  [searched('list', list, listHistory), [...goodLists, ...badLists]],
  [searched('counter', counter, counterHistory), counters],
  [searched('account', account, accountHistory), accounts],
  [searched('register', register, registerHistory), registers],
  [searched('set of accounts', money, moneyHistory), transfers],
];

describe.each([...goodLists, ...badLists])('a list that is %s: %s', (expected, _title, text) => {
  it('is judged so, and for that reason, by the direct check', () => {
    expect(kindOf(checkListAppend(listHistory(text)))).toBe(expected);
  });
});

describe.each(transfers)('transfers that are %s: %s', (expected, _title, text) => {
  it('are judged so, and for that reason, by sums, accounts and search', () => {
    expect(kindOf(checkTransfers(transferHistory(text)))).toBe(expected);
  });
});

describe.each(models.map(([model, rows]) => [model.name, model, rows] as const))('a %s', (_name, model, rows) => {
  it.each(rows)('that is %s (%s) is judged so by the search and by brute force', (expected, _title, text) => {
    const illegal = expected !== 'good';
    expect(least(model.verdict(text))).toBe(illegal ? 'illegal' : 'good');
    expect(model.byForce(text)).toBe(!illegal);
  });
});

it('has at least 200 histories by hand, with as many titles', () => {
  const rows = models.flatMap(([, of]) => of);
  expect(rows.length).toBeGreaterThanOrEqual(200);
  for (const [, of] of models) expect(new Set(of.map(([, title]) => title)).size).toBe(of.length);
});

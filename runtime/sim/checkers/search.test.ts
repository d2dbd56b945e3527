import { Random } from '../../crash/random.fixture';
import type { Counterexample, Operation, Verdict } from './history';
import { endOf } from './history';
import { account } from './models/account';
import { counter } from './models/counter';
import { list } from './models/list';
import { money, moneyOperations } from './models/transfers';
import { accountHistory, counterHistory, listHistory, transferHistory } from './notation.fixture';
import { randomHistory } from './random-histories.fixture';
import { checkHistory } from './search';
import { counterSubject } from './subjects.fixture';
import { checkTransfers } from './transfers';

function counterexampleOf(verdict: Verdict): Counterexample {
  if (verdict.verdict !== 'illegal') throw new Error(`the verdict is ${verdict.verdict}`);
  return verdict.counterexample;
}

describe('the search', () => {
  it('answers undecided when its budget is spent, and never more steps than that', () => {
    const history = counterHistory('A: add 1 [0..9] ok; B: add 2 [0..9] ok; C: add 3 [0..9] ok; D: read [10..11] 5');
    expect(checkHistory(counter, history, 3)).toEqual({ verdict: 'undecided', steps: 3 });
    expect(checkHistory(counter, history).verdict).toBe('illegal');
  });

  it('lets one undecided key not hide an illegal one', () => {
    const undecided = counterHistory('A@x: add 1 [0..9] ok; B@x: add 2 [0..9] ok; C@x: read [10..11] 3');
    const illegal = counterHistory('A@y: read [0..1] 1');
    expect(checkHistory(counter, [...undecided, ...illegal], 2).verdict).toBe('illegal');
    expect(checkHistory(counter, undecided, 2).verdict).toBe('undecided');
  });

  it('finds nothing wrong with no operations', () => {
    expect(checkHistory(counter, [])).toEqual({ verdict: 'linearizable', steps: 0 });
  });

  it('is led by hints through unanswered operations that it could not try in all orders', () => {
    const open = Array.from({ length: 40 }, (_, n) => ({ text: `c${n}: add ${2 * n + 1} [${n}..] ?`, n }));
    const reads = ['A: read [50..51] 400', 'A: read [52..53] 1200'];
    const history = counterHistory([...open.map(({ text }) => text), ...reads].join(';'));
    const rank = (n: number): number | null => (n < 20 ? n : n < 36 && n % 2 === 1 ? n : null);
    const done = 20 * 20 + [21, 23, 25, 27, 29, 31, 33, 35].reduce((sum, n) => sum + 2 * n + 1, 0);
    const hinted = history.map((operation, n) => {
      if (n < 40) return { ...operation, hint: rank(n) };
      return operation.output === 1200 ? { ...operation, output: done } : operation;
    });
    expect(checkHistory(counter, hinted, 2_000).verdict).toBe('linearizable');
  });

  it('takes no hint for a proof, whether it says that something was done or that it was not', () => {
    const [lost, read] = counterHistory('A: add 5 [0..] ?; B: read [2..3] 5') as [Operation<never, never>, never];
    expect(checkHistory(counter, [{ ...lost, hint: null }, read]).verdict).toBe('linearizable');
    const [added, wrong] = counterHistory('A: add 5 [0..] ?; B: read [2..3] 6') as [Operation<never, never>, never];
    expect(checkHistory(counter, [{ ...added, hint: 1 }, wrong]).verdict).toBe('illegal');
  });

  it('tries equal unanswered operations in one order only', () => {
    const open = Array.from({ length: 40 }, (_, client) => `c${client}: add 1 [${client}..] ?`);
    const history = counterHistory([...open, 'A: read [50..51] 20', 'A: read [52..53] 41'].join(';'));
    const verdict = checkHistory(counter, history);
    expect(verdict.verdict).toBe('illegal');
    expect(verdict.steps).toBeLessThan(500);
  });

  it('names the operation that nothing explains, the states before it and what overlaps it', () => {
    const history = accountHistory(
      'A: deposit 5 [0..1] ok; B: withdraw 2 [2..6] ok; C: balance [3..7] 1; D: withdraw 1 [5..] ?; A: balance [8..9] 3',
    );
    const { text, window, key, kind } = counterexampleOf(checkHistory(account, history));
    expect([kind, key, window.length]).toEqual(['unexplained', 'k', 3]);
    expect(text.split('\n')).toEqual([
      'account k is not linearizable: no order explains C: balance → 1; the state was 2 or 3',
      '  B  |========|        withdraw 2 → ok [2..6]',
      '  C     |========|     balance → 1 [3..7] ✗',
      '  D        |========>  withdraw 1 → ? [5..]',
    ]);
  });

  it('explains all that ended before the operation it names', () => {
    const random = new Random(11);
    let illegal = 0;
    for (let round = 0; round < 100; round += 1) {
      const plan = { operations: 30, clients: 4, keys: 1, unansweredPercent: 10, fault: 'lost' } as const;
      const history = randomHistory(counterSubject, plan, random);
      const verdict = checkHistory(counter, history);
      if (verdict.verdict !== 'illegal') continue;
      illegal += 1;
      const marked = /no order explains (\w+): (.*);/.exec(verdict.counterexample.message);
      const culprit = verdict.counterexample.window.find((operation) => isNamed(operation, marked)) as Operation<
        never,
        never
      >;
      expect(checkHistory(counter, before(history, endOf(culprit))).verdict).toBe('linearizable');
    }
    expect(illegal).toBeGreaterThan(20);
  });

  it('says that more states were possible than it names', () => {
    const adds = [1, 2, 4, 8].map((amount) => `c${amount}: add ${amount} [0..] ?`);
    const { message } = counterexampleOf(
      checkHistory(counter, counterHistory([...adds, 'A: read [1..2] 16'].join(';'))),
    );
    expect(message).toMatch(/the state was \d+( or \d+){5} or others$/);
  });
});

function isNamed(operation: Operation<unknown, unknown>, marked: RegExpExecArray | null): boolean {
  const described = counter.describe(operation.op as never, operation.output as never);
  return operation.client === marked?.[1] && marked[2]?.startsWith(described) === true;
}

/** The history as it was known just before `end`. */
function before<I, O>(history: readonly Operation<I, O>[], end: number): Operation<I, O>[] {
  return history
    .filter(({ invokedAt }) => invokedAt < end)
    .map((operation) => (endOf(operation) < end ? operation : { ...operation, output: 'unknown', returnedAt: null }));
}

describe('the models', () => {
  it('show a list in order and an empty set of accounts in words', () => {
    const { message } = counterexampleOf(
      checkHistory(list, listHistory('A: append 1 [0..1] ok; A: append 2 [2..3] ok; A: read [4..5] (2 1)')),
    );
    expect(message).toContain('no order explains A: read → [2,1]; the state was [1,2]');
  });

  it('let the credit of a transfer come after its answer if transfers are credited eventually', () => {
    const history = transferHistory(
      'A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..3] ok; B: balance y [4..5] 0; B: audit [6..7] (y=5)',
    );
    expect(checkTransfers(history).verdict).toBe('illegal');
    expect(checkTransfers(history, { credited: 'eventually' }).verdict).toBe('linearizable');
  });

  it('never let a credit that is eventual be missing from an audit', () => {
    const history = transferHistory('A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..3] ok; B: audit [6..7] (x=0)');
    const { message } = counterexampleOf(checkTransfers(history, { credited: 'eventually' }));
    expect(message).toBe('transfers k do not conserve money: an audit finds 0, deposited were 5');
  });

  it('tell a range where deposits are unanswered', () => {
    const { text } = counterexampleOf(
      checkTransfers(transferHistory('A: deposit x 5 [0..1] ok; A: deposit x 2 [2..] ?; B: audit [6..7] (x=4)')),
    );
    expect(text.split('\n')[0]).toContain('an audit finds 4, deposited were 5 to 7');
  });

  it('name the money that is under way', () => {
    const history = transferHistory(
      'A: deposit x 5 [0..1] ok; A: transfer x y 3 [2..3] ?; B: balance x [4..5] 2; C: balance x [6..7] 5',
    );
    const { message } = counterexampleOf(checkHistory(money, moneyOperations(history)));
    expect(message).toContain(
      'no order explains C: balance x → 5; the state was x 2, y 3 or x 2, transfer 1 in flight',
    );
  });

  it('refuse an audit that is answered by a word', () => {
    const history = transferHistory('A: audit [0..1] ok');
    expect(() => checkTransfers(history)).toThrow('an audit is answered by balances');
  });
});

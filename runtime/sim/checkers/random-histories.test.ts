import { Random, printedSeed } from '../../crash/random.fixture';
import { isLinearizableByForce } from './brute-force.fixture';
import type { Operation, Verdict } from './history';
import { byKey } from './history';
import { checkListAppend } from './list-append';
import type { Model } from './model';
import { account } from './models/account';
import { counter } from './models/counter';
import { list } from './models/list';
import { register } from './models/register';
import { money, moneyOperations } from './models/transfers';
import type { Plan } from './random-histories.fixture';
import { FAULTS, LIES, mutated, randomHistory } from './random-histories.fixture';
import { checkHistory } from './search';
import type { Subject } from './subjects.fixture';
import { accountSubject, counterSubject, listSubject, registerSubject, transferSubject } from './subjects.fixture';
import { checkTransfers } from './transfers';

const FIXED_SEEDS = [1, 20260117];
const seeds = [...FIXED_SEEDS, printedSeed()];

/** The most model steps that half of the random histories of 200 operations may take: about a millisecond. */
const MEDIAN_STEPS_OF_200 = 2_000;
/** For one search here; what needs more is undecided. */
const STEPS = 4_000;
const large: Plan = { operations: 200, clients: 6, keys: 4, unansweredPercent: 4, fault: 'none' };
const middle: Plan = { operations: 24, clients: 4, keys: 2, unansweredPercent: 15, fault: 'none' };
const tiny: Plan = { operations: 5, clients: 3, keys: 1, unansweredPercent: 25, fault: 'none' };

interface Judge {
  readonly name: string;
  history(plan: Plan, random: Random, lies: number): Judged;
}
interface Judged {
  readonly verdicts: readonly Verdict[];
  readonly byForce: () => boolean;
  readonly told: string;
}

/** A subject, its model, and every way of judging it. */
function judge<S, I, O, M, J>(
  name: string,
  subject: Subject<S, I, O>,
  model: Model<M, J, O>,
  seen: (operations: readonly Operation<I, O>[]) => readonly Operation<J, O>[],
  others: readonly ((operations: readonly Operation<I, O>[]) => Verdict)[],
  keys?: number,
): Judge {
  return {
    name,
    history: (plan, random, lies) => {
      let operations = randomHistory(subject, { ...plan, keys: keys ?? plan.keys }, random);
      for (let lie = 0; lie < lies; lie += 1) operations = mutated(operations, random.of(LIES), random);
      const steps = seen(operations);
      return {
        verdicts: [checkHistory(model, steps, STEPS), ...others.map((check) => check(operations))],
        byForce: () => [...byKey(steps).values()].every((of) => isLinearizableByForce(model, of)),
        told: JSON.stringify(operations),
      };
    },
  };
}

const judges = [
  judge('list', listSubject, list, (operations) => operations, [checkListAppend]),
  judge('counter', counterSubject, counter, (operations) => operations, []),
  judge('account', accountSubject, account, (operations) => operations, []),
  judge('register', registerSubject, register, (operations) => operations, []),
  judge('transfers', transferSubject, money, moneyOperations, [checkTransfers], 1),
].map((of) => [of.name, of] as const);

/** What the checkers agree on, those left aside that ran out of steps; 'undecided' if all of them did. */
function agreed(verdicts: readonly Verdict[]): string {
  const decided = new Set(verdicts.map(({ verdict }) => verdict).filter((verdict) => verdict !== 'undecided'));
  return [...decided].join(' and ') || 'undecided';
}

/** Those that are quick whatever is unanswered: lists directly, the others by searching one number. */
const quick: readonly (readonly [string, (plan: Plan, random: Random) => Verdict])[] = [
  ['list', (plan, random) => checkListAppend(randomHistory(listSubject, plan, random))],
  ['counter', (plan, random) => checkHistory(counter, randomHistory(counterSubject, plan, random))],
  ['account', (plan, random) => checkHistory(account, randomHistory(accountSubject, plan, random))],
  ['register', (plan, random) => checkHistory(register, randomHistory(registerSubject, plan, random))],
];

describe.each(seeds)('random histories of seed %i', (seed) => {
  it.each(judges)('of a correct %s are linearizable', (_name, { history }) => {
    const random = new Random(seed);
    let undecided = 0;
    for (let round = 0; round < 150; round += 1) {
      const { verdicts, told } = history(middle, random, 0);
      if (agreed(verdicts) === 'undecided') undecided += 1;
      else expect([told, agreed(verdicts)]).toEqual([told, 'linearizable']);
    }
    expect(undecided).toBeLessThanOrEqual(50);
  });

  it.each(quick)('of 200 operations of a correct %s are decided in few steps', (_name, verdictOf) => {
    const random = new Random(seed);
    const verdicts = Array.from({ length: 15 }, (_, round) => verdictOf({ ...large, keys: 1 + (round % 4) }, random));
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(verdicts.map(() => 'linearizable'));
    const steps = verdicts.map((verdict) => verdict.steps).sort((a, b) => a - b);
    expect(steps[7]).toBeLessThanOrEqual(MEDIAN_STEPS_OF_200);
  });

  it.each(judges)('of a %s with faults and lies are judged alike by every checker', (_name, { history }) => {
    const random = new Random(seed);
    const counts = new Map<string, number>();
    for (let round = 0; round < 200; round += 1) {
      const { verdicts, told } = history({ ...middle, fault: random.of(FAULTS) }, random, random.below(3));
      const word = agreed(verdicts);
      counts.set(word, (counts.get(word) ?? 0) + 1);
      expect([told, ['linearizable', 'illegal', 'undecided']]).toEqual([told, expect.arrayContaining([word])]);
    }
    expect(counts.get('illegal')).toBeGreaterThan(5);
    expect(counts.get('linearizable')).toBeGreaterThan(5);
    expect(counts.get('undecided') ?? 0).toBeLessThanOrEqual(60);
  });

  it.each(judges)('of a %s with at most 6 operations are judged as brute force does', (_name, { history }) => {
    const random = new Random(seed);
    const counts = { illegal: 0, linearizable: 0 };
    const enough = (): boolean => Math.min(counts.illegal, counts.linearizable) > 30;
    for (let round = 0; round < 500 || !enough(); round += 1) {
      expect(round).toBeLessThan(10_000);
      const plan = { ...tiny, operations: 1 + random.below(5), fault: random.of(FAULTS) };
      const { verdicts, byForce, told } = history(plan, random, random.below(4));
      const expected = byForce() ? 'linearizable' : 'illegal';
      counts[expected] += 1;
      expect([told, ...verdicts.map(({ verdict }) => verdict)]).toEqual([told, ...verdicts.map(() => expected)]);
    }
  });

  it.each(FAULTS.slice(1))('shows that a list whose entity answered a %s effect is not linearizable', (fault) => {
    const random = new Random(seed);
    let caught = 0;
    for (let round = 0; round < 100; round += 1) {
      const operations = randomHistory(listSubject, { ...middle, operations: 60, fault }, random);
      if (checkListAppend(operations).verdict === 'illegal') caught += 1;
    }
    expect(caught).toBeGreaterThan(15);
  });
});

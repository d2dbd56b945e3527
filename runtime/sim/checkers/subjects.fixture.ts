/**
 * Subjects: entities as they run, with plain states and in plain words; written apart from the models on purpose.
 *
 * Owns: which operation a client thinks of and what it does. Does not own: when it does it (`random-histories`).
 */

import type { Random } from '../../crash/random.fixture';
import type { AccountInput, AccountOutput } from './models/account';
import type { CounterInput, CounterOutput } from './models/counter';
import type { ListInput, ListOutput, ListValue } from './models/list';
import type { RegisterInput, RegisterOutput } from './models/register';
import type { Balances, TransferInput, TransferOutput } from './models/transfers';

export interface Subject<S, I, O> {
  init(): S;
  /** The `ordinal`th operation of a history. */
  draw(random: Random, ordinal: number): I;
  /** Takes effect; `output` is undefined if a further phase must follow before it can be answered. */
  apply(state: S, op: I, phase: number): { readonly state: S; readonly output: O | undefined };
  /** Shows the whole state, at the end. */
  readonly last: I;
}

export const listSubject: Subject<readonly ListValue[], ListInput, ListOutput> = {
  init: () => [],
  draw: (random, ordinal) => (random.below(2) === 0 ? { kind: 'read' } : { kind: 'append', value: ordinal }),
  apply: (state, op) => {
    if (op.kind === 'read') return { state, output: state };
    if (Number(op.value) % 7 === 3) return { state, output: 'refused' };
    return { state: [...state, op.value], output: 'ok' };
  },
  last: { kind: 'read' },
};

export const counterSubject: Subject<number, CounterInput, CounterOutput> = {
  init: () => 0,
  draw: (random) => (random.below(3) === 0 ? { kind: 'read' } : { kind: 'add', amount: 1 + random.below(3) }),
  apply: (state, op) => {
    if (op.kind === 'read') return { state, output: state };
    return { state: state + op.amount, output: op.amount === 3 ? state + 3 : 'ok' };
  },
  last: { kind: 'read' },
};

export const accountSubject: Subject<number, AccountInput, AccountOutput> = {
  init: () => 0,
  draw: (random) => {
    const kind = random.of(['deposit', 'withdraw', 'withdraw', 'balance'] as const);
    return kind === 'balance' ? { kind } : { kind, amount: 1 + random.below(4) };
  },
  apply: (state, op) => {
    if (op.kind === 'balance') return { state, output: state };
    if (op.kind === 'deposit') return { state: state + op.amount, output: 'ok' };
    return state < op.amount ? { state, output: 'refused' } : { state: state - op.amount, output: 'ok' };
  },
  last: { kind: 'balance' },
};

export const registerSubject: Subject<number | null, RegisterInput, RegisterOutput> = {
  init: () => null,
  draw: (random) => {
    const value = random.below(3);
    const kind = random.of(['read', 'write', 'swap'] as const);
    if (kind === 'read') return { kind };
    return kind === 'write' ? { kind, value } : { kind, from: random.of([null, 0, 1, 2]), to: value };
  },
  apply: (state, op) => {
    if (op.kind === 'read') return { state, output: state };
    if (op.kind === 'write') return { state: op.value, output: 'ok' };
    return state === op.from ? { state: op.to, output: 'ok' } : { state, output: 'refused' };
  },
  last: { kind: 'read' },
};

const accounts = ['x', 'y', 'z'];

export const transferSubject: Subject<Balances, TransferInput, TransferOutput> = {
  init: () => ({}),
  draw: (random, ordinal) => {
    const account = random.of(accounts);
    const amount = 1 + random.below(5);
    if (ordinal < 2 || random.below(6) === 0) return { kind: 'deposit', account, amount: 2 * amount };
    if (random.below(3) === 0) return { kind: 'balance', account };
    return { kind: 'transfer', from: account, to: random.of(accounts), amount };
  },
  apply: (state, op, phase) => {
    if (op.kind === 'audit') return { state, output: state };
    const held = (account: string): number => state[account] ?? 0;
    if (op.kind === 'balance') return { state, output: held(op.account) };
    if (op.kind === 'deposit') return { state: { ...state, [op.account]: held(op.account) + op.amount }, output: 'ok' };
    if (phase > 0) return { state: { ...state, [op.to]: held(op.to) + op.amount }, output: 'ok' };
    if (held(op.from) < op.amount) return { state, output: 'refused' };
    return { state: { ...state, [op.from]: held(op.from) - op.amount }, output: undefined };
  },
  last: { kind: 'audit' },
};

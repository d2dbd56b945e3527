/**
 * Transfers: a set of accounts among which money moves by activities; it is nowhere for a while, and never gone.
 *
 * Owns: what deposits, transfers, balances and audits mean together. Does not own: one account (`account`).
 *
 * 1. A transfer is two steps: a debit of one account, then a credit of the other, both before it is answered (or, with
 *    `credited: 'eventually'`, the credit at any time after). A refused transfer is a debit refused for want of cover.
 * 2. A transfer whose answer nobody saw is both or neither; the credit may be pending for ever, but not at an audit.
 * 3. An `audit` reads all balances at a moment when nothing is under way, as after healing: it sees no money in flight.
 */

import { assert } from '../../../../framework/assert';
import type { Operation } from '../history';
import { UNKNOWN, isClosed } from '../history';
import type { Model } from '../model';
import { hashText, mix, outcomeText } from '../model';
import type { AccountInput, AccountOutput } from './account';

export type TransferInput =
  | { readonly kind: 'deposit'; readonly account: string; readonly amount: number }
  | { readonly kind: 'transfer'; readonly from: string; readonly to: string; readonly amount: number }
  | { readonly kind: 'balance'; readonly account: string }
  | { readonly kind: 'audit' };
/** Balances by account; an account that is left out holds nothing. */
export type Balances = Readonly<Record<string, number>>;
export type TransferOutput = 'ok' | 'refused' | number | Balances;

/** What the search sees: a transfer is a `debit` and a `credit` that share a number. */
export type MoneyInput =
  | Exclude<TransferInput, { kind: 'transfer' }>
  | {
      readonly kind: 'debit' | 'credit';
      readonly account: string;
      readonly amount: number;
      readonly transfer: number;
    };

export interface MoneyState {
  /** No account that holds nothing. */
  readonly balances: ReadonlyMap<string, number>;
  /** Debited and not yet credited. */
  readonly inFlight: ReadonlySet<number>;
}

export type TransferOperation = Operation<TransferInput, TransferOutput>;
export type MoneyOperation = Operation<MoneyInput, TransferOutput>;

export const money: Model<MoneyState, MoneyInput, TransferOutput> = {
  name: 'transfers',
  init: () => ({ balances: new Map(), inFlight: new Set() }),
  step: (state, input, output) => {
    const known = output !== UNKNOWN;
    if (input.kind === 'audit') return [!known || audited(state, output), state];
    const balance = state.balances.get(input.account) ?? 0;
    if (input.kind === 'balance') return [!known || output === balance, state];
    if (input.kind === 'deposit') return [!known || output === 'ok', moved(state, input.account, input.amount)];
    const inFlight = new Set(state.inFlight);
    if (input.kind === 'credit') {
      return [inFlight.delete(input.transfer), { ...moved(state, input.account, input.amount), inFlight }];
    }
    const covered = input.amount <= balance;
    if (known && output !== (covered ? 'ok' : 'refused')) return [false, state];
    if (!covered) return [true, state];
    inFlight.add(input.transfer);
    return [true, { ...moved(state, input.account, -input.amount), inFlight }];
  },
  equal: (a, b) => {
    if (a === b) return true;
    if (a.inFlight.size !== b.inFlight.size || !sameBalances(a.balances, b.balances)) return false;
    return [...a.inFlight].every((transfer) => b.inFlight.has(transfer));
  },
  hash: (state) => {
    let bits = state.inFlight.size;
    for (const [account, balance] of state.balances) bits ^= mix(hashText(account) ^ mix(balance));
    for (const transfer of state.inFlight) bits ^= mix(~transfer);
    return bits;
  },
  readOnly: (input, output) => input.kind === 'audit' || input.kind === 'balance' || output === 'refused',
  describe: (input, output) => {
    if (input.kind === 'audit') return `audit → ${outcomeText(output)}`;
    const amount = input.kind === 'balance' ? '' : ` ${input.amount}`;
    const transfer = 'transfer' in input ? ` (transfer ${input.transfer})` : '';
    return `${input.kind} ${input.account}${amount}${transfer} → ${outcomeText(output)}`;
  },
  describeState: textOf,
};

/** How transfers are answered: after the credit, or after the debit. */
export interface TransferOptions {
  readonly credited?: 'before the answer' | 'eventually';
}

/** The operations as debits, credits, deposits, balances and audits; transfers are numbered in the order given. */
export function moneyOperations(
  operations: readonly TransferOperation[],
  options: TransferOptions = {},
): MoneyOperation[] {
  return operations.flatMap((operation, transfer): MoneyOperation[] => {
    const { op, output } = operation;
    if (op.kind !== 'transfer') return [{ ...operation, op }];
    const { amount } = op;
    const debit: MoneyInput = { kind: 'debit', account: op.from, amount, transfer };
    if (output === 'refused') return [{ ...operation, op: debit }];
    const credit: MoneyInput = { kind: 'credit', account: op.to, amount, transfer };
    const open = options.credited === 'eventually' && isClosed(operation);
    return [
      { ...operation, op: debit },
      { ...operation, op: credit, ...(open ? { output: UNKNOWN, returnedAt: null } : {}) },
    ];
  });
}

/** The same operations as each account sees them, keyed by account: what must hold of every account alone. */
export function accountOperations(operations: readonly MoneyOperation[]): Operation<AccountInput, AccountOutput>[] {
  const accounts = new Set(operations.flatMap(({ op }) => (op.kind === 'audit' ? [] : [op.account])));
  return operations.flatMap((operation): Operation<AccountInput, AccountOutput>[] => {
    const { op, output } = operation;
    if (op.kind === 'audit') {
      if (!isClosed(operation)) return [];
      const balances = balancesOf(output);
      const all = new Set([...accounts, ...balances.keys()]);
      return [...all].map((account) => {
        return { ...operation, key: account, op: { kind: 'balance' }, output: balances.get(account) ?? 0 };
      });
    }
    assert(typeof output !== 'object', () => `${op.kind} of ${operation.client} is answered by a word or a number`);
    if (op.kind === 'balance') return [{ ...operation, key: op.account, op: { kind: 'balance' }, output }];
    const kind = op.kind === 'debit' ? 'withdraw' : 'deposit';
    return [{ ...operation, key: op.account, op: { kind, amount: op.amount }, output }];
  });
}

/** The balances an audit answered. */
export function balancesOf(output: unknown): ReadonlyMap<string, number> {
  assert(typeof output === 'object' && output !== null, 'an audit is answered by balances');
  return new Map(Object.entries(output as Balances).filter(([, balance]) => balance !== 0));
}

function audited(state: MoneyState, output: TransferOutput): boolean {
  const balances = balancesOf(output);
  return state.inFlight.size === 0 && sameBalances(state.balances, balances);
}

function moved(state: MoneyState, account: string, amount: number): MoneyState {
  const balances = new Map(state.balances);
  const balance = (balances.get(account) ?? 0) + amount;
  if (balance === 0) balances.delete(account);
  else balances.set(account, balance);
  return { ...state, balances };
}

function sameBalances(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([account, balance]) => b.get(account) === balance);
}

function textOf({ balances, inFlight }: MoneyState): string {
  const held = [...balances].map(([account, balance]) => `${account} ${balance}`);
  const flying = [...inFlight].sort((a, b) => a - b).map((transfer) => `transfer ${transfer} in flight`);
  return [...held.sort(), ...flying].join(', ') || 'nothing anywhere';
}

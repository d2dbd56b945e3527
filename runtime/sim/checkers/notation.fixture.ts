/**
 * Notation: histories as lines that a hand can write and an eye can check.
 *
 *     A: append 1 [0..3] ok; B: read [4..5] (1)
 *
 * Owns: the grammar. One operation is `client: verb arguments [from..to] outcome`, operations are parted by `;`. A key
 * other than `k` stands behind the client, as in `A@other:`. The outcome is `ok`, `refused`, a number, `null`, a list
 * `(1 2)`, balances `(x=1 y=2)`, or `?` if nobody saw it; `[3..]` has no end and is always `?`.
 */

import type { Operation } from './history';
import type { AccountInput, AccountOutput } from './models/account';
import type { CounterInput, CounterOutput } from './models/counter';
import type { ListInput, ListOutput } from './models/list';
import type { RegisterInput, RegisterOutput } from './models/register';
import type { TransferInput, TransferOutput } from './models/transfers';

type Arguments = readonly string[];
type Inputs<I> = Readonly<Record<string, (args: Arguments) => I>>;

/** A history by hand: `good` or what is wrong with it, what it shows, its operations. */
export type Row = readonly [expected: string, title: string, operations: string];

/** One row per line, its three parts divided by `|`. */
export function table(text: string): Row[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [expected, title, operations, more] = line.split(' | ').map((part) => part.trim());
      if (more !== undefined || !expected || !title || !operations) throw new Error(`not a history: '${line}'`);
      return [expected, title, operations];
    });
}

const number = (text: string | undefined): number => {
  const value = Number(text);
  if (text === undefined || text === '' || !Number.isFinite(value)) throw new Error(`not a number: ${text}`);
  return value;
};
const word = (text: string | undefined): string => {
  if (text === undefined || text === '') throw new Error('a word is missing');
  return text;
};

const OPERATION = /^(\w+)(?:@(\w+))?: (\w+)((?: -?\w+)*) \[(\d+)\.\.(\d*)\] (\?|-?\w+|\([^)]*\))$/;

function parser<I, O>(inputs: Inputs<I>): (text: string) => Operation<I, O>[] {
  return (text) => text.split(';').map((part) => parseOne<I, O>(part.trim(), inputs));
}

function parseOne<I, O>(text: string, inputs: Inputs<I>): Operation<I, O> {
  const [, client, key, verb, args, from, to, outcome] = OPERATION.exec(text) ?? [];
  const input = inputs[verb ?? ''];
  if (input === undefined) throw new Error(`not an operation: '${text}'`);
  if (to === '' && outcome !== '?') throw new Error(`an outcome without an end: '${text}'`);
  return {
    client: word(client),
    key: key ?? 'k',
    op: input((args ?? '').split(' ').slice(1)),
    output: outcomeOf(word(outcome)) as O,
    invokedAt: number(from),
    returnedAt: to === '' ? null : number(to),
  };
}

function outcomeOf(text: string): unknown {
  if (text === '?') return 'unknown';
  if (text === 'null') return null;
  if (!text.startsWith('(')) return text === 'ok' || text === 'refused' ? text : number(text);
  const items = text.slice(1, -1).split(' ').filter(Boolean);
  if (!text.includes('=')) return items.map(number);
  return Object.fromEntries(items.map((item) => [item.split('=')[0], number(item.split('=')[1])]));
}

export const listHistory = parser<ListInput, ListOutput>({
  append: ([value]) => ({ kind: 'append', value: number(value) }),
  read: () => ({ kind: 'read' }),
});
export const counterHistory = parser<CounterInput, CounterOutput>({
  add: ([amount]) => ({ kind: 'add', amount: number(amount) }),
  read: () => ({ kind: 'read' }),
});
export const accountHistory = parser<AccountInput, AccountOutput>({
  deposit: ([amount]) => ({ kind: 'deposit', amount: number(amount) }),
  withdraw: ([amount]) => ({ kind: 'withdraw', amount: number(amount) }),
  balance: () => ({ kind: 'balance' }),
});
export const registerHistory = parser<RegisterInput, RegisterOutput>({
  write: ([value]) => ({ kind: 'write', value: number(value) }),
  swap: ([from, to]) => ({ kind: 'swap', from: from === 'null' ? null : number(from), to: number(to) }),
  read: () => ({ kind: 'read' }),
});
export const transferHistory = parser<TransferInput, TransferOutput>({
  deposit: ([account, amount]) => ({ kind: 'deposit', account: word(account), amount: number(amount) }),
  transfer: ([from, to, amount]) => {
    return { kind: 'transfer', from: word(from), to: word(to), amount: number(amount) };
  },
  balance: ([account]) => ({ kind: 'balance', account: word(account) }),
  audit: () => ({ kind: 'audit' }),
});

/** The account with refusals: it begins at 0, and a withdrawal is refused if and only if it exceeds the balance. */

import { UNKNOWN } from '../history';
import type { Model } from '../model';
import { mix, outcomeText } from '../model';

export type AccountInput =
  | { readonly kind: 'deposit'; readonly amount: number }
  | { readonly kind: 'withdraw'; readonly amount: number }
  | { readonly kind: 'balance' };
export type AccountOutput = 'ok' | 'refused' | number;

export const account: Model<number, AccountInput, AccountOutput> = {
  name: 'account',
  init: () => 0,
  step: (balance, input, output) => {
    if (input.kind === 'balance') return [output === UNKNOWN || output === balance, balance];
    if (input.kind === 'deposit') return [output === UNKNOWN || output === 'ok', balance + input.amount];
    const covered = input.amount <= balance;
    return [output === UNKNOWN || output === (covered ? 'ok' : 'refused'), covered ? balance - input.amount : balance];
  },
  equal: Object.is,
  hash: mix,
  readOnly: (input, output) => input.kind === 'balance' || output === 'refused',
  describe: (input, output) =>
    `${input.kind === 'balance' ? 'balance' : `${input.kind} ${input.amount}`} → ${outcomeText(output)}`,
  describeState: String,
};

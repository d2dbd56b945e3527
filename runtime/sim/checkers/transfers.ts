/**
 * Transfers, checked from the cheapest to the dearest: that money is conserved (sums), that every account alone is
 * linearizable (a search per account), that all of them together are (one search).
 *
 * Owns: the order of the checks and the sums. Does not own: what a transfer is (`models/transfers`), the search.
 */

import type { Counterexample, Verdict } from './history';
import { checkEachKey, endOf, isClosed } from './history';
import { account } from './models/account';
import type { TransferOperation, TransferOptions } from './models/transfers';
import { accountOperations, balancesOf, money, moneyOperations } from './models/transfers';
import { outcomeText } from './model';
import { checkHistory } from './search';
import { timeline } from './timeline';

/**
 * Model steps for all accounts of a key together, unless said otherwise: some 50 ms. What sums and single accounts do not
 * show is rare, and the state space of many unanswered transfers is larger than any budget.
 */
export const TRANSFERS_STEPS = 5_000;

/**
 * Checks the accounts of each key together (a key is a set of accounts), with at most `stepsMax` model steps for all of
 * them together. If these run out the answer is 'undecided', though sums and single accounts were found right.
 */
export function checkTransfers(
  operations: readonly TransferOperation[],
  options: TransferOptions = {},
  stepsMax = TRANSFERS_STEPS,
): Verdict {
  return checkEachKey(operations, (ofOneKey) => {
    const counterexample = lostMoney(ofOneKey);
    if (counterexample !== null) return { verdict: 'illegal', steps: ofOneKey.length, counterexample };
    const moneyOfKey = moneyOperations(ofOneKey, options);
    const alone = checkHistory(account, accountOperations(moneyOfKey));
    return alone.verdict === 'illegal' ? alone : checkHistory(money, moneyOfKey, stepsMax);
  });
}

/** Every audit must sum up to what was deposited: at least what was acknowledged, at most what was asked for. */
function lostMoney(operations: readonly TransferOperation[]): Counterexample | null {
  for (const audit of operations) {
    if (audit.op.kind !== 'audit' || !isClosed(audit)) continue;
    const deposits = operations.filter(({ op, output, invokedAt }) => {
      return op.kind === 'deposit' && output !== 'refused' && invokedAt <= endOf(audit);
    });
    const sure = deposits.filter((deposit) => endOf(deposit) < audit.invokedAt);
    const least = sumOf(sure);
    const most = sumOf(deposits);
    const found = [...balancesOf(audit.output).values()].reduce((sum, balance) => sum + balance, 0);
    if (found >= least && found <= most) continue;
    const due = least === most ? `${least}` : `${least} to ${most}`;
    const message = `transfers ${audit.key} do not conserve money: an audit finds ${found}, deposited were ${due}`;
    const window = [...deposits, audit];
    const text = `${message}\n${timeline(window, describe, [audit])}`;
    return { kind: 'not conserved', key: audit.key, message, text, window };
  }
  return null;
}

function sumOf(operations: readonly TransferOperation[]): number {
  return operations.reduce((sum, { op }) => sum + (op.kind === 'deposit' ? op.amount : 0), 0);
}

function describe(op: TransferOperation['op'], output: unknown): string {
  return `${op.kind === 'deposit' ? `deposit ${op.account} ${op.amount}` : op.kind} → ${outcomeText(output)}`;
}

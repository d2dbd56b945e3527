/**
 * Account load: updates of loyalty accounts through the client, on uniform keys or on a hot one.
 *
 * Owns: the accounts, which all exist and are in memory before anything is measured. Does not own: rounds.
 */

import type { Handle } from 'perdure';
import { Account } from './accounts';
import { startBenchHost } from './bench-host';
import type { BenchHost } from './bench-host';
import { measure, sequence } from './measure';
import type { Rate } from './measure';

const BIRTH_CALLERS = 512;

export class AccountLoad {
  private readonly random = sequence(17);

  private constructor(
    private readonly host: BenchHost,
    private readonly accounts: readonly Handle<Account>[],
  ) {}

  static async begin(directory: string, keys: number): Promise<AccountLoad> {
    const host = await startBenchHost(directory, [Account]);
    const accounts = Array.from({ length: keys }, (_, no) => host.client.entity(Account, `C-${no}`));
    let next = 0;
    const call = (): Promise<number> => earn(accounts[next++]);
    await measure({ callers: BIRTH_CALLERS, calls: keys, call, count: null });
    return new AccountLoad(host, accounts);
  }

  uniform(callers: number, calls: number): Promise<Rate> {
    const { accounts, random } = this;
    return this.rate(callers, calls, () => earn(accounts[random(accounts.length)]));
  }

  hot(callers: number, calls: number): Promise<Rate> {
    return this.rate(callers, calls, () => earn(this.accounts[0]));
  }

  /** Mean length of what such a load appends. */
  async bytesPerRecord(callers: number, calls: number): Promise<number> {
    const before = await this.host.count();
    await this.uniform(callers, calls);
    const after = await this.host.count();
    return Math.round((after.recordBytes - before.recordBytes) / (after.writes - before.writes));
  }

  end(): Promise<void> {
    return this.host.stop();
  }

  private rate(callers: number, calls: number, call: () => Promise<number>): Promise<Rate> {
    return measure({ callers, calls, call, count: () => this.host.count() });
  }
}

function earn(account: Handle<Account> | undefined): Promise<number> {
  if (account === undefined) throw new Error('no such account');
  return account.earn({ points: 12 });
}

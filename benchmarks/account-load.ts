/**
 * Account load: updates and queries of loyalty accounts through the client, on uniform keys or on a hot one.
 *
 * Owns: the accounts, which all exist and are in memory before anything is measured. Does not own: rounds.
 */

import type { Handle } from 'perdure';
import type { PerdureClient } from 'perdure/client';
import { Account } from './accounts';
import { startBenchHost } from './bench-host';
import { measure, sequence } from './measure';
import type { Rate, StoreCount } from './measure';

const BIRTH_CALLERS = 512;

/** What the load is put on. */
export interface Loaded {
  readonly client: PerdureClient;
  /** Null where nothing of the store is counted. */
  readonly count: (() => Promise<StoreCount>) | null;
  stop(): Promise<void>;
}

export class AccountLoad {
  private readonly random = sequence(17);

  private constructor(
    private readonly on: Loaded,
    private readonly accounts: readonly Handle<Account>[],
  ) {}

  /** On a host of its own, in process and embedded. */
  static async begin(directory: string, keys: number): Promise<AccountLoad> {
    return AccountLoad.on(await startBenchHost(directory, [Account]), keys);
  }

  static async on(loaded: Loaded, keys: number): Promise<AccountLoad> {
    const accounts = Array.from({ length: keys }, (_, no) => loaded.client.entity(Account, `C-${no}`));
    let next = 0;
    const call = (): Promise<number> => earn(accounts[next++]);
    await measure({ callers: BIRTH_CALLERS, calls: keys, call, count: null });
    return new AccountLoad(loaded, accounts);
  }

  uniform(callers: number, calls: number): Promise<Rate> {
    return this.rate(callers, calls, () => earn(this.any()));
  }

  hot(callers: number, calls: number): Promise<Rate> {
    return this.rate(callers, calls, () => earn(this.accounts[0]));
  }

  queries(callers: number, calls: number): Promise<Rate> {
    return this.rate(callers, calls, () => balanceOf(this.any()));
  }

  /** Mean length of what such a load appends. */
  async bytesPerRecord(callers: number, calls: number): Promise<number> {
    const { count } = this.on;
    if (count === null) throw new Error('nothing counts what this load appends');
    const before = await count();
    await this.uniform(callers, calls);
    const after = await count();
    return Math.round((after.recordBytes - before.recordBytes) / (after.writes - before.writes));
  }

  end(): Promise<void> {
    return this.on.stop();
  }

  private any(): Handle<Account> | undefined {
    return this.accounts[this.random(this.accounts.length)];
  }

  private rate(callers: number, calls: number, call: () => Promise<number>): Promise<Rate> {
    return measure({ callers, calls, call, count: this.on.count });
  }
}

function earn(account: Handle<Account> | undefined): Promise<number> {
  if (account === undefined) throw new Error('no such account');
  return account.earn({ points: 12 });
}

function balanceOf(account: Handle<Account> | undefined): Promise<number> {
  if (account === undefined) throw new Error('no such account');
  return account.balance();
}

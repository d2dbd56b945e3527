/**
 * Accounts with refusals: a withdrawal is refused exactly when the model says so, by a validator, by a business failure
 * after the fields have been written, or by a bug; whatever is refused leaves nothing behind (S13, S17, S18).
 */

import 'reflect-metadata';
import { EntityFailure } from '../../../framework/errors';
import type { PerdureError } from '../../../framework/errors';
import { Entity, Query, Update, Validate } from '../../../framework/model/decorators';
import { Asked } from './asked';
import { exportHistory } from '../checkers/export';
import type { ExportedHistory } from '../checkers/export';
import type { AccountInput, AccountOutput } from '../checkers/models/account';
import { account } from '../checkers/models/account';
import type { CallContext, Caller, Heard, More, Workload } from './workload';
import { absentAs, atWork, reach } from './calling';
import { judge } from './judge';

@Entity('sim-account')
export class Account {
  balance = 0;
  /** Moves with the balance: an undo that forgets one of them shows. */
  movements = { in: 0, out: 0 };

  @Update() deposit(amount: number): void {
    this.balance += amount;
    this.movements.in += amount;
  }

  @Validate('withdraw') protected isCovered(amount: number): void {
    if (amount > this.balance) throw new EntityFailure('uncovered');
  }
  @Update() withdraw(amount: number): void {
    this.take(amount);
  }

  /** Finds out late. */
  @Update() spend(amount: number): void {
    this.take(amount);
    if (this.balance < 0) throw new EntityFailure('uncovered');
  }

  @Update() stumble(amount: number): void {
    this.take(amount);
    throw new TypeError('a bug of its author');
  }

  @Query() whole() {
    return { balance: this.balance, movements: this.movements };
  }

  protected take(amount: number): void {
    this.balance -= amount;
    this.movements.out += amount;
  }
}

const WAYS = ['deposit', 'deposit', 'withdraw', 'withdraw', 'spend', 'spend', 'stumble', 'balance', 'balance'] as const;
/** About half of the withdrawals are refused. */
const MOST = 100;
/** No balance covers it: a bug is a withdrawal that is always refused. */
const FORTUNE = 1_000_000_000;

type Way = (typeof WAYS)[number];

export class Accounts implements Workload {
  readonly name = 'account';
  private readonly asked: Asked<AccountInput, AccountOutput>;

  constructor(private readonly run: CallContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [Account];
  }

  hear(heard: Heard): void {
    this.asked.hear(heard);
  }

  call(caller: Caller, more: More): Promise<void> {
    const { draw } = caller;
    return atWork(caller, more, () => this.operate(caller, draw.of(this.run.ids), draw.of(WAYS)));
  }

  async verdict(auditor: Caller): Promise<string | null> {
    for (const id of this.run.ids) await this.balance(auditor, id);
    return judge(this.run, this.asked, account);
  }

  histories(): ExportedHistory[] {
    return exportHistory(this.name, 'account', this.asked.operations);
  }

  private async operate(caller: Caller, key: string, way: Way): Promise<void> {
    if (way === 'balance') return this.balance(caller, key);
    const drawn = 1 + caller.draw.below(MOST);
    const amount = way === 'stumble' ? FORTUNE : drawn;
    const deed = reach(caller, Account, key)[way];
    const call = () => deed(amount).then(() => 'ok' as const);
    const kind = way === 'deposit' ? way : 'withdraw';
    const refused = way === 'deposit' ? () => null : refusalOf(way);
    await this.asked.ask({ caller, key, op: { kind, amount }, call, refused });
  }

  private async balance(caller: Caller, key: string): Promise<void> {
    const call = async () => {
      const { balance, movements } = await reach(caller, Account, key).whole();
      // A balance that its movements do not add up to is no balance at all.
      return balance === movements.in - movements.out ? balance : Number.NaN;
    };
    await this.asked.ask({ caller, key, op: { kind: 'balance' }, call, refused: absentAs(0) });
  }
}

const CODES = { withdraw: 'rejected', spend: 'failed', stumble: 'internal' } as const;

function refusalOf(way: keyof typeof CODES): (error: PerdureError) => 'refused' | null {
  return ({ code, reason }) => {
    const known = code === CODES[way] && (way === 'stumble' || reason === 'uncovered');
    return known ? 'refused' : null;
  };
}

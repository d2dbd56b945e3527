/**
 * Transfers by activities: a purse's activity credits another purse through a client, with a message id of its own that
 * is the same for every attempt: money is conserved, and every transfer arrives once (S11, S15).
 */

import 'reflect-metadata';
import { activityInfo } from '../../../framework/activity';
import { activities } from '../../../framework/core/activities';
import { EntityFailure } from '../../../framework/errors';
import type { PerdureError } from '../../../framework/errors';
import { Entity, Query, Update } from '../../../framework/model/decorators';
import { Asked } from './asked';
import { exportHistory } from '../checkers/export';
import type { ExportedHistory } from '../checkers/export';
import type { Unknown } from '../checkers/history';
import type { TransferInput, TransferOutput } from '../checkers/models/transfers';
import { moneyOperations } from '../checkers/models/transfers';
import { checkTransfers } from '../checkers/transfers';
import { Outside } from './outside';
import type { CallContext, Caller, Heard, More, Workload } from './workload';
import { absentAs, answerOf, atWork, eventually, reach } from './calling';
import { faultOf } from './judge';

interface Bank {
  credit(to: string, name: string, amount: number): Promise<void>;
}

const GROUP = 'sim-bank';
const bank = activities<Bank>(GROUP, { startToClose: '30s', retry: { initial: 100, maximum: 2_000 } });

@Entity('sim-purse')
export class Purse {
  balance = 0;
  /** Names of transfers. */
  sent: string[] = [];
  arrived: string[] = [];

  @Update() deposit(amount: number): void {
    this.balance += amount;
  }

  @Update() async transfer(name: string, to: string, amount: number): Promise<void> {
    if (amount > this.balance) throw new EntityFailure('uncovered');
    this.balance -= amount;
    this.sent.push(name);
    await bank.credit(to, name, amount);
  }

  /** Also while a transfer of its own is under way: two purses may send to each other. */
  @Update({ interleave: true }) credit(name: string, amount: number): void {
    this.balance += amount;
    this.arrived.push(name);
  }

  @Query() whole() {
    return { balance: this.balance, sent: this.sent, arrived: this.arrived };
  }
}

const WAYS = ['deposit', 'transfer', 'transfer', 'balance'] as const;
const MOST_DEPOSITED = 100;
const MOST_SENT = 60;
/** All purses together: money moves among them. */
const KEY = 'purses';

export class Transfers implements Workload {
  readonly name = 'transfers';
  readonly outside: Outside;
  private readonly asked: Asked<TransferInput, TransferOutput>;

  constructor(private readonly run: CallContext) {
    this.asked = new Asked(run);
    this.outside = new Outside(run.world);
  }

  entities() {
    return [Purse];
  }

  activities(host: Caller) {
    const credit = async (to: string, name: string, amount: number): Promise<void> => {
      const { idempotencyKey: messageId } = activityInfo();
      const purse = host.client.entity(Purse, to);
      await host.client.call(purse, { messageId, timeout: host.patienceMs }).credit(name, amount);
    };
    return [this.outside.served(GROUP, host, { credit })];
  }

  hear(heard: Heard): void {
    this.asked.hear(heard);
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, (name) => this.operate(caller, name));
  }

  async settle(auditor: Caller): Promise<void> {
    await eventually(auditor, async () => (await this.strays(auditor)).length === 0);
  }

  async verdict(auditor: Caller): Promise<string | null> {
    const [stray] = await this.strays(auditor);
    if (stray !== undefined) return `transfer ${stray} was sent and has not arrived, or the other way round`;
    const twice = await this.twice(auditor);
    if (twice !== undefined) return `transfer ${twice} was sent or has arrived twice`;
    await this.audit(auditor);
    const [complaint] = this.asked.complaints;
    return complaint ?? faultOf(this.run, checkTransfers(this.asked.operations));
  }

  histories(): ExportedHistory[] {
    return exportHistory(this.name, 'transfers', moneyOperations(this.asked.operations));
  }

  private operate(caller: Caller, name: string): Promise<TransferOutput | Unknown> {
    const { draw } = caller;
    const { ids } = this.run;
    const [way, from, to] = [draw.of(WAYS), draw.of(ids), draw.of(ids)];
    if (way === 'balance') return this.balance(caller, from);
    const purse = reach(caller, Purse, from);
    if (way === 'deposit') {
      const amount = 1 + draw.below(MOST_DEPOSITED);
      const call = () => purse.deposit(amount).then(() => 'ok' as const);
      return this.asked.ask({ caller, key: KEY, op: { kind: 'deposit', account: from, amount }, call });
    }
    const amount = 1 + draw.below(MOST_SENT);
    const call = () => purse.transfer(name, to, amount).then(() => 'ok' as const);
    const refused = ({ code, reason }: PerdureError) =>
      code === 'failed' && reason === 'uncovered' ? 'refused' : null;
    return this.asked.ask({ caller, key: KEY, op: { kind: 'transfer', from, to, amount }, call, refused });
  }

  private balance(caller: Caller, account: string): Promise<TransferOutput | Unknown> {
    const call = async () => (await reach(caller, Purse, account).whole()).balance;
    const op = { kind: 'balance', account } as const;
    return this.asked.ask({ caller, key: KEY, op, call, refused: absentAs(0) });
  }

  /** All balances, while nothing moves. */
  private async audit(auditor: Caller): Promise<void> {
    const call = async () => Object.fromEntries(await this.each(auditor, (id, { balance }) => [id, balance] as const));
    await this.asked.ask({ caller: auditor, key: KEY, op: { kind: 'audit' }, call });
  }

  /** Names that stand on one side only. */
  private async strays(auditor: Caller): Promise<string[]> {
    const sent = new Set((await this.each(auditor, (_, purse) => purse.sent)).flat());
    const arrived = new Set((await this.each(auditor, (_, purse) => purse.arrived)).flat());
    return [...[...sent].filter((name) => !arrived.has(name)), ...[...arrived].filter((name) => !sent.has(name))];
  }

  private async twice(auditor: Caller): Promise<string | undefined> {
    for (const side of ['sent', 'arrived'] as const) {
      const names = (await this.each(auditor, (_, purse) => purse[side])).flat();
      const twice = names.find((name, at) => names.indexOf(name) < at);
      if (twice !== undefined) return twice;
    }
    return undefined;
  }

  private async each<T>(caller: Caller, of: (id: string, purse: ReturnType<Purse['whole']>) => T): Promise<T[]> {
    const all: T[] = [];
    for (const id of this.run.ids) {
      const whole = await answer(caller, id);
      all.push(of(id, whole ?? { balance: 0, sent: [], arrived: [] }));
    }
    return all;
  }
}

function answer(caller: Caller, id: string) {
  return answerOf(() => reach(caller, Purse, id).whole());
}

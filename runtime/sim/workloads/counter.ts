/**
 * Counter: additions that answer the new value, and signals that add; a lost or doubled one shows in every later value.
 */

import 'reflect-metadata';
import { Entity, Query, Signal, Update } from '../../../framework/model/decorators';
import { Indexed } from '../../../framework/model/field-decorators';
import { Asked } from './asked';
import { atWork } from './calling';
import { exportHistory } from '../checkers/export';
import type { ExportedHistory } from '../checkers/export';
import type { CounterInput, CounterOutput } from '../checkers/models/counter';
import { counter } from '../checkers/models/counter';
import type { Caller, More, RunContext, Workload } from './workload';
import { judge } from './judge';

@Entity('sim-counter')
export class Counter {
  @Indexed('int') total = 0;

  @Update() add(amount: number): number {
    this.total += amount;
    return this.total;
  }

  /** Acknowledged before or after it is applied, never lost. */
  @Signal() count(amount: number): void {
    this.total += amount;
  }

  @Query() whole(): number {
    return this.total;
  }
}

const READ_SHARE = 0.3;
const SIGNAL_SHARE = 0.3;
/** Of the additions: three at once, whose ids are open together (S11). */
const TOGETHER_SHARE = 0.1;
/** Additions differ, so that few sets of unanswered ones have the same sum. */
const MOST = 1_000;

export class Counters implements Workload {
  readonly name = 'counter';
  private readonly asked: Asked<CounterInput, CounterOutput>;

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [Counter];
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, async () => {
      const { draw } = caller;
      const id = draw.of(this.run.ids);
      const [reads, together] = [draw.float() < READ_SHARE, draw.float() < TOGETHER_SHARE];
      if (reads) await this.read(caller, id);
      else if (together) await Promise.all([this.add(caller, id), this.add(caller, id), this.add(caller, id)]);
      else await this.add(caller, id);
    });
  }

  async verdict(auditor: Caller): Promise<string | null> {
    for (const id of this.run.ids) await this.read(auditor, id);
    return judge(this.run, this.asked, counter);
  }

  histories(): ExportedHistory[] {
    return exportHistory(this.name, 'counter', this.asked.operations);
  }

  private async add(caller: Caller, key: string): Promise<void> {
    const { client, draw, patienceMs } = caller;
    const amount = 1 + draw.below(MOST);
    const handle = client.call(client.entity(Counter, key), { timeout: patienceMs });
    const signals = draw.float() < SIGNAL_SHARE;
    const call = () => (signals ? handle.count(amount).then(() => 'ok' as const) : handle.add(amount));
    await this.asked.ask({ caller, key, op: { kind: 'add', amount }, call });
  }

  private async read(caller: Caller, key: string): Promise<void> {
    const { client, patienceMs } = caller;
    const refused = ({ code }: { readonly code: string }) => (code === 'not_found' ? 0 : null);
    const call = () => client.call(client.entity(Counter, key), { timeout: patienceMs }).whole();
    await this.asked.ask({ caller, key, op: { kind: 'read' }, call, refused });
  }
}

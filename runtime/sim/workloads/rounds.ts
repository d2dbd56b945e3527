/**
 * Rounds: `run()` that begins again from its first line, as often as it was asked to, a round after the other (S21 to
 * S23).
 */

import 'reflect-metadata';
import { again, condition, now, sleep } from '../../../framework/core/functions';
import { Entity, Query, Update } from '../../../framework/model/decorators';
import { Asked } from './asked';
import { exportHistory } from '../checkers/export';
import type { ExportedHistory } from '../checkers/export';
import type { CounterInput, CounterOutput } from '../checkers/models/counter';
import { counter } from '../checkers/models/counter';
import type { Caller, More, RunContext, Workload } from './workload';
import { absentAs, answerOf, atWork, eventually, reach } from './calling';
import { judge } from './judge';

const BETWEEN_MS = 100;

@Entity('sim-rounds')
export class Rounds {
  goal = 0;
  begun = 0;
  done: number[] = [];
  /** Not before this time: the round before said so. */
  notBefore = 0;
  early = 0;

  @Update({ interleave: true }) more(count: number): number {
    this.goal += count;
    return this.goal;
  }

  async run() {
    if (now() < this.notBefore) this.early += 1;
    await condition(() => this.begun < this.goal);
    this.begun += 1;
    const round = this.begun;
    if (round % 3 > 0) await sleep(20 + 10 * (round % 7));
    this.done.push(round);
    this.notBefore = now() + BETWEEN_MS;
    return again({ after: BETWEEN_MS });
  }

  @Query() whole() {
    const { goal, begun, done, notBefore, early } = this;
    return { goal, begun, done, notBefore, early };
  }
}

type Whole = ReturnType<Rounds['whole']>;
const READ_SHARE = 0.5;
const MOST = 2;

export class RoundsAgain implements Workload {
  readonly name = 'rounds';
  private readonly asked: Asked<CounterInput, CounterOutput>;

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [Rounds];
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, async () => {
      const { draw } = caller;
      const key = draw.of(this.run.ids);
      const amount = 1 + draw.below(MOST);
      if (draw.float() < READ_SHARE) return this.read(caller, key);
      const call = () => reach(caller, Rounds, key).more(amount);
      return this.asked.ask({ caller, key, op: { kind: 'add', amount }, call });
    });
  }

  async settle(auditor: Caller): Promise<void> {
    for (const id of this.run.ids) {
      await eventually(auditor, async () => {
        const whole = await this.look(auditor, id);
        return whole === null || whole.done.length >= whole.goal;
      });
    }
  }

  async verdict(auditor: Caller): Promise<string | null> {
    for (const id of this.run.ids) {
      await this.read(auditor, id);
      const whole = await this.look(auditor, id);
      const fault = whole && roundsFault(whole);
      if (fault !== null) return `rounds ${id}: ${fault}`;
    }
    return judge(this.run, this.asked, counter);
  }

  histories(): ExportedHistory[] {
    return exportHistory(this.name, 'counter', this.asked.operations);
  }

  private async read(caller: Caller, key: string): Promise<void> {
    const call = async () => (await reach(caller, Rounds, key).whole()).goal;
    await this.asked.ask({ caller, key, op: { kind: 'read' }, call, refused: absentAs(0) });
  }

  private look(auditor: Caller, id: string): Promise<Whole | null> {
    return answerOf(() => reach(auditor, Rounds, id).whole());
  }
}

/** What is wrong with the rounds of an entity at rest. */
export function roundsFault({ goal, begun, done, early }: Whole): string | null {
  if (early > 0) return `${early} rounds began too early`;
  const at = done.findIndex((round, index) => round !== index + 1);
  if (at >= 0) return `round ${done[at]} was done in place of round ${at + 1}`;
  if (begun !== done.length) return `${begun} rounds were begun, and ${done.length} done`;
  return done.length === goal ? null : `${goal} rounds were asked for, and ${done.length} done`;
}

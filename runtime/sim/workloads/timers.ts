/**
 * Timers: naps of all lengths, several at once, raced and exclusive: none is early by the clock of the host that fires
 * it, none is lost, and the shorter of two wins (S6, S7, C9).
 */

import 'reflect-metadata';
import { now, sleep, sleepUntil } from '../../../framework/core/functions';
import { Entity, Query, Signal, Update } from '../../../framework/model/decorators';
import { Asked } from './asked';
import { UNKNOWN } from '../checkers/history';
import type { SimStream } from '../world/random';
import type { Caller, More, RunContext, Workload } from './workload';
import { answerOf, atWork, eventually, reach } from './calling';

/** Who woke, and by how much later than it had asked for; negative for early. */
type Woken = readonly [lateMs: number, name: string];

@Entity('sim-sleeper')
export class Sleeper {
  asleep: string[] = [];
  dozed = 0;
  /** As texts, for they are encoded after every step: by how much too late, and who. */
  woken: string[] = [];

  @Signal({ interleave: true }) async nap(name: string, forMs: number): Promise<void> {
    await this.rest(name, now() + forMs, () => sleep(forMs));
  }

  /** Wakes when all are over. */
  @Signal({ interleave: true }) async naps(name: string, forMs: number, more: number): Promise<void> {
    const all = [forMs, forMs + more, forMs + 2 * more];
    await this.rest(name, now() + forMs + 2 * more, () => Promise.all(all.map((ms) => sleep(ms))));
  }

  /** Answers which of two was first. */
  @Update({ interleave: true }) async race(name: string, forMs: number, more: number): Promise<string> {
    let first = '';
    const shorter = sleep(forMs).then(() => 'shorter');
    const longer = sleep(forMs + more).then(() => 'longer');
    await this.rest(name, now() + forMs, async () => (first = await Promise.race([longer, shorter])));
    return first;
  }

  /** Keeps others out meanwhile. */
  @Update() async doze(name: string, forMs: number): Promise<boolean> {
    const before = this.dozed;
    await this.rest(name, now() + forMs, () => sleepUntil(now() + forMs));
    return (this.dozed += 1) === before + 1;
  }

  @Query() whole() {
    return { asleep: this.asleep, woken: this.woken, dozed: this.dozed };
  }

  protected async rest(name: string, due: number, wait: () => Promise<unknown>): Promise<void> {
    this.asleep.push(name);
    await wait();
    this.asleep.splice(this.asleep.indexOf(name), 1);
    this.woken.push(`${now() - due} ${name}`);
  }
}

const WAYS = ['nap', 'nap', 'naps', 'naps', 'race', 'race', 'doze'] as const;
/** Each decade is as likely as another. */
const LONGEST_MS = 20_000;
const LONGEST_DOZE_MS = 1_000;

interface Nap {
  readonly way: (typeof WAYS)[number];
  readonly name: string;
}
type Answer = boolean | string;

export class Timers implements Workload {
  readonly name = 'timers';
  private readonly asked: Asked<Nap, Answer>;

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [Sleeper];
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, async (name) => {
      const { draw } = caller;
      const op: Nap = { way: draw.of(WAYS), name };
      const key = draw.of(this.run.ids);
      const sleeper = reach(caller, Sleeper, key);
      const [forMs, more] = [lengthOf(draw, LONGEST_MS), lengthOf(draw, LONGEST_MS / 4)];
      const call = async (): Promise<Answer> => {
        if (op.way === 'race') return sleeper.race(name, forMs, more);
        if (op.way === 'doze') return sleeper.doze(name, Math.min(forMs, LONGEST_DOZE_MS));
        await (op.way === 'nap' ? sleeper.nap(name, forMs) : sleeper.naps(name, forMs, more));
        return 'ok';
      };
      await this.asked.ask({ caller, key, op, call });
    });
  }

  async settle(auditor: Caller): Promise<void> {
    for (const id of this.run.ids) {
      const awake = async () => ((await this.look(auditor, id))?.asleep.length ?? 0) === 0;
      await eventually(auditor, awake);
    }
  }

  async verdict(auditor: Caller): Promise<string | null> {
    const [complaint] = this.asked.complaints;
    if (complaint !== undefined) return complaint;
    for (const id of this.run.ids) {
      const { asleep, woken } = (await this.look(auditor, id)) ?? { asleep: [], woken: [] };
      const fault = this.faultOf(id, asleep, woken.map(wokenOf));
      if (fault !== null) return `sleeper ${id}: ${fault}`;
    }
    return null;
  }

  private faultOf(id: string, asleep: readonly string[], woken: readonly Woken[]): string | null {
    if (asleep.length > 0) return `${asleep.join(', ')} never wake`;
    const early = woken.find(([lateMs]) => lateMs < 0);
    if (early !== undefined) return `${early[1]} wakes ${-early[0]} ms early`;
    const names = woken.map(([, name]) => name);
    const twice = names.find((name, at) => names.indexOf(name) < at);
    if (twice !== undefined) return `${twice} wakes twice`;
    for (const { key, op, output } of this.asked.operations) {
      if (key !== id || output === UNKNOWN) continue;
      if (!names.includes(op.name)) return `${op.name} has not slept`;
      if (output === 'longer') return `of two naps of ${op.name} the longer one was over first`;
      if (output === false) return `others dozed while ${op.name} did`;
    }
    return null;
  }

  private look(auditor: Caller, id: string) {
    return answerOf(() => reach(auditor, Sleeper, id).whole());
  }
}

function wokenOf(text: string): Woken {
  const [lateMs = '', name = ''] = text.split(' ');
  return [Number(lateMs), name];
}

function lengthOf(draw: SimStream, longestMs: number): number {
  return Math.ceil(longestMs * 10 ** (-3 * draw.float()));
}

/**
 * Effects: activities that are awaited and enqueued, fail, take long and give up; and steps that fail after they asked
 * for one, of which nothing may leave (S15, S17, S18).
 */

import 'reflect-metadata';
import { NonRetryable, activityInfo } from '../../../framework/activity';
import { activities, enqueue } from '../../../framework/core/activities';
import { EntityFailure } from '../../../framework/errors';
import type { PerdureError } from '../../../framework/errors';
import { Entity, Query, Signal, Update } from '../../../framework/model/decorators';
import { Asked } from './asked';
import { UNKNOWN } from '../checkers/history';
import { Outside } from './outside';
import type { Range } from '../world/random';
import type { Caller, More, RunContext, Workload } from './workload';
import { answerOf, atWork, eventually, reach } from './calling';

interface Deeds {
  deed(name: string): Promise<string>;
  doomed(name: string): Promise<string>;
}

const GROUP = 'sim-deeds';
const deeds = activities<Deeds>(GROUP, { startToClose: '5s', retry: { initial: 100, maximum: 1_000 } });

@Entity('sim-doer')
export class Doer {
  /** Names of what was asked for, and of what came to its end, with its result. */
  asked: string[] = [];
  results: string[] = [];
  thrown = 0;

  @Update() async await(name: string): Promise<string> {
    this.asked.push(name);
    return this.end(name, await deeds.deed(name));
  }

  @Signal({ interleave: true }) async several(name: string): Promise<void> {
    this.asked.push(name);
    const parts = await Promise.all([deeds.deed(`${name}/1`), deeds.deed(`${name}/2`)]);
    this.end(name, parts.join(' and '));
  }

  /** Its activity gives up for good. */
  @Update({ interleave: true }) async doomed(name: string): Promise<string> {
    this.asked.push(name);
    try {
      return this.end(name, await deeds.doomed(name));
    } catch (error) {
      return this.end(name, (error as EntityFailure).code);
    }
  }

  @Signal() enqueue(name: string): void {
    this.asked.push(name);
    enqueue(deeds).deed(name);
    this.end(name, 'enqueued');
  }

  /** What was asked for before the failure never leaves. */
  @Update() throws(name: string): void {
    this.asked.push(name);
    this.thrown += 1;
    enqueue(deeds).deed(`${name}, thrown`);
    throw new EntityFailure('thrown');
  }

  @Query() whole() {
    return { asked: this.asked, results: this.results, thrown: this.thrown };
  }

  protected end(name: string, result: string): string {
    this.results.push(`${name}: ${result}`);
    return result;
  }
}

const WAYS = ['await', 'several', 'doomed', 'enqueue', 'enqueue', 'throws'] as const;
const FAILING_SHARE = 0.3;
const TAKES_MS: Range = [1, 400];
/** A few take longer than they may. */
const SLOW_SHARE = 0.03;
const SLOW_MS: Range = [4_000, 8_000];

type Way = (typeof WAYS)[number];

export class Effects implements Workload {
  readonly name = 'effects';
  readonly outside: Outside;
  private readonly asked: Asked<{ readonly way: Way; readonly name: string }, string>;

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
    this.outside = new Outside(run.world);
  }

  entities() {
    return [Doer];
  }

  activities(host: Caller) {
    const deed = async (name: string): Promise<string> => {
      const [fails, slow] = [host.draw.float(), host.draw.float()];
      await host.pause(slow < SLOW_SHARE ? SLOW_MS : TAKES_MS);
      if (fails < FAILING_SHARE) throw new Error(`${name} fails this time`);
      return `did ${name}`;
    };
    const doomed = async (name: string): Promise<string> => {
      await host.pause(TAKES_MS);
      if (activityInfo().attempt === 1) throw new Error(`${name} fails for now`);
      throw new NonRetryable(`${name} fails for ever`, { code: 'doomed' });
    };
    return [this.outside.served(GROUP, host, { deed, doomed })];
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, async (name) => {
      const key = caller.draw.of(this.run.ids);
      const way = caller.draw.of(WAYS);
      const call = async () => (await reach(caller, Doer, key)[way](name)) ?? 'ok';
      const refused = ({ code, reason }: PerdureError) =>
        way === 'throws' && code === 'failed' && reason === 'thrown' ? 'refused' : null;
      await this.asked.ask({ caller, key, op: { way, name }, call, refused });
    });
  }

  async settle(auditor: Caller): Promise<void> {
    for (const id of this.run.ids) {
      await eventually(auditor, async () => {
        const whole = await this.look(auditor, id);
        return whole === null || whole.results.length >= whole.asked.length;
      });
    }
  }

  async verdict(auditor: Caller): Promise<string | null> {
    const [complaint] = this.asked.complaints;
    if (complaint !== undefined) return complaint;
    for (const id of this.run.ids) {
      const whole = (await this.look(auditor, id)) ?? { asked: [], results: [], thrown: 0 };
      const fault = this.faultOf(id, whole);
      if (fault !== null) return `doer ${id}: ${fault}`;
    }
    return null;
  }

  private faultOf(id: string, { asked, results, thrown }: ReturnType<Doer['whole']>): string | null {
    if (thrown > 0) return 'it keeps what a step that failed has written';
    const twice = asked.find((name, at) => asked.indexOf(name) < at);
    if (twice !== undefined) return `${twice} is applied twice`;
    const ended = results.map((result) => result.slice(0, result.indexOf(': ')));
    const again = ended.find((name, at) => ended.indexOf(name) < at);
    if (again !== undefined) return `${again} has two results`;
    const open = asked.find((name) => !ended.includes(name));
    if (open !== undefined) return `${open} has no result`;
    for (const { key, op, output } of this.asked.operations) {
      if (key !== id || output === UNKNOWN || op.way === 'throws') continue;
      if (!asked.includes(op.name)) return `${op.name} was acknowledged, and is not there`;
      if (output !== 'ok' && !results.includes(`${op.name}: ${output}`)) return `${op.name} was told ${output}`;
      if (output !== 'ok' && output !== expected(op.way, op.name)) return `${op.name} came to ${output}`;
    }
    return null;
  }

  private look(auditor: Caller, id: string) {
    return answerOf(() => reach(auditor, Doer, id).whole());
  }
}

function expected(way: Way, name: string): string {
  return way === 'doomed' ? 'non_retryable' : `did ${name}`;
}

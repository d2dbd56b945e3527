/**
 * Visits: entities that are asked a few times in a row and never again. Nobody's touch corrects what a host that died, or
 * gave its shard back, has not listed of them.
 */

import 'reflect-metadata';
import { Entity, Query, Update } from '../../../framework/model/decorators';
import { Indexed } from '../../../framework/model/field-decorators';
import { Asked } from './asked';
import { atWork } from './calling';
import { UNKNOWN } from '../checkers/history';
import type { Range } from '../world/random';
import type { Caller, More, RunContext, Workload } from './workload';

@Entity('sim-visit')
export class Visit {
  @Indexed('int') stage = 0;

  @Update() reach(stage: number): number {
    this.stage = Math.max(this.stage, stage);
    return this.stage;
  }

  @Query() whole(): number {
    return this.stage;
  }
}

interface Reached {
  /** The last stage that was asked for, and the last that was answered. */
  asked: number;
  answered: number;
}

/** Between two stages: mostly less than the time in which changes are gathered before they are listed. */
const STAGE_MS: Range = [0, 800];
const STAGES = 3;

export class Visits implements Workload {
  readonly name = 'visits';
  private readonly asked: Asked<number, number>;
  private readonly reached = new Map<string, Reached>();

  constructor(run: RunContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [Visit];
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, async (id) => {
      const stages = 1 + caller.draw.below(STAGES);
      for (let stage = 1; stage <= stages; stage += 1) {
        if (stage > 1) await caller.pause(STAGE_MS);
        await this.reach(caller, id, stage);
      }
    });
  }

  async verdict(auditor: Caller): Promise<string | null> {
    const listed = new Map<string, number>();
    for await (const { id, fields } of auditor.client.list({ type: Visit })) listed.set(id, Number(fields['stage']));
    for (const [id, { asked, answered }] of this.reached) {
      const stage = listed.get(id) ?? 0;
      if (stage < answered || stage > asked)
        return `${id} is listed at stage ${stage}: ${asked} were asked for, ${answered} answered`;
    }
    return this.asked.complaints[0] ?? null;
  }

  private async reach(caller: Caller, key: string, stage: number): Promise<void> {
    const { client, patienceMs } = caller;
    const reached = this.reached.get(key) ?? { asked: 0, answered: 0 };
    this.reached.set(key, reached);
    reached.asked = stage;
    const call = () => client.call(client.entity(Visit, key), { timeout: patienceMs }).reach(stage);
    if ((await this.asked.ask({ caller, key, op: stage, call })) !== UNKNOWN) reached.answered = stage;
  }
}

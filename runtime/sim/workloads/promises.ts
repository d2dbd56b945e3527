/**
 * Promises: waited for by name, and completed from outside before or after that, by several callers at once; the first
 * outcome counts, whoever sends another is told so (S7).
 */

import 'reflect-metadata';
import { promise } from '../../../framework/core/functions';
import type { PerdureError } from '../../../framework/errors';
import { Entity, Query, Signal } from '../../../framework/model/decorators';
import { Asked } from './asked';
import { UNKNOWN } from '../checkers/history';
import type { Operation } from '../checkers/history';
import type { Caller, More, RunContext, Workload } from './workload';
import { answerOf, atWork, eventually, reach } from './calling';

@Entity('sim-waiter')
export class Waiter {
  waits: string[] = [];
  /** `wait of promise: value` */
  got: string[] = [];

  @Signal() async wait(name: string, on: string): Promise<void> {
    this.waits.push(name);
    const value = await promise<string>(on);
    this.got.push(`${name} of ${on}: ${value}`);
  }

  @Query() whole() {
    return { waits: this.waits, got: this.got };
  }
}

interface Asking {
  readonly way: 'wait' | 'complete';
  readonly name: string;
  readonly on: string;
}
type Answer = 'ok' | 'refused' | 'absent';
type PromiseOperation = Operation<Asking, Answer>;

const COMPLETE_SHARE = 0.5;
/** Callers keep to the same few promises for a while. */
const NAMES_AT_ONCE = 3;
const OPERATIONS_PER_NAME = 6;

export class Promises implements Workload {
  readonly name = 'promises';
  private readonly asked: Asked<Asking, Answer>;
  private calls = 0;

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [Waiter];
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, async (name) => {
      const { draw } = caller;
      const key = draw.of(this.run.ids);
      this.calls += 1;
      const on = `p-${Math.floor(this.calls / OPERATIONS_PER_NAME) + draw.below(NAMES_AT_ONCE)}`;
      if (draw.float() < COMPLETE_SHARE) return this.complete(caller, key, name, on);
      const call = () =>
        reach(caller, Waiter, key)
          .wait(name, on)
          .then(() => 'ok' as const);
      return this.asked.ask({ caller, key, op: { way: 'wait', name, on }, call });
    });
  }

  /** Completes what is still waited for. */
  async settle(auditor: Caller): Promise<void> {
    const names = new Set(this.asked.operations.map(({ op }) => op.on));
    for (const id of this.run.ids) {
      if ((await this.look(auditor, id)) === null) continue;
      for (const on of names) await this.complete(auditor, id, `${auditor.name}.${on}`, on);
      await eventually(auditor, async () => {
        const whole = await this.look(auditor, id);
        return whole === null || whole.got.length >= whole.waits.length;
      });
    }
  }

  async verdict(auditor: Caller): Promise<string | null> {
    const [complaint] = this.asked.complaints;
    if (complaint !== undefined) return complaint;
    for (const id of this.run.ids) {
      const { waits, got } = (await this.look(auditor, id)) ?? { waits: [], got: [] };
      const operations = this.asked.operations.filter(({ key }) => key === id);
      const fault = promisesFault(waits, got, operations);
      if (fault !== null) return `waiter ${id}: ${fault}`;
    }
    return null;
  }

  private async complete(caller: Caller, key: string, name: string, on: string): Promise<void> {
    const { client } = caller;
    const call = () => client.completePromise(client.entity(Waiter, key), on, name).then(() => 'ok' as const);
    await this.asked.ask({ caller, key, op: { way: 'complete', name, on }, call, refused });
  }

  private look(auditor: Caller, id: string) {
    return answerOf(() => reach(auditor, Waiter, id).whole());
  }
}

function refused({ code }: PerdureError): Answer | null {
  if (code === 'not_found') return 'absent';
  return code === 'conflict' ? 'refused' : null;
}

/** What is wrong with what one waiter got, and with what those who completed its promises were told. */
export function promisesFault(
  waits: readonly string[],
  got: readonly string[],
  operations: readonly PromiseOperation[],
): string | null {
  const values = new Map<string, string>();
  const done = new Set<string>();
  for (const text of got) {
    const [, name = '', on = '', value = ''] = /^(.*) of (.*): (.*)$/.exec(text) ?? [];
    const other = values.get(on);
    if (other !== undefined && other !== value) return `promise ${on} came to ${other} and to ${value}`;
    values.set(on, value);
    if (done.has(name)) return `${name} got its value twice`;
    done.add(name);
  }
  const open = waits.find((name) => !done.has(name));
  if (open !== undefined) return `${open} waits for a promise that is completed`;
  for (const { op, output } of operations) {
    if (output === UNKNOWN || output === 'absent') continue;
    if (op.way === 'wait' && !waits.includes(op.name)) return `${op.name} was acknowledged, and does not wait`;
    const value = values.get(op.on);
    if (op.way === 'wait' || value === undefined) continue;
    if (output === 'ok' && value !== op.name)
      return `promise ${op.on} came to ${value}, and ${op.name} was acknowledged`;
    if (output === 'refused' && value === op.name) return `promise ${op.on} came to ${value}, which was refused`;
  }
  return null;
}

/**
 * Holds: inputs that fail with a bug stop their entity; a later version of the code cures some of them, an operator skips
 * the others, holds the entity and lets it go on. What waits behind them is applied once each, in its order (S2, S19).
 */

import 'reflect-metadata';
import { sleep } from '../../../framework/core/functions';
import { isPerdureError } from '../../../framework/errors';
import type { PerdureError } from '../../../framework/errors';
import { Entity, Query, Signal, Update } from '../../../framework/model/decorators';
import type { EntityClass } from '../../../framework/model/definition';
import { contract } from '../../../framework/model/handle';
import { Asked } from './asked';
import { UNKNOWN } from '../checkers/history';
import type { Operation } from '../checkers/history';
import type { Caller, More, RunContext, Workload } from './workload';
import { answerOf, atWork, describe, eventually, isDone, reach } from './calling';

interface Conveyor {
  take(item: string): void;
  mend(item: string): Promise<number>;
  whole(): string[];
}

const conveyor = contract<Conveyor>('sim-conveyor', { take: 'signal', mend: 'update', whole: 'query' });

/** `!` breaks the first version, `?` breaks every version, `~` waits for what is not durable. */
const BREAKS_FIRST = '!';
const BREAKS_ALL = '?';
const STRAYS = '~';

function conveyorOf(version: number): EntityClass {
  const check = (item: string): void => {
    const breaks = item.endsWith(BREAKS_ALL) || (version === 1 && item.endsWith(BREAKS_FIRST));
    if (breaks) throw new TypeError(`${item} breaks version ${version}`);
  };

  @Entity('sim-conveyor')
  class VersionedConveyor {
    items: string[] = [];

    @Signal() async take(item: string): Promise<void> {
      this.items.push(item);
      if (item.endsWith(STRAYS)) await new Promise<void>(() => undefined);
      check(item);
    }

    /** Breaks in its second step, if at all. */
    @Update() async mend(item: string): Promise<number> {
      this.items.push(`${item}, begun`);
      await sleep(5);
      this.items.push(item);
      check(item);
      return this.items.length;
    }

    @Query() whole(): string[] {
      return this.items;
    }
  }
  return VersionedConveyor;
}

const first = conveyorOf(1);
const cured = conveyorOf(2);

const WAYS = ['take', 'take', 'take', 'mend', 'mend', 'look', 'look', 'hold', 'resume'] as const;
const BROKEN_SHARE = 0.1;
const SKIP_SHARE = 0.5;

interface Asking {
  readonly way: 'take' | 'mend';
  readonly item: string;
}
/** `skipped`: an operator gave it up; `unborn`: as the first of its conveyor, which then does not exist (S21). */
type Answer = number | 'ok' | 'skipped' | 'unborn';
export type ConveyorOperation = Operation<Asking, Answer>;

export class Holds implements Workload {
  readonly name = 'holds';
  private readonly asked: Asked<Asking, Answer>;
  private readonly operators: Asked<string, string>;

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
    this.operators = new Asked(run);
  }

  entities(version: number) {
    return [version === 1 ? first : cured];
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, (name) => this.operate(caller, name));
  }

  /** Lets every entity go on, and skips what no version cures. */
  async settle(auditor: Caller): Promise<void> {
    for (const id of this.run.ids) {
      await this.operator(auditor, id, 'resume');
      await eventually(auditor, async () => {
        const found = await this.look(auditor, id);
        if (found?.held != null && isHopeless(found.held.failure.message)) await this.operator(auditor, id, 'skip');
        return found === null || isDone(found);
      });
    }
  }

  async verdict(auditor: Caller): Promise<string | null> {
    const complaint = this.asked.complaints[0] ?? this.operators.complaints[0];
    if (complaint !== undefined) return complaint;
    for (const id of this.run.ids) {
      const items = (await answerOf(() => reach(auditor, conveyor, id).whole())) ?? [];
      const operations = this.asked.operations.filter(({ key }) => key === id);
      const fault = conveyorFault(items, operations);
      if (fault !== null) return `conveyor ${id}: ${fault}`;
    }
    return null;
  }

  private async operate(caller: Caller, name: string): Promise<void> {
    const { draw } = caller;
    const [key, way, broken] = [draw.of(this.run.ids), draw.of(WAYS), draw.float() < BROKEN_SHARE];
    if (way === 'hold' || way === 'resume') return this.operator(caller, key, way);
    if (way === 'look') {
      this.run.tick();
      await this.mind(caller, key);
      return void this.run.tick();
    }
    const marks = [BREAKS_ALL, ...(way === 'take' ? [STRAYS] : []), ...(this.run.versions > 1 ? [BREAKS_FIRST] : [])];
    const item = broken ? `${name}${draw.of(marks)}` : name;
    const belt = reach(caller, conveyor, key);
    const call = () => (way === 'take' ? belt.take(item).then(() => 'ok' as const) : belt.mend(item));
    await this.asked.ask({ caller, key, op: { way, item }, call, refused: refusalOf(item) });
  }

  /** An operator looks at what is held, and gives some of it up. */
  private async mind(caller: Caller, key: string): Promise<void> {
    const { held } = (await this.look(caller, key).catch(passing)) ?? { held: null };
    if (held === null || !isHopeless(held.failure.message) || caller.draw.float() > SKIP_SHARE) return;
    await this.operator(caller, key, 'skip');
  }

  private async operator(caller: Caller, key: string, action: 'hold' | 'resume' | 'skip'): Promise<void> {
    const { client } = caller;
    const call = () => client[action](client.entity(conveyor, key)).then(() => 'ok');
    const refused = ({ code }: { readonly code: string }) => {
      const nothing = code === 'not_found' || (action === 'skip' && code === 'conflict');
      return nothing ? 'nothing' : null;
    };
    await this.operators.ask({ caller, key, op: action, call, refused });
  }

  private look(caller: Caller, id: string) {
    return describe(caller, conveyor, id);
  }
}

function refusalOf(item: string): (error: PerdureError) => Answer | null {
  return ({ code, reason }) => {
    if (code === 'failed' && reason === 'skipped') return 'skipped';
    return code === 'internal' && isBroken(item) ? 'unborn' : null;
  };
}

function isBroken(item: string): boolean {
  return [BREAKS_FIRST, BREAKS_ALL, STRAYS].some((mark) => item.endsWith(mark));
}

function passing(error: unknown): null {
  if (isPerdureError(error)) return null;
  throw error;
}

/** No later version cures it. */
function isHopeless(message: string): boolean {
  return message.includes(`${BREAKS_ALL} breaks`) || message.includes('not durable');
}

/** What is wrong with the items of a conveyor at rest, and with what was told of them. */
export function conveyorFault(items: readonly string[], operations: readonly ConveyorOperation[]): string | null {
  const twice = items.find((item, at) => items.indexOf(item) < at);
  if (twice !== undefined) return `${twice} is there twice`;
  const hopeless = items.find((item) => item.endsWith(BREAKS_ALL) || item.endsWith(STRAYS));
  if (hopeless !== undefined) return `${hopeless} failed, and is there`;
  const last = new Map<string, number>();
  for (const { client, op, output } of operations) {
    const { item } = op;
    const given = output === 'skipped' || output === 'unborn';
    if (given && items.includes(item)) return `${item} was ${output}, and is there`;
    if (output === UNKNOWN || given || item.endsWith(BREAKS_ALL) || item.endsWith(STRAYS)) continue;
    const at = items.indexOf(item);
    if (at < 0 && !item.endsWith(BREAKS_FIRST)) return `${item} was acknowledged, and is not there`;
    if (typeof output === 'number' && output !== at + 1) return `${item} was told place ${output}, and is in ${at + 1}`;
    if (at < 0) continue;
    if (at < (last.get(client) ?? -1)) return `${item} stands before what its sender sent before it`;
    last.set(client, at);
  }
  return null;
}

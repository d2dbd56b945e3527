/**
 * Loners: entities that are asked once, sleep, and are never touched again: the index alone wakes them (C9). Some are of a
 * type that the first version of the code does not have: a host of that version may own them, and cannot wake them.
 */

import 'reflect-metadata';
import { now, sleep } from '../../../framework/core/functions';
import { Entity, Query, Signal } from '../../../framework/model/decorators';
import type { EntityClass } from '../../../framework/model/definition';
import { Indexed } from '../../../framework/model/field-decorators';
import { contract } from '../../../framework/model/handle';
import { Asked } from './asked';
import { UNKNOWN } from '../checkers/history';
import type { Caller, More, RunContext, Workload } from './workload';
import { atWork, eventually } from './calling';

interface Loner {
  nap(forMs: number): void;
  whole(): number[];
}

function lonerOf(type: string): EntityClass {
  @Entity(type)
  class OneOfThem {
    @Indexed('int') woken = 0;
    @Indexed('int') lateMs = 0;

    @Signal() async nap(forMs: number): Promise<void> {
      const due = now() + forMs;
      await sleep(forMs);
      this.woken += 1;
      this.lateMs = now() - due;
    }

    @Query() whole(): number[] {
      return [this.woken, this.lateMs];
    }
  }
  return OneOfThem;
}

const TYPES = ['sim-loner', 'sim-late-loner'] as const;
type Type = (typeof TYPES)[number];
const CLASSES = { 'sim-loner': lonerOf('sim-loner'), 'sim-late-loner': lonerOf('sim-late-loner') };
const METHODS = { nap: 'signal', whole: 'query' } as const;
const CONTRACTS = {
  'sim-loner': contract<Loner>('sim-loner', METHODS),
  'sim-late-loner': contract<Loner>('sim-late-loner', METHODS),
};

/** Many sleep longer than their host lives. */
const LONGEST_MS = 20_000;
/** Of naps, when there are several versions. */
const LATE_SHARE = 0.5;
/** Nobody may be there who has the type. */
const LATE_PATIENCE_MS = 3_000;

export class Loners implements Workload {
  readonly name = 'loners';
  private readonly asked: Asked<Type, 'ok'>;

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
  }

  entities(version: number) {
    return version === 1 && this.run.versions > 1 ? [CLASSES['sim-loner']] : TYPES.map((type) => CLASSES[type]);
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, async (id) => {
      const { client, draw } = caller;
      const type = draw.float() < LATE_SHARE && this.run.versions > 1 ? 'sim-late-loner' : 'sim-loner';
      const timeout = type === 'sim-loner' ? caller.patienceMs : Math.min(caller.patienceMs, LATE_PATIENCE_MS);
      const forMs = Math.ceil(LONGEST_MS * 10 ** (-1.5 * draw.float()));
      const loner = client.call(client.entity(CONTRACTS[type], id), { timeout });
      await this.asked.ask({ caller, key: id, op: type, call: () => loner.nap(forMs).then(() => 'ok' as const) });
    });
  }

  async settle(auditor: Caller): Promise<void> {
    await eventually(auditor, async () => [...(await listedBy(auditor)).values()].every(([woken]) => woken > 0));
  }

  async verdict(auditor: Caller): Promise<string | null> {
    const listed = await listedBy(auditor);
    for (const [id, [woken, lateMs]] of listed) {
      if (woken !== 1) return `${id} woke ${woken} times`;
      if (lateMs < 0) return `${id} woke ${-lateMs} ms early`;
    }
    const lost = this.asked.operations.find(({ key, output }) => output !== UNKNOWN && !listed.has(key));
    return lost === undefined ? (this.asked.complaints[0] ?? null) : `${lost.key} was acknowledged, and is not there`;
  }
}

async function listedBy({ client }: Caller): Promise<ReadonlyMap<string, readonly [woken: number, lateMs: number]>> {
  const listed = new Map<string, readonly [woken: number, lateMs: number]>();
  for (const type of TYPES) {
    for await (const { id, fields } of client.list({ type: CONTRACTS[type] }))
      listed.set(id, [Number(fields['woken']), Number(fields['lateMs'])]);
  }
  return listed;
}

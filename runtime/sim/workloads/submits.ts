/**
 * Submitted updates: accepted at once, their outcome asked for later, by whoever knows the operation (S16).
 */

import 'reflect-metadata';
import { sleep } from '../../../framework/core/functions';
import { EntityFailure, isPerdureError } from '../../../framework/errors';
import { Entity, Query, Update } from '../../../framework/model/decorators';
import type { OperationStatus } from '../../wire/envelope';
import { Asked } from './asked';
import type { Caller, More, RunContext, Workload } from './workload';
import { answerOf, atWork, reach } from './calling';

@Entity('sim-tray')
export class Tray {
  items: string[] = [];

  /** Takes its time, and others wait; says no to what it has refused for its name. */
  @Update() async put(item: string, forMs: number, refuses: boolean): Promise<number> {
    if (refuses && forMs === 0) throw new EntityFailure('refused', item);
    if (forMs > 0) await sleep(forMs);
    if (refuses) throw new EntityFailure('refused', item);
    this.items.push(item);
    return this.items.length;
  }

  @Query() whole(): string[] {
    return this.items;
  }
}

/** One that was accepted, or that nobody knows of. */
interface Submitted {
  readonly key: string;
  readonly item: string;
  readonly refuses: boolean;
  readonly operation: string;
  readonly accepted: boolean;
  /** What was told of it so far. */
  outcome: string | null;
}

const SUBMIT_SHARE = 0.5;
const WAIT_SHARE = 0.5;
const REFUSED_SHARE = 0.2;
const LONGEST_MS = 300;

export class Submits implements Workload {
  readonly name = 'submits';
  private readonly asked: Asked<string, string>;
  private readonly submitted: Submitted[] = [];
  private readonly faults: string[] = [];

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [Tray];
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, async (item) => {
      const { draw } = caller;
      const other = this.submitted.length === 0 ? undefined : draw.of(this.submitted);
      if (other === undefined || draw.float() < SUBMIT_SHARE) await this.submit(caller, item);
      else await this.follow(caller, other, draw.float() < WAIT_SHARE);
    });
  }

  async verdict(auditor: Caller): Promise<string | null> {
    for (const one of this.submitted) await this.follow(auditor, one, true);
    for (const id of this.run.ids) {
      const items = (await answerOf(() => reach(auditor, Tray, id).whole())) ?? [];
      const fault = submitsFault(
        items,
        this.submitted.filter(({ key }) => key === id),
      );
      if (fault !== null) this.faults.push(`tray ${id}: ${fault}`);
    }
    return this.asked.complaints[0] ?? this.faults[0] ?? null;
  }

  private async submit(caller: Caller, item: string): Promise<void> {
    const { client, draw, patienceMs } = caller;
    const key = draw.of(this.run.ids);
    const [refuses, forMs] = [draw.float() < REFUSED_SHARE, Math.floor(draw.float() * LONGEST_MS) * draw.below(2)];
    const tray = client.submit(client.entity(Tray, key), { timeout: patienceMs });
    const call = async () => {
      const shared = { key, item, refuses, outcome: null };
      try {
        const { id } = await tray.put(item, forMs, refuses);
        this.submitted.push({ ...shared, operation: id, accepted: true });
        return 'accepted';
      } catch (error) {
        const operation = isPerdureError(error) ? error.operation : undefined;
        if (operation !== undefined) this.submitted.push({ ...shared, operation, accepted: false });
        throw error;
      }
    };
    await this.asked.ask({ caller, key, op: `submit ${item}`, call });
  }

  private async follow(caller: Caller, one: Submitted, waits: boolean): Promise<void> {
    const operation = caller.client.operation<number>(one.operation);
    const call = async (): Promise<string> => {
      const { outcome: before } = one;
      const status = await operation.status();
      this.check({ ...one, outcome: before }, status);
      if (!waits || status === 'unknown') return status;
      const outcome = await operation.result({ timeout: caller.patienceMs }).then(String, failureText);
      if (one.outcome !== null && one.outcome !== outcome)
        this.faults.push(`operation ${one.item} came to ${one.outcome} and to ${outcome}`);
      one.outcome = outcome;
      return outcome;
    };
    await this.asked.ask({ caller, key: one.key, op: `follow ${one.item}`, call, refused: absent });
  }

  private check({ item, accepted, outcome, refuses }: Submitted, status: OperationStatus): void {
    const fault = (fact: string): void => void this.faults.push(`operation ${item} ${fact}`);
    if (accepted && status === 'unknown') fault('was accepted, and is not known');
    if (outcome !== null && status !== (refuses ? 'failed' : 'succeeded'))
      fault(`came to ${outcome}, and is ${status}`);
    if (status === (refuses ? 'succeeded' : 'failed')) fault(`is ${status}`);
  }
}

function absent({ code }: { readonly code: string }): string | null {
  return code === 'not_found' ? 'absent' : null;
}

/** The failure of its author's; everything else is for whoever asked. */
function failureText(error: unknown): string {
  if (isPerdureError(error) && error.code === 'failed' && error.reason === 'refused') return 'refused';
  throw error;
}

/** What is wrong with the items of a tray, once every operation on it was followed to its end. */
export function submitsFault(items: readonly string[], submitted: readonly Submitted[]): string | null {
  const twice = items.find((item, at) => items.indexOf(item) < at);
  if (twice !== undefined) return `${twice} is there twice`;
  for (const { item, accepted, refuses, outcome } of submitted) {
    const place = items.indexOf(item) + 1;
    if (refuses && place > 0) return `${item} was refused, and is there`;
    if (accepted && outcome === null) return `${item} was accepted, and has no outcome`;
    if (outcome !== null && outcome !== (refuses ? 'refused' : String(place)))
      return `${item} came to ${outcome}, and is in place ${place}`;
  }
  return null;
}

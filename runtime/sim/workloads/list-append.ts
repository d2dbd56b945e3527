/**
 * List-append: every append has a value of its own, and a read gives them all: lost, doubled, reordered and stale values
 * show.
 */

import 'reflect-metadata';
import { Entity, Query, Update } from '../../../framework/model/decorators';
import { Asked } from './asked';
import { atWork } from './calling';
import { exportHistory } from '../checkers/export';
import type { ExportedHistory } from '../checkers/export';
import { UNKNOWN } from '../checkers/history';
import { checkListAppend } from '../checkers/list-append';
import type { ListInput, ListOutput } from '../checkers/models/list';
import type { CallContext, Caller, Heard, More, Workload } from './workload';

@Entity('sim-journal')
export class Journal {
  items: string[] = [];

  @Update() append(item: string): number {
    this.items.push(item);
    return this.items.length;
  }

  @Query() whole(): string[] {
    return this.items;
  }
}

const READ_SHARE = 0.4;

export class ListAppend implements Workload {
  readonly name = 'list-append';
  private readonly asked: Asked<ListInput, ListOutput>;

  constructor(private readonly run: CallContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [Journal];
  }

  hear(heard: Heard): void {
    this.asked.hear(heard);
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, async (name) => {
      const id = caller.draw.of(this.run.ids);
      if (caller.draw.float() < READ_SHARE) await this.read(caller, id);
      else await this.append(caller, id, name);
    });
  }

  async verdict(auditor: Caller): Promise<string | null> {
    for (const id of this.run.ids)
      if ((await this.read(auditor, id)) === UNKNOWN) return `the healed cluster does not answer for ${id}`;
    if (this.asked.complaints[0] !== undefined) return this.asked.complaints[0];
    const verdict = checkListAppend(this.asked.operations);
    return verdict.verdict === 'illegal' ? verdict.counterexample.text : null;
  }

  histories(): ExportedHistory[] {
    return exportHistory(this.name, 'list', this.asked.operations);
  }

  private append(caller: Caller, key: string, value: string) {
    const journal = this.journal(caller, key);
    const call = async () => journal.append(value).then(() => 'ok' as const);
    return this.asked.ask({ caller, key, op: { kind: 'append', value }, call });
  }

  private read(caller: Caller, key: string) {
    const refused = ({ code }: { readonly code: string }) => (code === 'not_found' ? [] : null);
    const call = () => this.journal(caller, key).whole();
    return this.asked.ask({ caller, key, op: { kind: 'read' }, call, refused });
  }

  private journal({ client, patienceMs }: Caller, id: string) {
    return client.call(client.entity(Journal, id), { timeout: patienceMs });
  }
}

/**
 * List-append: callers append values of their own to journals and read them.
 *
 * Owns: the calls, what the callers were told, the verdict of the checker. Does not own: what linearizable means
 * (`checkers`).
 */

import { isPerdureError } from '../../framework/errors';
import { UNKNOWN } from './checkers/history';
import type { ListOperation } from './checkers/list-append';
import { checkListAppend } from './checkers/list-append';
import type { ListInput, ListOutput } from './checkers/models/list';
import { Journal } from './journal';
import type { Range } from './random';
import type { Caller, RunContext, Workload } from './workload';

const PAUSE_MS: Range = [50, 1_500];
/** Outcomes that a caller does not know. */
const GIVEN_UP = new Set<string>(['unavailable', 'deadline_exceeded']);

export class ListAppend implements Workload {
  readonly name = 'list-append';
  private readonly operations: ListOperation[] = [];
  /** Answers that no fault excuses. */
  private readonly complaints: string[] = [];

  constructor(private readonly run: RunContext) {}

  entities() {
    return [Journal];
  }

  async call(caller: Caller, operations: number): Promise<void> {
    for (let i = 1; i <= operations; i += 1) {
      await caller.pause(PAUSE_MS);
      const append: ListInput = { kind: 'append', value: `${caller.name}.${i}` };
      await this.operate(caller, caller.draw.of(this.run.ids), caller.draw.float() < 0.4 ? { kind: 'read' } : append);
    }
  }

  async verdict(auditor: Caller): Promise<string | null> {
    for (const id of this.run.ids) {
      if (!(await this.operate(auditor, id, { kind: 'read' }))) return `the healed cluster does not answer for ${id}`;
    }
    if (this.complaints[0] !== undefined) return this.complaints[0];
    const verdict = checkListAppend(this.operations);
    return verdict.verdict === 'illegal' ? verdict.counterexample.text : null;
  }

  /** True if it was answered. */
  private async operate({ name, client, patienceMs }: Caller, key: string, op: ListInput): Promise<boolean> {
    const journal = client.call(client.entity(Journal, key), { timeout: patienceMs });
    const invokedAt = this.run.tick();
    let output: ListOutput | typeof UNKNOWN = UNKNOWN;
    try {
      if (op.kind === 'read') output = await journal.read();
      else {
        await journal.append(String(op.value));
        output = 'ok';
      }
    } catch (error) {
      const code = isPerdureError(error) ? error.code : String(error);
      if (code === 'not_found' && op.kind === 'read') output = [];
      else if (!GIVEN_UP.has(code)) this.complaints.push(`${op.kind} of ${key} was answered ${code}: ${String(error)}`);
    }
    if (output === UNKNOWN) this.run.world.count('caller.given-up');
    this.operations.push({ client: name, key, op, output, invokedAt, returnedAt: this.run.tick() });
    return output !== UNKNOWN;
  }
}

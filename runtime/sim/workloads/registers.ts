/**
 * Registers: written, read, and swapped only where they hold what is expected; a swap that does not fit is a business
 * failure, and changes nothing (S18).
 */

import 'reflect-metadata';
import { EntityFailure } from '../../../framework/errors';
import type { PerdureError } from '../../../framework/errors';
import { Entity, Query, Update } from '../../../framework/model/decorators';
import { Asked } from './asked';
import { exportHistory } from '../checkers/export';
import type { ExportedHistory } from '../checkers/export';
import type { RegisterInput, RegisterOutput } from '../checkers/models/register';
import { register } from '../checkers/models/register';
import type { Caller, More, RunContext, Workload } from './workload';
import { absentAs, atWork, reach } from './calling';
import { judge } from './judge';

@Entity('sim-register')
export class Register {
  value: number | null = null;

  @Update() write(value: number): void {
    this.value = value;
  }

  /** Finds out when it has written. */
  @Update() swap(from: number, to: number): void {
    const before = this.value;
    this.value = to;
    if (before !== from) throw new EntityFailure('other');
  }

  @Query() whole(): number | null {
    return this.value;
  }
}

const WAYS = ['write', 'swap', 'swap', 'read'] as const;
/** Few, so that about every third swap fits. */
const VALUES = 3;

export class Registers implements Workload {
  readonly name = 'register';
  private readonly asked: Asked<RegisterInput, RegisterOutput>;

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [Register];
  }

  call(caller: Caller, more: More): Promise<void> {
    const { draw } = caller;
    return atWork(caller, more, async () => {
      const [key, way] = [draw.of(this.run.ids), draw.of(WAYS)];
      const [from, value] = [draw.below(VALUES), draw.below(VALUES)];
      if (way === 'read') return this.read(caller, key);
      const cell = reach(caller, Register, key);
      const op: RegisterInput = way === 'write' ? { kind: 'write', value } : { kind: 'swap', from, to: value };
      const call = () => (way === 'write' ? cell.write(value) : cell.swap(from, value)).then(() => 'ok' as const);
      await this.asked.ask({ caller, key, op, call, refused: way === 'swap' ? misfit : () => null });
    });
  }

  async verdict(auditor: Caller): Promise<string | null> {
    for (const id of this.run.ids) await this.read(auditor, id);
    return judge(this.run, this.asked, register);
  }

  histories(): ExportedHistory[] {
    return exportHistory(this.name, 'register', this.asked.operations);
  }

  private async read(caller: Caller, key: string): Promise<void> {
    const call = () => reach(caller, Register, key).whole();
    // What does not exist is empty, as null is: so it cannot be told from a refusal that there should not be.
    const whole = () => call().catch(emptyIfAbsent);
    await this.asked.ask({ caller, key, op: { kind: 'read' }, call: whole });
  }
}

function misfit({ code, reason }: PerdureError): 'refused' | null {
  return code === 'failed' && reason === 'other' ? 'refused' : null;
}

function emptyIfAbsent(error: unknown): null {
  if (absentAs(true)(error as PerdureError) === true) return null;
  throw error;
}

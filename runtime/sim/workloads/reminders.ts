/**
 * Reminders: set, replaced and forgotten; the last one set rings, once, and no other (S22).
 */

import 'reflect-metadata';
import { forget, now, remind } from '../../../framework/core/functions';
import { Entity, Query, Reminder, Signal, Update } from '../../../framework/model/decorators';
import { Asked } from './asked';
import { UNKNOWN } from '../checkers/history';
import type { Caller, More, RunContext, Workload } from './workload';
import { answerOf, atWork, eventually, reach } from './calling';

/** What happened to the reminder of that name; `due` is its step's time and the wait, or for `rang` the step's time. */
export interface Mark {
  readonly what: 'set' | 'forgot' | 'rang';
  readonly name: string;
  readonly due: number;
}

@Entity('sim-alarm-clock')
export class AlarmClock {
  /** As texts, for they are encoded after every step. */
  marks: string[] = [];

  @Signal() wind(name: string, afterMs: number): void {
    this.mark('set', name, now() + afterMs);
    remind(this.ring, afterMs, name);
  }

  @Update() unwind(name: string): number {
    this.mark('forgot', name, now());
    forget(this.ring);
    return this.marks.length;
  }

  @Reminder() ring(name: string): void {
    this.mark('rang', name, now());
  }

  @Query() whole(): string[] {
    return this.marks;
  }

  protected mark(what: Mark['what'], name: string, due: number): void {
    this.marks.push(`${what} ${due} ${name}`);
  }
}

const LONGEST_MS = 10_000;
const FORGET_SHARE = 0.25;

export class Reminders implements Workload {
  readonly name = 'reminders';
  private readonly asked: Asked<string, 'ok' | number>;

  constructor(private readonly run: RunContext) {
    this.asked = new Asked(run);
  }

  entities() {
    return [AlarmClock];
  }

  call(caller: Caller, more: More): Promise<void> {
    return atWork(caller, more, async (name) => {
      const { draw } = caller;
      const key = draw.of(this.run.ids);
      const clock = reach(caller, AlarmClock, key);
      const afterMs = Math.ceil(LONGEST_MS * 10 ** (-2 * draw.float()));
      const forgets = draw.float() < FORGET_SHARE;
      const call = () => (forgets ? clock.unwind(name) : clock.wind(name, afterMs).then(() => 'ok' as const));
      await this.asked.ask({ caller, key, op: name, call });
    });
  }

  async settle(auditor: Caller): Promise<void> {
    for (const id of this.run.ids) await eventually(auditor, async () => isSilent(await this.marks(auditor, id)));
  }

  async verdict(auditor: Caller): Promise<string | null> {
    const [complaint] = this.asked.complaints;
    if (complaint !== undefined) return complaint;
    for (const id of this.run.ids) {
      const marks = await this.marks(auditor, id);
      const names = this.asked.operations.flatMap(({ key, op, output }) =>
        key === id && output !== UNKNOWN ? [op] : [],
      );
      const fault = reminderFault(marks, names);
      if (fault !== null) return `alarm clock ${id}: ${fault}`;
    }
    return null;
  }

  private async marks(auditor: Caller, id: string): Promise<readonly Mark[]> {
    const marks = await answerOf(() => reach(auditor, AlarmClock, id).whole());
    return (marks ?? []).map(markOf);
  }
}

function markOf(text: string): Mark {
  const [what = '', due = '', name = ''] = text.split(' ');
  return { what: what as Mark['what'], due: Number(due), name };
}

function isSilent(marks: readonly Mark[]): boolean {
  return marks.findLast(({ what }) => what !== 'rang')?.what !== 'set' || marks.at(-1)?.what === 'rang';
}

/** What is wrong with the marks of one clock of which the given settings were acknowledged. */
export function reminderFault(marks: readonly Mark[], acknowledged: readonly string[]): string | null {
  let open: Mark | null = null;
  const seen = new Set<string>();
  for (const mark of marks) {
    const { what, name, due } = mark;
    if (what === 'rang') {
      if (open?.name !== name) return `${name} rings, and ${open === null ? 'none' : open.name} is set`;
      if (due < open.due) return `${name} rings ${open.due - due} ms early`;
      open = null;
    } else {
      if (seen.has(name)) return `${name} is applied twice`;
      seen.add(name);
      open = what === 'set' ? mark : null;
    }
  }
  if (open !== null) return `${open.name} never rings`;
  const lost = acknowledged.find((name) => !seen.has(name));
  return lost === undefined ? null : `${lost} was acknowledged and is not there`;
}

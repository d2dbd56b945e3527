/**
 * Waiters: who waits for the outcome of a message of one entity, or for its end. Empty ones cost nothing.
 */

import type { Reply } from '../wire/envelope';
import type { Answer } from './replies';

/** Stands for the end of the entity, beside the texts of message ids. */
export const END = '';

interface Waiter {
  readonly answer: Answer;
  readonly patient: boolean;
}

export class Waiters {
  private byId: Map<string, Waiter[]> | null = null;

  get size(): number {
    return this.byId?.size ?? 0;
  }

  add(id: string, answer: Answer, patient: boolean): void {
    const list = (this.byId ??= new Map<string, Waiter[]>()).get(id);
    if (list === undefined) this.byId.set(id, [{ answer, patient }]);
    else list.push({ answer, patient });
  }

  take(id: string): readonly Answer[] {
    const list = this.byId?.get(id) ?? [];
    this.byId?.delete(id);
    if (this.byId?.size === 0) this.byId = null;
    return list.map(({ answer }) => answer);
  }

  settle(id: string, reply: Reply): void {
    if (this.byId === null) return;
    for (const answer of this.take(id)) answer(reply);
  }

  /** Answers those who will not wait for a held input to be cured. */
  settleImpatient(id: string, reply: () => Reply): void {
    const list = this.byId?.get(id);
    if (list === undefined) return;
    const patient = list.filter((waiter) => waiter.patient);
    const impatient = list.filter((waiter) => !waiter.patient);
    this.take(id);
    for (const { answer } of patient) this.add(id, answer, true);
    for (const { answer } of impatient) answer(reply());
  }

  settleAll(reply: Reply): void {
    const all = this.byId;
    this.byId = null;
    for (const list of all?.values() ?? []) for (const { answer } of list) answer(reply);
  }
}

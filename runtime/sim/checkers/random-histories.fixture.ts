/**
 * Random histories: executions that are linearizable because every operation takes effect at one moment between its
 * call and its answer (transfers at two), and the same with one fault in the entity or one lie in the record.
 *
 * Owns: who calls what, when it takes effect, what is answered. Does not own: randomness (passed in), the checks.
 */

import type { Random } from '../../crash/random.fixture';
import type { Operation } from './history';
import type { Subject } from './subjects.fixture';

/** What the entity does wrong, about once per history: lose an effect it answers for, apply one twice, answer of old. */
export const FAULTS = ['none', 'lost', 'duplicated', 'stale'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Plan {
  readonly operations: number;
  readonly clients: number;
  readonly keys: number;
  /** Of 100 operations so many are never answered. */
  readonly unansweredPercent: number;
  readonly fault: Fault;
}

interface Pending<I, O> {
  readonly client: string;
  readonly key: string;
  readonly op: I;
  readonly invokedAt: number;
  readonly answered: boolean;
  phase: number;
  output: O | undefined;
}

/** One execution; time is a counter of events. Ends with `subject.last` on every key, after all that was answered. */
export function randomHistory<S, I, O>(subject: Subject<S, I, O>, plan: Plan, random: Random): Operation<I, O>[] {
  const states = new Map<string, S[]>();
  const history: Operation<I, O>[] = [];
  const idle = Array.from({ length: plan.clients }, (_, client) => `c${client}`);
  let pending: Pending<I, O>[] = [];
  let invoked = 0;
  let now = 0;
  let faultsLeft = plan.fault === 'none' ? 0 : 1;
  const statesOf = (key: string): S[] => {
    const known = states.get(key) ?? [subject.init()];
    states.set(key, known);
    return known;
  };
  const invoke = (client: string, key: string, op: I, answered: boolean): void => {
    pending.push({ client, key, op, invokedAt: (now += 1), answered, phase: 0, output: undefined });
  };
  const advance = (call: Pending<I, O>): void => {
    const past = statesOf(call.key);
    const fault = faultsLeft > 0 && past.length > 2 && random.below(8) === 0 ? plan.fault : 'none';
    if (fault !== 'none') faultsLeft -= 1;
    const before = past[fault === 'stale' ? random.below(past.length) : past.length - 1] ?? subject.init();
    const first = subject.apply(before, call.op, call.phase);
    const twice = fault === 'duplicated' ? subject.apply(first.state, call.op, call.phase) : first;
    if (fault !== 'lost' && fault !== 'stale') past.push(twice.state);
    call.output = first.output;
    call.phase += 1;
  };
  const leave = (call: Pending<I, O>): void => {
    const { client, key, op, invokedAt } = call;
    const returnedAt = (now += 1);
    const output = call.answered && call.output !== undefined ? call.output : 'unknown';
    history.push({ client, key, op, output, invokedAt, returnedAt });
    idle.push(client);
  };
  while (invoked < plan.operations || pending.some(({ answered }) => answered)) {
    const call = pending[random.below(pending.length + 2)];
    if (call !== undefined && call.output === undefined) advance(call);
    else if (call !== undefined && call.answered) {
      pending = pending.filter((other) => other !== call);
      leave(call);
    } else if (invoked < plan.operations && idle.length > 0) {
      const client = idle.splice(random.below(idle.length), 1)[0] ?? '';
      const answered = random.below(100) >= plan.unansweredPercent;
      invoke(client, `k${random.below(plan.keys)}`, subject.draw(random, invoked), answered);
      if (!answered) idle.push(`${client}x`);
      invoked += 1;
    }
  }
  for (const call of pending) {
    while (call.output === undefined && (call.phase > 0 || random.below(2) === 0)) advance(call);
    leave(call);
  }
  faultsLeft = 0;
  for (const key of states.keys()) {
    invoke('last', key, subject.last, true);
    const call = pending[pending.length - 1];
    if (call === undefined) continue;
    advance(call);
    leave(call);
  }
  return history;
}

/** What a record of an execution can be made to say wrongly. */
export const LIES = ['swapped answers', 'answer invented', 'ended sooner', 'began later', 'forgotten'] as const;
export type Lie = (typeof LIES)[number];

/** The history with one lie in it; it may be linearizable all the same. */
export function mutated<I, O>(history: readonly Operation<I, O>[], lie: Lie, random: Random): Operation<I, O>[] {
  const result = [...history];
  const at = random.below(result.length);
  const other = random.below(result.length);
  const [a, b] = [result[at], result[other]];
  if (a === undefined || b === undefined) return result;
  const end = a.returnedAt ?? a.invokedAt;
  const inside = a.invokedAt + random.below(end - a.invokedAt + 1);
  if (lie === 'forgotten') result.splice(at, 1);
  if (lie === 'ended sooner') result[at] = { ...a, returnedAt: inside };
  if (lie === 'began later') result[at] = { ...a, invokedAt: inside };
  if (lie === 'answer invented' && kindOf(a) === kindOf(b)) result[at] = { ...a, output: b.output };
  if (lie === 'swapped answers' && kindOf(a) === kindOf(b)) {
    result[at] = { ...a, output: b.output };
    result[other] = { ...b, output: a.output };
  }
  return result;
}

function kindOf(operation: Operation<unknown, unknown>): string {
  return (operation.op as { readonly kind: string }).kind;
}

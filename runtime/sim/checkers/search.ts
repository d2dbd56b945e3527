/**
 * Search: decides whether the operations of one key are linearizable under a model (Wing and Gong's search with Lowe's
 * memoisation, as Porcupine does it), within a budget of model steps.
 *
 * Owns: the search and what it says about a failure. Does not own: the models, the cache (`visited`), the picture.
 *
 * 1. `head` lists the calls and returns that are not placed, in real time. Whatever is called before the first return
 *    may come next. If nothing fits, the last placed operation is taken back.
 * 2. Open operations stand in a list of their own and are tried last; when no return is left they need no place.
 * 3. What changes no state is placed as soon as it fits, and is not tried elsewhere: any order can be changed so.
 * 4. Of operations alike in input and output the one that began and ended first comes first: others could be swapped.
 * 5. Where operations carry hints, the open ones that are on no record are first taken for never done, and the others
 *    tried in the order of the records. Only if that finds no order are hints forgotten: they decide nothing.
 * 6. The furthest return that the search was stuck at is the culprit: everything that ended before it can be explained,
 *    and nothing explains it. The states the search was in there are told.
 */

import type { Counterexample, Operation, Verdict } from './history';
import { checkEachKey, endOf, isClosed } from './history';
import type { Model } from './model';
import { timeline } from './timeline';
import { BitSet, Visited } from './visited';

/** Model steps for one key, unless said otherwise: some 100 ms. */
export const SEARCH_STEPS = 200_000;
/** States that a counterexample names at most. */
export const STATES_SHOWN = 6;

/** Checks every key alone, each within `stepsMax` model steps; an exhausted budget gives 'undecided'. */
export function checkHistory<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
  stepsMax = SEARCH_STEPS,
): Verdict {
  return checkEachKey(operations, (ofOneKey) => {
    if (ofOneKey.some((operation) => !isClosed(operation) && operation.hint !== undefined)) {
      const done = ofOneKey.filter((operation) => isClosed(operation) || operation.hint !== null);
      const advised = new Search(model, done, stepsMax).verdict();
      if (advised.verdict === 'linearizable') return advised;
    }
    return new Search(model, ofOneKey.map(forgetful), stepsMax).verdict();
  });
}

function forgetful<I, O>({ hint: _hint, ...operation }: Operation<I, O>): Operation<I, O> {
  return operation;
}

/** A call (with its return) or a return (with `call` null). */
interface Entry {
  readonly id: number;
  readonly isCall: boolean;
  readonly at: number;
  /** Its place among all calls and returns. */
  rank: number;
  twin: Entry | null;
  previous: Entry | null;
  next: Entry | null;
}

interface Placed<S> {
  readonly id: number;
  /** Where the search goes on if it is taken back: its call, or the first return if it is open. */
  readonly entry: Entry;
  /** Its number among the open operations, or −1. */
  readonly open: number;
  readonly stateBefore: S;
  readonly final: boolean;
}

class Search<S, I, O> {
  private readonly operations: readonly Operation<I, O>[];
  private readonly openIds: number[] = [];
  /** For each operation the one alike that must be placed before it, or −1. */
  private readonly firstOfKind: Int32Array;
  private readonly head = entryOf(-1, true, -Infinity, null);
  private readonly placed: BitSet;
  private readonly visited: Visited<S>;
  private readonly stack: Placed<S>[] = [];
  private state: S;
  private entry: Entry | null;
  private open = 0;
  private steps = 0;
  private culprit: Entry = this.head;
  private readonly stuckStates = new Set<string>();

  constructor(
    private readonly model: Model<S, I, O>,
    all: readonly Operation<I, O>[],
    private readonly stepsMax: number,
  ) {
    this.operations = all
      .filter((operation) => isClosed(operation) || !model.readOnly(operation.op, operation.output))
      .sort((a, b) => a.invokedAt - b.invokedAt);
    this.firstOfKind = firstOfKind(model, this.operations);
    this.placed = new BitSet(this.operations.length);
    this.visited = new Visited(model);
    this.state = model.init();
    this.link();
    this.entry = this.head.next;
  }

  verdict(): Verdict {
    while (this.head.next !== null) {
      if (this.steps >= this.stepsMax) return { verdict: 'undecided', steps: this.steps };
      if (this.advance()) continue;
      if (!this.retreat()) return { verdict: 'illegal', steps: this.steps, counterexample: this.explain() };
    }
    return { verdict: 'linearizable', steps: this.steps };
  }

  private link(): void {
    const entries: Entry[] = [];
    this.operations.forEach((operation, id) => {
      const end = endOf(operation);
      if (end === Infinity) {
        this.openIds.push(id);
        return;
      }
      const back = entryOf(id, false, end, null);
      entries.push(entryOf(id, true, operation.invokedAt, back), back);
    });
    this.openIds.sort((a, b) => this.hintOf(a) - this.hintOf(b));
    entries.sort((a, b) => a.at - b.at || Number(b.isCall) - Number(a.isCall));
    let last = this.head;
    for (const entry of entries) {
      entry.rank = last.rank + 1;
      entry.previous = last;
      last.next = entry;
      last = entry;
    }
  }

  /** Without advice in the order of invocation. */
  private hintOf(id: number): number {
    return this.operations[id]?.hint ?? 0;
  }

  /** Places the next operation that fits, from where the search stands; false if none does. */
  private advance(): boolean {
    let entry = this.entry;
    while (entry !== null && entry.isCall) {
      if (this.place(entry.id, entry, -1)) return true;
      entry = entry.next;
    }
    if (entry === null) return false;
    for (let open = this.open; open < this.openIds.length; open += 1) {
      const id = this.openIds[open] ?? -1;
      if ((this.operations[id]?.invokedAt ?? Infinity) > entry.at) continue;
      if (this.place(id, entry, open)) return true;
    }
    this.noteStuck(entry);
    return false;
  }

  private place(id: number, entry: Entry, open: number): boolean {
    const operation = this.operations[id];
    const first = this.firstOfKind[id] ?? -1;
    if (operation === undefined || this.placed.has(id) || (first >= 0 && !this.placed.has(first))) return false;
    this.steps += 1;
    const [fits, after] = this.model.step(this.state, operation.op, operation.output);
    if (!fits || (open >= 0 && this.model.equal(after, this.state))) return false;
    this.placed.flip(id);
    if (!this.visited.add(this.placed, after)) {
      this.placed.flip(id);
      return false;
    }
    const final = this.model.readOnly(operation.op, operation.output);
    this.stack.push({ id, entry, open, stateBefore: this.state, final });
    this.state = after;
    if (open < 0) lift(entry);
    this.entry = this.head.next;
    this.open = 0;
    return true;
  }

  /** Takes back the last operation that could be placed otherwise; false if there is none. */
  private retreat(): boolean {
    for (;;) {
      const last = this.stack.pop();
      if (last === undefined) return false;
      this.placed.flip(last.id);
      this.state = last.stateBefore;
      if (last.open < 0) putBack(last.entry);
      this.entry = last.open < 0 ? last.entry.next : last.entry;
      this.open = last.open + 1;
      if (!last.final) return true;
    }
  }

  private noteStuck(entry: Entry): void {
    if (entry.rank < this.culprit.rank) return;
    if (entry !== this.culprit) {
      this.culprit = entry;
      this.stuckStates.clear();
    }
    if (this.stuckStates.size <= STATES_SHOWN) this.stuckStates.add(this.model.describeState(this.state));
  }

  private explain(): Counterexample {
    const { model, operations } = this;
    const culprit = operations[this.culprit.id];
    const window = operations.filter((other) => {
      return culprit !== undefined && endOf(other) >= culprit.invokedAt && other.invokedAt <= this.culprit.at;
    });
    const key = culprit?.key ?? '';
    const asked = culprit === undefined ? '' : `${culprit.client}: ${model.describe(culprit.op, culprit.output)}`;
    const states = [...this.stuckStates];
    const named = states.slice(0, STATES_SHOWN).join(' or ') + (states.length > STATES_SHOWN ? ' or others' : '');
    const message = `${model.name} ${key} is not linearizable: no order explains ${asked}; the state was ${named}`;
    const marked = culprit === undefined ? [] : [culprit];
    const text = `${message}\n${timeline(window, (input, output) => model.describe(input, output), marked)}`;
    return { kind: 'unexplained', key, message, text, window };
  }
}

function entryOf(id: number, isCall: boolean, at: number, twin: Entry | null): Entry {
  return { id, isCall, at, rank: 0, twin, previous: null, next: null };
}

function lift(call: Entry): void {
  for (const entry of [call, call.twin]) {
    if (entry?.previous) entry.previous.next = entry.next;
    if (entry?.next) entry.next.previous = entry.previous;
  }
}

function putBack(call: Entry): void {
  for (const entry of [call.twin, call]) {
    if (entry?.previous) entry.previous.next = entry;
    if (entry?.next) entry.next.previous = entry;
  }
}

/** For each operation, sorted by invocation, the last earlier one with its input and output that ended no later. */
function firstOfKind<S, I, O>(model: Model<S, I, O>, operations: readonly Operation<I, O>[]): Int32Array {
  const first = new Int32Array(operations.length).fill(-1);
  const alike = new Map<string, number[]>();
  operations.forEach((operation, id) => {
    const kind = model.describe(operation.op, operation.output);
    const others = alike.get(kind) ?? [];
    const end = endOf(operation);
    const other = others.findLast((earlier) => endOf(operations[earlier] ?? operation) <= end);
    if (other !== undefined) first[id] = other;
    others.push(id);
    alike.set(kind, others);
  });
  return first;
}

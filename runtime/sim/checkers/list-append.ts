/**
 * List-append: decides directly whether the appends and reads of one list are linearizable, in O(r + n log n) for n
 * operations and r values read.
 *
 * Owns: the verdict and the name of what is wrong. Does not own: other kinds of entities (`search`).
 *
 * The problem: in general an order of concurrent operations must be searched for. Here every append has a value of its
 * own and every read gives the whole list, so the longest read *is* the order of the appends in it. What is left:
 * 1. Every read is a prefix of the longest one, and holds no value that was never appended, or refused.
 * 2. This ranks operations: reads of nothing, first append, reads of one value, second append, … An append that no read
 *    shows comes after all of those if it was acknowledged, and never took effect if its outcome is unknown.
 * 3. No operation may have ended before one of a lower rank began. If none has, the ranks (and within one rank the order
 *    in real time) are a linearization, so the check is exact.
 */

import { assert } from '../../../framework/assert';
import type { Counterexample, Operation, Verdict } from './history';
import { checkEachKey, endOf, isClosed } from './history';
import type { ListInput, ListOutput, ListValue } from './models/list';
import { list } from './models/list';
import { timeline } from './timeline';

export type ListOperation = Operation<ListInput, ListOutput>;

/**
 * - `phantom`: a read shows what nobody appended; `refused`: what was refused; `duplicate`: a value twice;
 * - `diverged`: two reads of which neither begins the other; `lost`: an acknowledged append is in no later read;
 * - `stale`: a read shows less than it had to; `early`: it shows an append that began after it;
 * - `reordered`: an append stands before one that had ended when it began.
 */
export type ListFault = 'phantom' | 'refused' | 'duplicate' | 'diverged' | 'lost' | 'stale' | 'early' | 'reordered';

interface Read {
  readonly operation: ListOperation;
  readonly values: readonly ListValue[];
}

/** Checks the lists of any number of keys, each alone. Values must be unique among the appends of a key. */
export function checkListAppend(operations: readonly ListOperation[]): Verdict {
  return checkEachKey(operations, checkOneList);
}

function checkOneList(operations: readonly ListOperation[]): Verdict {
  const appends = appendsOf(operations);
  const reads = operations.filter(isClosed).flatMap((operation): Read[] => {
    const { op, output } = operation;
    return op.kind === 'read' && typeof output !== 'string' ? [{ operation, values: output }] : [];
  });
  const counterexample = badRead(reads, appends) ?? divergedRead(reads) ?? wrongOrder(reads, appends);
  const steps = operations.length;
  return counterexample === null ? { verdict: 'linearizable', steps } : { verdict: 'illegal', steps, counterexample };
}

function appendsOf(operations: readonly ListOperation[]): Map<ListValue, ListOperation> {
  const appends = new Map<ListValue, ListOperation>();
  for (const operation of operations) {
    if (operation.op.kind !== 'append') continue;
    const { value } = operation.op;
    assert(!appends.has(value), () => `value ${JSON.stringify(value)} is appended twice to ${operation.key}`);
    appends.set(value, operation);
  }
  return appends;
}

function badRead(reads: readonly Read[], appends: ReadonlyMap<ListValue, ListOperation>): Counterexample | null {
  for (const { operation, values } of reads) {
    const seen = new Set<ListValue>();
    for (const value of values) {
      const append = appends.get(value);
      const name = JSON.stringify(value);
      if (append === undefined) return fault('phantom', [operation], `a read shows ${name}, which nobody appended`);
      if (append.output === 'refused') {
        return fault('refused', [append, operation], `a read shows ${name}, whose append was refused`);
      }
      if (seen.has(value)) return fault('duplicate', [append, operation], `a read shows ${name} twice`);
      seen.add(value);
    }
  }
  return null;
}

function longestOf(reads: readonly Read[]): Read | null {
  return reads.reduce<Read | null>((best, read) => {
    return best === null || read.values.length > best.values.length ? read : best;
  }, null);
}

function divergedRead(reads: readonly Read[]): Counterexample | null {
  const longest = longestOf(reads);
  for (const read of reads) {
    const at = read.values.findIndex((value, index) => value !== longest?.values[index]);
    if (at >= 0 && longest !== null) {
      return fault('diverged', [read.operation, longest.operation], `two reads disagree about position ${at}`);
    }
  }
  return null;
}

interface Ranked {
  readonly operation: ListOperation;
  /** Twice the length of a read; twice the position of an append, plus 1; infinity for an append never seen. */
  readonly rank: number;
}

function wrongOrder(reads: readonly Read[], appends: ReadonlyMap<ListValue, ListOperation>): Counterexample | null {
  const positions = new Map((longestOf(reads)?.values ?? []).map((value, index) => [value, index]));
  const ranked: Ranked[] = reads.map(({ operation, values }) => ({ operation, rank: 2 * values.length }));
  for (const [value, operation] of appends) {
    const position = positions.get(value);
    if (position !== undefined) ranked.push({ operation, rank: 2 * position + 1 });
    else if (operation.output === 'ok') ranked.push({ operation, rank: Infinity });
  }
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : Number(a.rank > b.rank)));
  let latest: Ranked | null = null;
  let latestBelow: Ranked | null = null;
  let rank = -1;
  for (const next of ranked) {
    if (next.rank > rank) latestBelow = latest;
    rank = next.rank;
    if (latestBelow !== null && endOf(next.operation) < latestBelow.operation.invokedAt) {
      return misplaced(latestBelow, next);
    }
    if (latest === null || next.operation.invokedAt > latest.operation.invokedAt) latest = next;
  }
  return null;
}

/** `late` ended before `early` began, but must come after it. */
function misplaced(early: Ranked, late: Ranked): Counterexample {
  const pair = [late.operation, early.operation];
  const { op } = late.operation;
  if (late.rank === Infinity && op.kind === 'append') {
    return fault('lost', pair, `the append of ${JSON.stringify(op.value)} was acknowledged, and is in no later read`);
  }
  const lateReads = op.kind === 'read';
  if (early.operation.op.kind === 'read') {
    const shown = lateReads ? 'an earlier read showed more' : 'an append before it had been acknowledged';
    return fault('stale', pair, `a read misses a value, although ${shown}`);
  }
  const value = JSON.stringify(early.operation.op.value);
  return lateReads
    ? fault('early', pair, `a read shows ${value}, or what follows it, before its append began`)
    : fault('reordered', pair, `${value} stands before a value whose append had ended when that of ${value} began`);
}

function fault(kind: ListFault, window: readonly ListOperation[], fact: string): Counterexample {
  const key = window[0]?.key ?? '';
  const message = `list ${key} is not linearizable (${kind}): ${fact}`;
  return { kind, key, message, window, text: `${message}\n${timeline(window, describe, window)}` };
}

function describe(input: ListInput, output: ListOutput | 'unknown'): string {
  return list.describe(input, output);
}

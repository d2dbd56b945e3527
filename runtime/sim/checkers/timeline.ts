/**
 * Timeline: operations as lines that a person can read, one bar per operation over a shared axis of time.
 *
 * Owns: the picture. Does not own: which operations are in it.
 */

import type { Operation } from './history';
import { isClosed } from './history';

/** Most lines of a timeline and most columns of its bars; of more operations the last are shown. */
export const TIMELINE_LINES = 40;
export const TIMELINE_COLUMNS = 48;

type Describe<I, O> = (input: I, output: O | 'unknown') => string;

/**
 * One line per operation, in order of invocation: the client, its bar (`|==|`, or `|==>` if it is open to the end), what
 * was asked and answered, and the times. The axis shows the order of events, not their distance. `marked` ones get a ✗.
 */
export function timeline<I, O>(
  operations: readonly Operation<I, O>[],
  describe: Describe<I, O>,
  marked: readonly Operation<I, O>[] = [],
): string {
  const sorted = [...operations].sort((a, b) => a.invokedAt - b.invokedAt);
  const shown = sorted.slice(-TIMELINE_LINES);
  const columnOf = axis(shown);
  const nameWidth = Math.max(0, ...shown.map(({ client }) => client.length));
  const barWidth = columnOf(Infinity) + 1;
  const lines = shown.map((operation) => {
    const { client, op, output, invokedAt, returnedAt } = operation;
    const from = columnOf(invokedAt);
    const closed = isClosed(operation);
    const to = columnOf(closed && returnedAt !== null ? returnedAt : Infinity);
    const bar = `${' '.repeat(from)}|${'='.repeat(Math.max(0, to - from - 1))}${closed ? '|' : '>'}`;
    const mark = marked.includes(operation) ? ' ✗' : '';
    const times = `[${invokedAt}..${closed ? returnedAt : ''}]`;
    return `  ${client.padEnd(nameWidth)}  ${bar.padEnd(barWidth)}  ${describe(op, output)} ${times}${mark}`;
  });
  const hidden = sorted.length - shown.length;
  return [...(hidden > 0 ? [`  … ${hidden} earlier operations`] : []), ...lines].join('\n');
}

/** The column of a moment: one more for each moment at which something began or ended, infinity last. */
function axis(operations: readonly Operation<unknown, unknown>[]): (at: number) => number {
  const moments = new Set([Infinity]);
  for (const operation of operations) {
    moments.add(operation.invokedAt);
    if (isClosed(operation) && operation.returnedAt !== null) moments.add(operation.returnedAt);
  }
  const ordered = [...moments].sort((a, b) => a - b);
  const width = Math.min(3, TIMELINE_COLUMNS / ordered.length);
  const columns = new Map(ordered.map((at, index) => [at, Math.round(index * width) + 1]));
  return (at) => (columns.get(at) ?? 0) - 1;
}

/**
 * The list: `append` answers 'ok', or 'refused' and then the value is never in it; `read` answers the whole list.
 *
 * States share their tails: an append makes one cell, whatever the length. `list-append` decides these histories
 * faster; this model is there to check it, and to check the search.
 */

import { UNKNOWN } from '../history';
import type { Model } from '../model';
import { hashText, mix, outcomeText } from '../model';

export type ListValue = number | string;
export type ListInput = { readonly kind: 'append'; readonly value: ListValue } | { readonly kind: 'read' };
export type ListOutput = 'ok' | 'refused' | readonly ListValue[];

/** The newest value first. */
export interface ListState {
  readonly value: ListValue;
  readonly before: ListState | null;
  readonly length: number;
  readonly hash: number;
}

export const list: Model<ListState | null, ListInput, ListOutput> = {
  name: 'list',
  init: () => null,
  step: (state, input, output) => {
    if (input.kind === 'read') return [output === UNKNOWN || matches(state, output), state];
    if (output === 'refused') return [true, state];
    const hash = mix((state?.hash ?? 0) ^ hashText(`${typeof input.value} ${input.value}`));
    const after = { value: input.value, before: state, length: (state?.length ?? 0) + 1, hash };
    return [output === UNKNOWN || output === 'ok', after];
  },
  equal: same,
  hash: (state) => state?.hash ?? 0,
  readOnly: (input, output) => input.kind === 'read' || output === 'refused',
  describe: (input, output) =>
    `${input.kind === 'append' ? `append ${JSON.stringify(input.value)}` : 'read'} → ${outcomeText(output)}`,
  describeState: (state) => {
    const values: ListValue[] = [];
    for (let cell = state; cell !== null; cell = cell.before) values.unshift(cell.value);
    return JSON.stringify(values);
  },
};

function matches(state: ListState | null, output: ListOutput): boolean {
  if (typeof output === 'string' || output.length !== (state?.length ?? 0)) return false;
  let cell = state;
  for (let at = output.length - 1; cell !== null; at -= 1, cell = cell.before) {
    if (cell.value !== output[at]) return false;
  }
  return true;
}

function same(a: ListState | null, b: ListState | null): boolean {
  let left = a;
  let right = b;
  while (left !== right) {
    if (left === null || right === null) return false;
    if (left.hash !== right.hash || left.length !== right.length || left.value !== right.value) return false;
    left = left.before;
    right = right.before;
  }
  return true;
}

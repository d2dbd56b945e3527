/** The counter: `add` answers 'ok' or the new value, `read` the value. It begins at 0. */

import { UNKNOWN } from '../history';
import type { Model } from '../model';
import { mix, outcomeText } from '../model';

export type CounterInput = { readonly kind: 'add'; readonly amount: number } | { readonly kind: 'read' };
export type CounterOutput = 'ok' | number;

export const counter: Model<number, CounterInput, CounterOutput> = {
  name: 'counter',
  init: () => 0,
  step: (value, input, output) => {
    const after = input.kind === 'add' ? value + input.amount : value;
    const silent = output === UNKNOWN || (output === 'ok' && input.kind === 'add');
    return [silent || output === after, after];
  },
  equal: Object.is,
  hash: mix,
  readOnly: (input) => input.kind === 'read',
  describe: (input, output) => `${input.kind === 'add' ? `add ${input.amount}` : 'read'} → ${outcomeText(output)}`,
  describeState: String,
};

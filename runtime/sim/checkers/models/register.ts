/** The register: begins empty (null); `swap` writes if and only if the value is the expected one, else it is refused. */

import { UNKNOWN } from '../history';
import type { Model } from '../model';
import { hashText, outcomeText } from '../model';

/** Values are numbers, so that they are never mistaken for an outcome. */
export type RegisterInput =
  | { readonly kind: 'write'; readonly value: number }
  | { readonly kind: 'swap'; readonly from: number | null; readonly to: number }
  | { readonly kind: 'read' };
export type RegisterOutput = 'ok' | 'refused' | number | null;

const texts = {
  write: (input: Extract<RegisterInput, { kind: 'write' }>) => `write ${input.value}`,
  swap: (input: Extract<RegisterInput, { kind: 'swap' }>) => `swap ${input.from} for ${input.to}`,
};

export const register: Model<number | null, RegisterInput, RegisterOutput> = {
  name: 'register',
  init: () => null,
  step: (value, input, output) => {
    if (input.kind === 'read') return [output === UNKNOWN || output === value, value];
    if (input.kind === 'write') return [output === UNKNOWN || output === 'ok', input.value];
    const swaps = value === input.from;
    return [output === UNKNOWN || output === (swaps ? 'ok' : 'refused'), swaps ? input.to : value];
  },
  equal: Object.is,
  hash: (value) => hashText(String(value)),
  readOnly: (input, output) => input.kind === 'read' || output === 'refused',
  describe: (input, output) => {
    const asked = input.kind === 'read' ? 'read' : input.kind === 'write' ? texts.write(input) : texts.swap(input);
    return `${asked} → ${outcomeText(output)}`;
  },
  describeState: String,
};

/**
 * Options of the sample's command line.
 */

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = 'Usage: npm start -- [--input FILE.csv] [--data DIR] [--json]';

export interface Options {
  readonly input: string;
  readonly data: string;
  readonly json: boolean;
}

/** Compiled or not, the file is found from the root of the package. */
const SHIPPED_FILE = join(require.resolve('perdure/package.json'), '..', 'samples', 'loyalty', 'purchases.csv');
const DEFAULT_DATA = join('.data', 'loyalty');

/** Throws an error that says which argument is wrong. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      input: { type: 'string', default: SHIPPED_FILE },
      data: { type: 'string', default: DEFAULT_DATA },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  for (const name of ['input', 'data'] as const) {
    if (values[name] === '') throw new Error(`--${name} needs a name`);
  }
  return { input: resolve(values.input), data: resolve(values.data), json: values.json };
}

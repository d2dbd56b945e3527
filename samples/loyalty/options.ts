/**
 * Options of the sample's command line.
 */

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = 'Usage: npm start -- [--input FILE.csv] [--data DIR] [--json] [--verify]';

export interface Options {
  readonly input: string;
  readonly data: string;
  readonly json: boolean;
  /** Check the data directory, and import nothing. */
  readonly verify: boolean;
}

/** Compiled or not, the file is found from the root of the package. */
const SHIPPED_FILE = join(require.resolve('perdure/package.json'), '..', 'samples', 'loyalty', 'purchases.csv');
const DEFAULT_DATA = join('.data', 'loyalty');

/** The command line asks for something that cannot be. */
export class BadUsage extends Error {}

/** Throws BadUsage. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { input, data, json, verify, help } = parse([...args]);
  if (help) return 'help';
  if (input === '' || data === '') throw new BadUsage(`an empty name is given. ${USAGE}`);
  return { input: resolve(input), data: resolve(data), json, verify };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        input: { type: 'string', default: SHIPPED_FILE },
        data: { type: 'string', default: DEFAULT_DATA },
        json: { type: 'boolean', default: false },
        verify: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    const [fact = ''] = (error as Error).message.split('\n');
    throw new BadUsage(`${fact.replace(/\.$/, '')}. ${USAGE}`);
  }
}

/**
 * Options of the sample's command line.
 */

import { parseArgs } from 'node:util';

export const USAGE = 'Usage: npm run sample -- subscription [--count N] [--data DIR] [--seed N]';

export interface Options {
  /** Subscriptions, from 5 to 1,000,000. */
  readonly count: number;
  /** Null: a new folder, removed at the end. */
  readonly data: string | null;
  /** Decides at which moments the process is killed. */
  readonly seed: number;
}

/** The command line asks for something that cannot be. */
export class BadUsage extends Error {}

/** Throws BadUsage. */
export function readOptions(args: readonly string[]): Options {
  const { count, data, seed } = parse([...args]);
  if (data === '') throw new BadUsage(`--data needs a name. ${USAGE}`);
  return {
    count: whole('--count', count ?? '20000', 5, 1_000_000),
    data: data ?? null,
    seed: whole('--seed', seed ?? String(Math.floor(Math.random() * 2 ** 31)), 0, 2 ** 31),
  };
}

function parse(args: string[]) {
  try {
    const text = { type: 'string' } as const;
    return parseArgs({ args, options: { count: text, data: text, seed: text } }).values;
  } catch (error) {
    const [fact = ''] = (error as Error).message.split('\n');
    throw new BadUsage(`${fact.replace(/\.$/, '')}. ${USAGE}`);
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new BadUsage(`${name} is ${JSON.stringify(text)}: give a whole number from ${least} to ${most}. ${USAGE}`);
}

/**
 * `npm run sample -- subscription [--count N] [--data DIR] [--seed N]`: a year of subscriptions on a virtual clock,
 * through a bug, its repair and three kills.
 *
 * Exit codes: 0 everybody was charged exactly twelve times; 1 not so; 2 bad usage.
 */

import 'perdure/host';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { faultsIn, repeats, withoutCoupon } from './books';
import type { Report, Watch } from './life';
import { live } from './life';
import type { Options } from './options';
import { BadUsage, USAGE, readOptions } from './options';
import { readLedger } from './services';

const BUG_SEEN_DAY = 100;
const OVER_DAY = 400;
/** Faults listed before it stops listing. */
const MOST_FAULTS = 20;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  const data = folderOf(options);
  try {
    return await year(options, data);
  } finally {
    if (options.data === null) rmSync(data, { recursive: true, force: true });
  }
}

async function year({ count, seed }: Options, data: string): Promise<number> {
  say(`${count} subscriptions in ${data}, seed ${seed}`);
  const random = randomFrom(seed);
  let faults: string[] = [];
  const run = async (version: 1 | 2, untilDay: number, killAfter: number | null = null): Promise<Report | null> => {
    say(`version ${version} starts`);
    const watch: Watch = { day: (day) => day % 50 === 0 && say(`  day ${day}`), killAfter };
    const report = await live({ data, version, count, untilDay }, watch);
    if (report === null) say(`  killed after ${killAfter} deliveries`);
    else if (killAfter !== null) faults.push(`version ${version} was not killed after ${killAfter} deliveries`);
    return report;
  };
  /** So many deliveries (payment and receipt) as `from` to `to` months take. */
  const months = (from: number, to: number): number => Math.ceil(2 * count * (from + random() * (to - from)));

  await run(1, BUG_SEEN_DAY, months(0.2, 2.8));
  const seen = await run(1, BUG_SEEN_DAY);
  if (seen?.held !== withoutCoupon(count)) faults.push(`${seen?.held} were held, not ${withoutCoupon(count)}`);
  if (!seen?.example?.failure.startsWith('TypeError')) faults.push('no TypeError was seen');
  else say(`  ${seen.held} of ${seen.all} are held, such as ${seen.example.id}: ${seen.example.failure}`);
  await run(2, OVER_DAY, months(0.02, 0.15));
  await run(2, OVER_DAY, months(1, 6));
  const over = await run(2, OVER_DAY);
  if (over?.completed !== count + 1) faults.push(`${over?.completed} completed, not ${count + 1}`);
  if (over?.held !== 0) faults.push(`${over?.held} are held at the end`);

  const payments = readLedger(join(data, 'payments.jsonl'));
  const receipts = readLedger(join(data, 'receipts.jsonl'));
  faults = faults.concat(faultsIn(payments, receipts, count));
  for (const [name, deliveries] of Object.entries({ payments, receipts })) {
    const repeated = repeats(deliveries);
    print(`${name}: ${deliveries.length - repeated}, and ${repeated} deliveries more that changed nothing`);
  }
  for (const fault of faults.slice(0, MOST_FAULTS)) say(`WRONG: ${fault}`);
  if (faults.length > MOST_FAULTS) say(`WRONG: ${faults.length - MOST_FAULTS} more like these`);
  if (faults.length === 0) print(`${count} subscriptions were charged exactly 12 times each, and 1 that left twice.`);
  return faults.length === 0 ? 0 : 1;
}

function folderOf({ data }: Options): string {
  if (data === null) return mkdtempSync(join(tmpdir(), 'perdure-subscription-'));
  if (existsSync(data) && readdirSync(data).length > 0)
    throw new BadUsage(`${resolve(data)} is not empty: the year begins in an empty folder. ${USAGE}`);
  return resolve(data);
}

/** Numbers from 0 to 1, the same for a seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    say(error instanceof Error ? `subscription: ${error.message}` : String(error));
    process.exitCode = error instanceof BadUsage ? 2 : 1;
  },
);

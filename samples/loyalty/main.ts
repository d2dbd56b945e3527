/**
 * `npm start -- [--input FILE.csv] [--data DIR] [--json]`: purchases of a CSV file into durable loyalty accounts.
 * With `--verify` it checks every page and record of the data directory instead.
 *
 * Exit codes: 0 all lines are in the accounts and these add up; 1 lines were refused, or the figures differ; 2 bad
 * usage; 3 the data directory cannot be used; 130 interrupted, and what was read so far is in.
 */

import { serve, sqlite, startHost, verifyStore } from 'perdure/host';
import type { RunningHost } from 'perdure/host';
import { isPerdureError } from 'perdure/client';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { LoyaltyAccount, mail } from './account';
import type { Imported } from './import';
import { importPurchases } from './import';
import { Mailer } from './mailer';
import type { Options } from './options';
import { BadUsage, USAGE, readOptions } from './options';
import { Progress } from './progress';
import { readPurchases } from './purchases';
import { differences, json, readAccounts, table } from './report';

const DONE = 0;
const FAILED = 1;
const BAD_USAGE = 2;
const UNAVAILABLE = 3;
const INTERRUPTED = 130;

/** Asked to end early: the first time gently, the second time at once, which does no harm either. */
let interrupted = false;
const interrupt = (): void => void (interrupted = true);

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return DONE;
  }
  if (options.verify) return verify(options.data);
  const file = await openInput(options.input);
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const mailer = new Mailer(join(options.data, 'outbox.jsonl'));
  try {
    const host = await startHost({
      entities: [LoyaltyAccount],
      activities: [serve(mail, mailer)],
      store: sqlite(options.data),
    });
    try {
      return await run(host, file, options, mailer);
    } finally {
      await host.drain();
    }
  } finally {
    mailer.close();
    await file.close();
  }
}

async function verify(directory: string): Promise<number> {
  const { entities, rows, problems } = await verifyStore(directory);
  for (const { entity, fact } of problems) process.stderr.write(`${entity === null ? '' : `${entity.id}: `}${fact}\n`);
  process.stdout.write(`${entities} accounts with ${rows} records checked: ${problems.length} problems\n`);
  return problems.length === 0 ? DONE : FAILED;
}

async function run(host: RunningHost, file: FileHandle, options: Options, mailer: Mailer): Promise<number> {
  const { client } = host;
  const before = (await readAccounts(client)).total;
  say(`Accounts are kept in ${options.data}: ${before.customers} of them, with ${before.purchases} purchases.`);
  const imported = await importFile(host, file, options.input);
  if (imported === null) return INTERRUPTED;
  const accounts = await readAccounts(client);
  print(table(accounts));
  const { applied, duplicates, refused } = imported;
  print(`${applied.purchases} applied, ${duplicates} duplicates, ${refused} refused; letters are in ${mailer.path}`);
  const faults = differences(before, accounts.total, imported);
  for (const fault of faults) say(`WRONG: ${fault}`);
  if (options.json) print(json(accounts, imported));
  return faults.length > 0 || refused > 0 ? FAILED : DONE;
}

/** Null when it was interrupted. */
async function importFile({ client }: RunningHost, file: FileHandle, path: string): Promise<Imported | null> {
  const progress = new Progress((await file.stat()).size);
  try {
    const imported = await importPurchases(client, readPurchases(file.createReadStream({ autoClose: false })), {
      refused: ({ number, reason }) => progress.say(`line ${number} is refused: ${reason}`),
      done: ({ bytes }) => progress.advance(bytes),
      interrupted: () => interrupted,
    });
    if (!interrupted) return imported;
    const { good } = imported;
    progress.say(`Interrupted: ${good.purchases} purchases are durable. Run the same command to go on.`);
    return null;
  } catch (error) {
    if (isPerdureError(error)) throw error;
    throw new Error(`cannot go on with ${path}: ${(error as Error).message}`, { cause: error });
  } finally {
    progress.end();
  }
}

async function openInput(path: string): Promise<FileHandle> {
  try {
    const file = await open(path);
    if (!(await file.stat()).isDirectory()) return file;
    await file.close();
  } catch (error) {
    throw new BadUsage(`cannot read ${path}: ${(error as Error).message}`);
  }
  throw new BadUsage(`cannot read ${path}: it is a directory`);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof BadUsage) return BAD_USAGE;
  return isPerdureError(error) && error.code === 'unavailable' ? UNAVAILABLE : FAILED;
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
    say(error instanceof Error ? `loyalty: ${error.message}` : String(error));
    process.exitCode = exitCodeOf(error);
  },
);

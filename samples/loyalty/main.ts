/**
 * `npm start -- [--input FILE.csv] [--data DIR] [--json]`: purchases of a CSV file into durable loyalty accounts.
 * With `--verify` it checks every page and record of the data directory instead. With `--cluster` the accounts live in
 * a keyspace of Cassandra, served by three hosts over NATS, one of which is killed when half of the file is in.
 *
 * Exit codes: 0 all lines are in the accounts and these add up; 1 lines were refused, or the figures differ; 2 bad
 * usage; 3 the data directory cannot be used; 130 interrupted, and what was read so far is in.
 */

import { serve, sqlite, startHost, verifyStore } from 'perdure/host';
import type { PerdureClient } from 'perdure/client';
import { isPerdureError } from 'perdure/client';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LoyaltyAccount, mail } from './account';
import { startCluster } from './cluster';
import type { Imported } from './import';
import { importPurchases } from './import';
import { Mailer } from './mailer';
import type { Options } from './options';
import { BadUsage, USAGE, readOptions } from './options';
import { Progress } from './progress';
import { readPurchases } from './purchases';
import type { Accounts, TierSums } from './report';
import { differences, json, readAccounts, table } from './report';

const DONE = 0;
const FAILED = 1;
const BAD_USAGE = 2;
const UNAVAILABLE = 3;
const INTERRUPTED = 130;
/** So often accounts are read until they add up, a second apart. */
const LOOKS = 30;

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
  try {
    return options.cluster === null ? await runAlone(options, file) : await runCluster(options, options.cluster, file);
  } finally {
    await file.close();
  }
}

async function runAlone(options: Options, file: FileHandle): Promise<number> {
  const mailer = new Mailer(join(options.data, 'outbox.jsonl'));
  try {
    const host = await startHost({
      entities: [LoyaltyAccount],
      activities: [serve(mail, mailer)],
      store: sqlite(options.data),
    });
    try {
      return await run(host.client, file, options, { place: options.data, outbox: mailer.path });
    } finally {
      await host.drain();
    }
  } finally {
    mailer.close();
  }
}

/** One of three hosts is killed when half of the file is in. */
async function runCluster(
  options: Options,
  { nats, cassandra: [host, port], keyspace }: NonNullable<Options['cluster']>,
  file: FileHandle,
): Promise<number> {
  await mkdir(options.data, { recursive: true });
  const outbox = join(options.data, 'outbox.jsonl');
  const store = { contactPoints: [host], port, localDataCenter: 'datacenter1', keyspace, migrate: true };
  // One replica, where nothing else was chosen before: what a keyspace for trying things out has.
  const unsafe = ['replication'] as const;
  const cassandra = { ...store, createWithReplicas: 1, unsafe };
  const cluster = await startCluster({ nats, prefix: keyspace, cassandra, outbox });
  const half = (await file.stat()).size / 2;
  let killed = false;
  const onBytes = (bytes: number): void => {
    if (killed || bytes < half) return;
    killed = true;
    cluster.killOne();
    say('One of the three hosts is killed; the others take its shards over.');
  };
  try {
    return await run(cluster.client, file, options, { place: `keyspace ${keyspace}`, outbox, onBytes });
  } finally {
    await cluster.stop();
  }
}

interface Kept {
  /** Where the accounts are. */
  readonly place: string;
  readonly outbox: string;
  /** Told how much of the file is in, in bytes. */
  readonly onBytes?: (bytes: number) => void;
}

async function verify(directory: string): Promise<number> {
  const { entities, rows, problems } = await verifyStore(directory);
  for (const { entity, fact } of problems) process.stderr.write(`${entity === null ? '' : `${entity.id}: `}${fact}\n`);
  process.stdout.write(`${entities} accounts with ${rows} records checked: ${problems.length} problems\n`);
  return problems.length === 0 ? DONE : FAILED;
}

async function run(client: PerdureClient, file: FileHandle, options: Options, kept: Kept): Promise<number> {
  const before = (await readAccounts(client)).total;
  say(`Accounts are kept in ${kept.place}: ${before.customers} of them, with ${before.purchases} purchases.`);
  const imported = await importFile(client, file, options.input, kept.onBytes);
  if (imported === null) return INTERRUPTED;
  const resent = options.cluster !== null;
  const accounts = await readSettled(client, before, imported, resent);
  print(table(accounts));
  const { applied, duplicates, refused } = imported;
  print(`${applied.purchases} applied, ${duplicates} duplicates, ${refused} refused; letters are in ${kept.outbox}`);
  const faults = differences(before, accounts.total, imported, resent);
  for (const fault of faults) say(`WRONG: ${fault}`);
  if (options.json) print(json(accounts, imported));
  return faults.length > 0 || refused > 0 ? FAILED : DONE;
}

/** Null when it was interrupted. */
/** The list of a cluster's accounts follows them within seconds. */
async function readSettled(
  client: PerdureClient,
  before: TierSums,
  imported: Imported,
  resent: boolean,
): Promise<Accounts> {
  for (let look = 1; ; look += 1) {
    const accounts = await readAccounts(client);
    if (look === LOOKS || differences(before, accounts.total, imported, resent).length === 0) return accounts;
    await pause(1_000);
  }
}

async function importFile(
  client: PerdureClient,
  file: FileHandle,
  path: string,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<Imported | null> {
  const progress = new Progress((await file.stat()).size);
  let read = 0;
  try {
    const imported = await importPurchases(client, readPurchases(file.createReadStream({ autoClose: false })), {
      refused: ({ number, reason }) => progress.say(`line ${number} is refused: ${reason}`),
      done: ({ bytes }) => {
        progress.advance(bytes);
        onBytes((read += bytes));
      },
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

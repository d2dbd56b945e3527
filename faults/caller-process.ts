/**
 * One caller of a fault run: appends to lists and reads them, and tells its parent what it was told, and when.
 *
 * Any message ends it, once what is under way has ended.
 */

import { connect, isPerdureError, nats } from 'perdure/client';
import type { PerdureClient } from 'perdure/client';
import { setTimeout as pause } from 'node:timers/promises';
import { List } from './list';
import type { CallerProcessOptions, Told } from './process-options';
import { optionsOf } from './process-options';

const EPOCH_MS = 20_000;
const READS = 0.3;
const TIMEOUT = '40s';

let ending = false;

async function main(options: CallerProcessOptions): Promise<void> {
  const client = await connect(nats({ servers: options.nats, prefix: options.prefix }));
  process.once('message', () => (ending = true));
  process.send?.('ready');
  await Promise.all(Array.from({ length: options.inFlight }, (_, lane) => work(client, options, lane)));
  await client.close();
  process.disconnect();
}

async function work(client: PerdureClient, { name, keys, pauseMs }: CallerProcessOptions, lane: number): Promise<void> {
  for (let n = 1; !ending; n += 1) {
    const epoch = Math.floor(performance.timeOrigin + performance.now()) / EPOCH_MS;
    const key = `${Math.floor(epoch)}.${Math.floor(Math.random() * keys)}`;
    await ask(client, key, Math.random() < READS ? null : `${name}.${lane}.${n}`);
    await pause(pauseMs * 2 * Math.random());
  }
}

async function ask(client: PerdureClient, key: string, value: string | null): Promise<void> {
  const list = client.call(client.entity(List, key), { timeout: TIMEOUT });
  const invokedAt = nowMs();
  let [known, shown]: [boolean, readonly string[] | null] = [true, null];
  try {
    if (value === null) shown = await list.all();
    else await list.append(value);
  } catch (error) {
    if (value === null && isPerdureError(error) && error.code === 'not_found') shown = [];
    else if (isPerdureError(error) && OPEN.has(error.code)) known = false;
    else throw error;
  }
  process.send?.({ key, value, shown, known, invokedAt, returnedAt: nowMs() } satisfies Told);
}

/** After these nobody knows the outcome. */
const OPEN: ReadonlySet<string> = new Set(['deadline_exceeded', 'unavailable']);

function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1_000_000;
}

main(optionsOf()).catch((error: unknown) => {
  process.stderr.write(`caller: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});

/**
 * A process of its own: serves one version of the subscriptions on the store in a folder, on a virtual clock.
 *
 * Started by `life.ts`. The virtual day is kept in a file, so that the next process goes on at that day.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sqlite } from 'perdure/host';
import { serve, testHost } from 'perdure/testing';
import type { TestHost } from 'perdure/testing';
import { LEAVER, PRICE_CENTS, couponOf, idOf } from './books';
import type { Message, Report, Task } from './life';
import { Ledger, Mail, Payment, mail, payment } from './services';
import { Subscription as Version1 } from './version-1';
import { Subscription as Version2 } from './version-2';

const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2026, 0, 1);
const STEP_DAYS = 10;
/** In month 2. */
const LEAVING_DAY = 40;
const IN_FLIGHT = 1_000;

const VERSIONS = { 1: Version1, 2: Version2 };
/** Callers need a type's name and methods, which are the same in both. */
const Subscription = Version2;

async function main(task: Task): Promise<void> {
  const { data, version, untilDay } = task;
  const dayFile = join(data, 'day');
  let day = existsSync(dayFile) ? Number(readFileSync(dayFile, 'utf8')) : 0;
  const delivered = (): void => tell({ kind: 'delivered' });
  const ledgers = ['payments.jsonl', 'receipts.jsonl'].map((name) => new Ledger(join(data, name), delivered));
  const [payments, receipts] = ledgers as [Ledger, Ledger];
  const host = await testHost({
    entities: [VERSIONS[version]],
    activities: [serve(payment, new Payment(payments)), serve(mail, new Mail(receipts))],
    store: sqlite(data),
    now: FIRST_DAY_MS + day * DAY_MS,
    build: `version-${version}`,
    crash: false,
  });
  if (day === 0) await orderAll(host, task);
  while (day < untilDay) {
    await host.advance(`${STEP_DAYS} days`);
    day += STEP_DAYS;
    if (day === LEAVING_DAY) await leave(host);
    writeFileSync(dayFile, String(day));
    tell({ kind: 'day', day });
  }
  tell(await reportOf(host));
  await host.stop();
  for (const ledger of ledgers) ledger.close();
  process.disconnect();
}

/** Each under a message id of its own: the process may die and send them all again. */
async function orderAll({ client }: TestHost, { count }: Task): Promise<void> {
  const send = async (id: string, coupon: string | undefined): Promise<void> => {
    const subscription = client.entity(Subscription, id);
    const order = { cents: PRICE_CENTS, ...(coupon === undefined ? {} : { coupon }) };
    await client.call(subscription, { messageId: 'order' }).ordered(order);
  };
  await send(LEAVER, couponOf(1));
  for (let from = 0; from < count; from += IN_FLIGHT) {
    const some = Array.from({ length: Math.min(IN_FLIGHT, count - from) }, (_, i) => from + i);
    await Promise.all(some.map((i) => send(idOf(i), couponOf(i))));
  }
}

async function leave({ client }: TestHost): Promise<void> {
  await client.call(client.entity(Subscription, LEAVER), { messageId: 'cancel' }).cancel();
}

async function reportOf({ client }: TestHost): Promise<Report> {
  const type = Subscription;
  const [held, completed, all] = await Promise.all([
    client.count({ type, status: 'held' }),
    client.count({ type, status: 'completed' }),
    client.count({ type }),
  ]);
  let example: Report['example'] = null;
  for await (const { id } of client.list({ type, status: 'held', limit: 1 })) {
    const description = await client.describe(client.entity(type, id));
    if (description.held === null) continue;
    const { failure, since } = description.held;
    example = { id, since, failure: `${failure.code}: ${failure.message}` };
  }
  return { kind: 'report', held, completed, all, example };
}

function tell(message: Message): void {
  process.send?.(message);
}

main(JSON.parse(process.argv[2] ?? '{}') as Task).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

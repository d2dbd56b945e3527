/**
 * A host that is killed. Waits, with everything loaded, for the order to open the directory; then does what it is told
 * over IPC and reports each outcome.
 */

import { PerdureError } from '../../framework/errors';
import { createClient } from '../client/client';
import type { AnyHandle, PerdureClient } from '../client/types';
import { memory, serve, silentLog, sqlite, startHost } from '..';
import type { RunningHost } from '..';
import { systemClock } from '../system/clock';
import { systemEntropy } from '../system/entropy';
import { Book, Flow, List, book } from './entities.fixture';
import type { ChildReport, Order, Outcome } from './protocol.fixture';
import { CLIENTS, LIMITS } from './protocol.fixture';

const PATIENCE = { timeout: '60s' } as const;

let host: RunningHost | null = null;
let clients: PerdureClient[] = [];

async function open(directory: string, effects: string): Promise<void> {
  const transport = memory();
  clients = Array.from({ length: CLIENTS }, () =>
    createClient({ transport, clock: systemClock, entropy: systemEntropy }),
  );
  host = await startHost({
    entities: [List, Flow],
    activities: [serve(book, new Book(effects))],
    store: sqlite(directory),
    transport,
    build: 'crash-loop',
    checks: 'always',
    limits: LIMITS,
    // It is killed for no fault of its steps: none of them is to be suspected.
    watchdog: { stableMs: 0 },
    log: { ...silentLog, error: (fields, message) => report({ kind: 'error', message: `${message} ${show(fields)}` }) },
  });
  report({ kind: 'open' });
}

function show(fields: object): string {
  return JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.stack : value));
}

async function carryOut(order: Extract<Order, { kind: 'call' | 'result' | 'busy' }>): Promise<Outcome> {
  const client = clients[order.client];
  if (client === undefined) throw new Error(`there is no client ${order.client}`);
  const handle: AnyHandle = client.entity<object>(order.type === 'list' ? List : Flow, order.entity);
  if (order.kind !== 'call') {
    const busy = order.kind === 'busy';
    const value = busy ? (await client.describe(handle)).activities.length : await client.result(handle, PATIENCE);
    return { ok: true, value };
  }
  let duplicate = false;
  const target = client.call(handle, {
    ...PATIENCE,
    ...(order.messageId === null ? {} : { messageId: order.messageId }),
    onReply: (info) => (duplicate = info.duplicate),
  }) as Record<string, (...args: unknown[]) => Promise<unknown>>;
  try {
    return { ok: true, value: await target[order.method]?.(...order.args), duplicate };
  } catch (error) {
    if (error instanceof PerdureError) return { ok: false, code: error.code, reason: error.reason ?? null, duplicate };
    throw error;
  }
}

async function obey(order: Order): Promise<void> {
  if (order.kind === 'open') return open(order.directory, order.effects);
  if (order.kind === 'drain')
    return host?.drain().then(() => report({ kind: 'outcome', n: order.n, outcome: { ok: true } }));
  report({ kind: 'outcome', n: order.n, outcome: await carryOut(order) });
}

function report(what: ChildReport): void {
  process.send?.(what);
}

process.on('message', (order: Order) => {
  obey(order).catch((error: unknown) => report({ kind: 'error', message: String((error as Error).stack ?? error) }));
});
process.on('disconnect', () => process.exit(0));
report({ kind: 'ready' });

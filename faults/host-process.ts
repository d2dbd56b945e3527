/**
 * One host of a fault run, until it is told to drain, or killed.
 */

import { connect } from 'perdure/client';
import { cassandra, nats, silentLog, startHost } from 'perdure/host';
import { loadedEntities, loadOf } from './loads';
import type { HostProcessOptions } from './process-options';
import { optionsOf } from './process-options';
import { realCaller } from './real-caller';

/** How long an attempt of an activity waits for an answer. */
const ACTIVITY_PATIENCE_MS = 10_000;

async function main({ nats: servers, prefix, cassandra: keyspace }: HostProcessOptions): Promise<void> {
  const client = await connect(nats({ servers, prefix }));
  const caller = realCaller({ name: `host-${process.pid}`, client, patienceMs: ACTIVITY_PATIENCE_MS, pauseMs: 0 });
  const host = await startHost({
    entities: loadedEntities(),
    activities: loadOf('transfers', 0).activities?.(caller) ?? [],
    store: cassandra(keyspace),
    transport: nats({ servers, prefix }),
    build: 'faults',
    log: silentLog,
  });
  process.once('SIGTERM', () => void host.drain().then(() => process.exit(0)));
  process.once('disconnect', () => process.exit(0));
  process.send?.('ready');
}

main(optionsOf()).catch((error: unknown) => {
  process.stderr.write(`host: ${String(error)}\n`);
  process.exit(1);
});

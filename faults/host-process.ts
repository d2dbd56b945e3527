/**
 * One host of a fault run, until it is told to drain, or killed.
 */

import { cassandra, nats, silentLog, startHost } from 'perdure/host';
import { List } from './list';
import type { HostProcessOptions } from './process-options';
import { optionsOf } from './process-options';

async function main({ nats: servers, prefix, cassandra: keyspace }: HostProcessOptions): Promise<void> {
  const host = await startHost({
    entities: [List],
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

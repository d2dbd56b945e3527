/**
 * One host of the sample's cluster, as a process of its own: it serves accounts until it is told to drain, or killed.
 *
 * Its parent hands it the options as JSON in the last argument.
 */

import { cassandra, nats, serve, startHost } from 'perdure/host';
import { LoyaltyAccount, mail } from './account';
import type { ClusterOptions } from './cluster';
import { Mailer } from './mailer';

async function main(options: ClusterOptions): Promise<void> {
  const mailer = new Mailer(options.outbox);
  const host = await startHost({
    entities: [LoyaltyAccount],
    activities: [serve(mail, mailer)],
    store: cassandra(options.cassandra),
    transport: nats({ servers: options.nats, prefix: options.prefix }),
  });
  process.once('SIGTERM', () => {
    void host.drain().then(() => {
      mailer.close();
      process.disconnect();
    });
  });
  process.send?.('ready');
}

main(JSON.parse(process.argv.at(-1) ?? '') as ClusterOptions).catch((error: unknown) => {
  process.stderr.write(`host: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});

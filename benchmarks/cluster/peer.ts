/**
 * Peer: the other process of a benchmark over NATS. It serves accounts as a host does, or answers raw requests.
 *
 * Its parent (`peers`) hands it the options as JSON in the last argument, and asks it for what it has used.
 */

import { connect } from 'nats';
import { cassandra, nats, silentLog, sqlite, startHost } from 'perdure/host';
import type { CassandraOptions, SharedStore } from 'perdure/host';
import { openCassandra } from '../../runtime/store/cassandra/cassandra-store';
import type { CassandraStore } from '../../runtime/store/cassandra/cassandra-store';
import { systemClock } from '../../runtime/system/clock';
import { Account } from '../accounts';
import type { PeerOptions, Usage } from './peers';

const used = { asked: { writes: 0, rows: 0, reads: 0, serial: 0 }, rows: 0, rowBytes: 0 };

async function main(options: PeerOptions): Promise<void> {
  if (options.serves === 'raw') await echo(options.nats, options.prefix);
  else {
    await startHost({
      entities: [Account],
      store: 'directory' in options.store ? sqlite(options.store.directory) : watched(options.store),
      transport: nats({ servers: options.nats, prefix: options.prefix }),
      log: silentLog,
      build: 'bench',
      checks: 'sampled',
    });
  }
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ ...used, cpuUs: user + system } satisfies Usage);
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.('ready');
}

/** What a raw request is answered: itself. */
async function echo(servers: string, subject: string): Promise<void> {
  const connection = await connect({ servers });
  connection.subscribe(subject, { callback: (_, request) => void request.respond(request.data) });
  await connection.flush();
}

/** The store of a host, with an eye on what it is asked. */
function watched(options: CassandraOptions): SharedStore {
  const open: SharedStore['open'] = async (log) => {
    const store = await openCassandra(options, { clock: systemClock, log });
    used.asked = store.asked;
    const writeRows: CassandraStore['writeRows'] = (key, bucket, rows) => {
      used.rows += rows.length;
      for (const { bytes } of rows) used.rowBytes += bytes.length;
      return store.writeRows(key, bucket, rows);
    };
    return { ...store, writeRows };
  };
  return { ...cassandra(options), open };
}

main(JSON.parse(process.argv.at(-1) ?? '') as PeerOptions).catch((error: unknown) => {
  process.stderr.write(`bench: the other process: ${String(error)}\n`);
  process.exit(1);
});

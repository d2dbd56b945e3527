/**
 * NATS: one server with JetStream, as a daemon.
 *
 * Owns: its configuration. `sync_interval: always` makes an acknowledged message of a stream durable (C16).
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Daemon } from './daemon';
import type { ServiceOptions } from './options';

export function natsDaemon(program: string, { directory, natsPort }: ServiceOptions): Daemon {
  const home = join(directory, 'nats');
  return {
    name: 'nats',
    command: program,
    args: ['--config', join(home, 'nats.conf')],
    directory: home,
    address: { host: '127.0.0.1', port: natsPort },
    readyWithinMs: 20_000,
  };
}

export function configureNats({ directory, natsPort }: ServiceOptions): void {
  const home = join(directory, 'nats');
  mkdirSync(home, { recursive: true });
  const lines = [
    'server_name: perdure',
    'host: "127.0.0.1"',
    `port: ${natsPort}`,
    'jetstream {',
    `  store_dir: ${JSON.stringify(join(home, 'jetstream'))}`,
    '  sync_interval: always',
    '}',
  ];
  writeFileSync(join(home, 'nats.conf'), `${lines.join('\n')}\n`);
}

/**
 * NATS server: one of a test's own, with the configuration that the test wants, killed and started again on its port.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Daemon } from '../../../services/daemon';
import { kill, start, stop } from '../../../services/daemon';
import { installNats } from '../../../services/install';
import { defaultCache } from '../../../services/options';

export class NatsServer {
  private readonly daemon: Daemon;

  private constructor(
    readonly directory: string,
    readonly port: number,
  ) {
    const command = installNats(defaultCache(), () => undefined);
    const args = ['--config', join(directory, 'nats.conf')];
    const address = { host: '127.0.0.1', port };
    this.daemon = { name: 'nats', command, args, directory, address, readyWithinMs: 20_000 };
  }

  /** Started with lines of configuration; `files` are written beside it. */
  static async start(lines: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<NatsServer> {
    const directory = mkdtempSync(join(tmpdir(), 'perdure-nats-server-'));
    const server = new NatsServer(directory, await freePort());
    for (const [name, text] of Object.entries(files)) server.write(name, text);
    server.configure(lines);
    await server.restart();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  configure(lines: readonly string[]): void {
    this.write('nats.conf', ['host: "127.0.0.1"', `port: ${this.port}`, ...lines, ''].join('\n'));
  }

  /** The path of a file beside the configuration. */
  write(name: string, text: string): string {
    mkdirSync(this.directory, { recursive: true });
    const file = join(this.directory, name);
    writeFileSync(file, text);
    return file;
  }

  restart(): Promise<void> {
    return start(this.daemon);
  }

  /** At once, as a crash would. */
  async kill(): Promise<void> {
    kill(this.daemon, 'SIGKILL');
    await stop(this.daemon);
  }

  async stop(): Promise<void> {
    await stop(this.daemon);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/**
 * NATS server: one of a test's own, with the configuration that the test wants, killed and started again on its port.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
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
    // Threads of a process that is dead already may hold its sockets for a moment.
    while (!(await isFree(this.port))) await pause(LOOK_MS);
  }

  async stop(): Promise<void> {
    await stop(this.daemon);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Below the ports that the system gives to connections, so that none of those takes it while the server is down. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (await isFree(port)) return port;
  }
}

const FIRST_PORT = 20_000;
const PORTS = 10_000;
const LOOK_MS = 10;

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

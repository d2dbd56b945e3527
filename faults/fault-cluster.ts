/**
 * Fault cluster: real servers, three hosts and five callers, each a process of its own, under load.
 *
 * Owns: starting and ending all of them, what callers were told. Does not own: what goes wrong (`kinds`), the verdict
 * (`fault-run`).
 */

import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect, nats } from 'perdure/client';
import type { CassandraOptions } from 'perdure/host';
import type { Caller } from '../runtime/sim/workloads/workload';
import type { Daemon } from '../services/daemon';
import type { ServiceOptions } from '../services/options';
import { startServices, stopServices } from '../services/services';
import type { LoadName, Told } from './loads';
import type { CallerProcessOptions, HostProcessOptions } from './process-options';
import { realCaller } from './real-caller';

export interface FaultClusterOptions {
  readonly services: ServiceOptions;
  readonly hosts: number;
  readonly callers: number;
  /** Folder of the compiled processes; this one by default. */
  readonly programs?: string;
  /** Told what is being done. */
  readonly tell: (line: string) => void;
}

/** What all callers together ask, per second. */
const OPERATIONS_PER_SECOND = 200;
/** Of each caller. */
const LANES: readonly LoadName[] = ['list-append', 'list-append', 'account', 'transfers'];
const AUDIT_PATIENCE_MS = 60_000;

export class FaultCluster {
  readonly told: Told[] = [];
  readonly hosts: ChildProcess[] = [];
  private readonly callers: ChildProcess[] = [];
  private faulty: Error | null = null;

  private constructor(
    private readonly options: FaultClusterOptions,
    readonly nats: Daemon,
    readonly cassandra: readonly Daemon[],
    private readonly shared: HostProcessOptions,
  ) {}

  static async start(options: FaultClusterOptions): Promise<FaultCluster> {
    const { services, tell } = options;
    const { nats, cassandra } = await startServices(services, tell);
    const name = `faults_${Date.now().toString(36)}`;
    const store: CassandraOptions = {
      contactPoints: cassandra.map(({ address }) => address.host),
      port: services.cassandraPort,
      localDataCenter: 'datacenter1',
      keyspace: name,
      migrate: true,
      createWithReplicas: services.nodes,
      shards: 32,
      ...(services.nodes < 3 && { unsafe: ['replication'] }),
    };
    const url = `nats://${nats.address.host}:${nats.address.port}`;
    const cluster = new FaultCluster(options, nats, cassandra, { nats: url, prefix: name, cassandra: store });
    for (let i = 0; i < options.hosts; i += 1) cluster.hosts.push(await cluster.startHost());
    for (let i = 0; i < options.callers; i += 1) cluster.callers.push(await cluster.startCaller(`c${i + 1}`));
    return cluster;
  }

  /** The host is killed, if it lives, and another one is started in its place. */
  async replaceHost(index: number): Promise<void> {
    this.hosts[index]?.kill('SIGKILL');
    this.hosts[index] = await this.startHost();
  }

  /** Callers come to the end of what is under way. Rejects if one of them has failed. */
  async endCallers(): Promise<void> {
    await Promise.all(
      this.callers.map(async (caller) => {
        if (caller.exitCode !== null) return;
        const ended = once(caller, 'exit');
        caller.send('end');
        await ended;
      }),
    );
    if (this.faulty !== null) throw this.faulty;
  }

  /** Hands out one more caller, in this process. */
  async audited<T>(act: (auditor: Caller) => Promise<T>): Promise<T> {
    const client = await connect(nats({ servers: this.shared.nats, prefix: this.shared.prefix }));
    try {
      return await act(realCaller({ name: 'auditor', client, patienceMs: AUDIT_PATIENCE_MS, pauseMs: 0 }));
    } finally {
      await client.close();
    }
  }

  async stop(): Promise<void> {
    for (const process of [...this.callers, ...this.hosts]) process.kill('SIGKILL');
    await stopServices(this.options.services, true);
  }

  private program(name: string): string {
    return join(this.options.programs ?? __dirname, name);
  }

  private async startHost(): Promise<ChildProcess> {
    return ready(fork(this.program('host-process.js'), [JSON.stringify(this.shared)]), 'a host');
  }

  private async startCaller(name: string): Promise<ChildProcess> {
    const { nats, prefix } = this.shared;
    const pauseMs = (1_000 * this.options.callers * LANES.length) / OPERATIONS_PER_SECOND;
    const options: CallerProcessOptions = { name, nats, prefix, lanes: LANES, pauseMs };
    const caller = await ready(fork(this.program('caller-process.js'), [JSON.stringify(options)]), 'a caller');
    caller.on('message', (told: Told) => this.told.push(told));
    caller.once('exit', (code) => {
      if (code !== 0)
        this.faulty ??= new Error(`the caller ${name} has ended with ${String(code)}: its own message says why`);
    });
    return caller;
  }
}

async function ready(process: ChildProcess, what: string): Promise<ChildProcess> {
  const ended = once(process, 'exit').then(() => {
    throw new Error(`${what} has ended while it started`);
  });
  await Promise.race([once(process, 'message'), ended]);
  ended.catch(() => undefined);
  return process;
}

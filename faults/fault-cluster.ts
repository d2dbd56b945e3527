/**
 * Fault cluster: real servers, hosts and callers, each a process of its own, under load, and the links between them.
 *
 * Owns: starting and ending all of them, what callers were told. Does not own: what goes wrong (`kinds`), the verdict
 * (`fault-run`).
 */

import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { assert } from '../framework/assert';
import { connect, nats } from 'perdure/client';
import type { CassandraOptions } from 'perdure/host';
import type { Caller } from '../runtime/sim/workloads/workload';
import type { Daemon } from '../services/daemon';
import type { ServiceOptions } from '../services/options';
import { startServices, stopServices } from '../services/services';
import type { Links } from './links';
import { openLinks } from './links';
import type { LoadName, Told } from './loads';
import type { CallerProcessOptions, HostProcessOptions } from './process-options';
import { realCaller } from './real-caller';
import { SmallDisk } from './small-disk';

export interface FaultClusterOptions {
  readonly services: ServiceOptions;
  readonly hosts: number;
  readonly callers: number;
  /** Folder of the compiled processes; this one by default. */
  readonly programs?: string;
  /** Told what is being done. */
  readonly tell: (line: string) => void;
  /** One node of Cassandra stands on it, unless nothing can be mounted. */
  readonly smallDisk?: boolean;
}

/** What all callers together ask, per second. */
const OPERATIONS_PER_SECOND = 200;
/** Of each caller. */
const LANES: readonly LoadName[] = ['list-append', 'list-append', 'account', 'transfers'];
const AUDIT_PATIENCE_MS = 60_000;
/** A node needs some 150 for its commit log and its data. */
const SMALL_DISK_MB = 512;

export class FaultCluster {
  readonly told: Told[] = [];
  readonly hosts: ChildProcess[] = [];
  private readonly callers: ChildProcess[] = [];
  private faulty: Error | null = null;

  private constructor(
    private readonly options: FaultClusterOptions,
    readonly nats: Daemon,
    readonly cassandra: readonly Daemon[],
    readonly links: Links,
    /** A string says why there is none. */
    readonly disk: SmallDisk | string,
    private readonly name: string,
  ) {}

  /** What an earlier run has left in the directory is ended and deleted. */
  static async start(options: FaultClusterOptions): Promise<FaultCluster> {
    await clear(options.services);
    const disk = options.smallDisk === true ? smallDisk(options.services) : 'no small disk was asked for';
    const running = await startServices(options.services, options.tell);
    const links = await openLinks(running, options);
    const name = `faults_${Date.now().toString(36)}`;
    const cluster = new FaultCluster(options, running.nats, running.cassandra, links, disk, name);
    try {
      for (let i = 0; i < options.hosts; i += 1) cluster.hosts.push(await cluster.startHost(i));
      for (let i = 0; i < options.callers; i += 1) cluster.callers.push(await cluster.startCaller(i));
      links.checkInUse();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Of all callers together. */
  get lanes(): number {
    return this.options.callers * LANES.length;
  }

  /** The host is killed, if it lives, and another one is started in its place. */
  async replaceHost(index: number): Promise<void> {
    this.hosts[index]?.kill('SIGKILL');
    this.hosts[index] = await this.startHost(index);
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
    const client = await connect(nats({ servers: urlOf(this.nats.address), prefix: this.name }));
    try {
      return await act(realCaller({ name: 'auditor', client, patienceMs: AUDIT_PATIENCE_MS, pauseMs: 0 }));
    } finally {
      await client.close();
    }
  }

  async stop(): Promise<void> {
    for (const process of [...this.callers, ...this.hosts]) process.kill('SIGKILL');
    await this.links.close();
    await clear(this.options.services);
  }

  private program(name: string): string {
    return join(this.options.programs ?? __dirname, name);
  }

  private async startHost(index: number): Promise<ChildProcess> {
    const { services } = this.options;
    const links = this.links.hosts[index];
    assert(links !== undefined, `there are links for host ${index}`);
    const store: CassandraOptions = {
      contactPoints: this.cassandra.map(({ address }) => address.host),
      port: links.cassandra[0]?.port ?? services.cassandraPort,
      localDataCenter: 'datacenter1',
      keyspace: this.name,
      migrate: true,
      createWithReplicas: services.nodes,
      shards: 32,
      ...(services.nodes < 3 && { unsafe: ['replication'] }),
    };
    const options: HostProcessOptions = { nats: urlOf(links.nats), prefix: this.name, cassandra: store };
    return ready(fork(this.program('host-process.js'), [JSON.stringify(options)]), 'a host');
  }

  private async startCaller(index: number): Promise<ChildProcess> {
    const name = `c${index + 1}`;
    const link = this.links.callers[index];
    assert(link !== undefined, `there is a link for caller ${name}`);
    const pauseMs = (1_000 * this.lanes) / OPERATIONS_PER_SECOND;
    const options: CallerProcessOptions = { name, nats: urlOf(link), prefix: this.name, lanes: LANES, pauseMs };
    const caller = await ready(fork(this.program('caller-process.js'), [JSON.stringify(options)]), 'a caller');
    caller.on('message', (told: Told) => this.told.push(told));
    caller.once('exit', (code) => {
      if (code !== 0)
        this.faulty ??= new Error(`the caller ${name} has ended with ${String(code)}: its own message says why`);
    });
    return caller;
  }
}

async function clear(services: ServiceOptions): Promise<void> {
  await stopServices(services, false);
  SmallDisk.unmount(homeOfLast(services));
  await stopServices(services, true);
}

function smallDisk(services: ServiceOptions): SmallDisk | string {
  return SmallDisk.mount(homeOfLast(services), SMALL_DISK_MB);
}

/** Of the node that is started last. */
function homeOfLast({ directory, nodes }: ServiceOptions): string {
  return join(directory, `cassandra-${nodes}`);
}

function urlOf({ host = '127.0.0.1', port }: { readonly host?: string; readonly port: number }): string {
  return `nats://${host}:${port}`;
}

async function ready(process: ChildProcess, what: string): Promise<ChildProcess> {
  const ended = once(process, 'exit').then(() => {
    throw new Error(`${what} has ended while it started`);
  });
  await Promise.race([once(process, 'message'), ended]);
  ended.catch(() => undefined);
  return process;
}

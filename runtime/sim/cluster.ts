/**
 * Simulated cluster: hosts with real members, shards and activations over the simulated store and network.
 *
 * Owns: the machines, the sessions that follow one another on each, what is counted of them, healing.
 * Does not own: what callers ask (`workload`), which faults are on (the dial), the verdict (`seed-run`).
 */

import { definitionsOf } from '../../framework/model/definition';
import { PerdureError } from '../../framework/errors';
import { TurnLoop } from '../activation/turn-loop';
import { errorReply } from '../activation/replies';
import { Member } from '../host/member';
import { DEFAULT_LIMITS } from '../node';
import type { Lease } from '../ports/cluster-store';
import type { Transport } from '../ports/transport';
import { Shard } from '../shard/shard';
import type { OwnedSession } from '../shard/ownership/owned-session';
import { addressOf } from '../wire/address';
import type { Reply, Request } from '../wire/envelope';
import { Alarms } from './alarms';
import { AskingTransport } from './asking-transport';
import { hostCaller } from './caller';
import { disturbLinks, disturbNetwork } from './disturbance';
import type { FaultDial } from './fault-profile';
import { Machine } from './machine';
import type { Life } from './machine';
import { simEntropy } from './sim-entropy';
import { SimNetwork } from './sim-network';
import { leaseRow } from './sim-store';
import type { Code, Site } from './site';
import { BUCKET_ROWS, RESIDENT_ENTITIES, SNAPSHOT_TURNS } from './site';
import type { StoreCluster } from './store-cluster';
import { storeCluster } from './store-cluster';
import { WatchedStore } from './watched-store';
import type { World } from './world';

export interface ClusterOptions {
  readonly dial: FaultDial;
  /** When each machine boots first, virtual milliseconds. */
  readonly bootsMs: readonly number[];
  readonly shards: number;
  readonly code: Code;
}

const REBIRTH_MS = 100;

export class SimCluster implements Site {
  readonly network: SimNetwork<Request, Reply>;
  readonly machines: readonly Machine[];
  private readonly logs: Alarms;
  private readonly store: StoreCluster;
  private readonly members = new Map<string, Member>();
  private version = 1;

  constructor(
    readonly world: World,
    private readonly options: ClusterOptions,
  ) {
    const { dial, shards, bootsMs } = options;
    this.logs = new Alarms(world);
    this.store = storeCluster(world, dial, shards);
    this.network = new SimNetwork(world, dial);
    const { links } = this.store;
    const shared = { dial, links, version: () => this.version, run: (life: Life) => void this.serve(life) };
    this.machines = bootsMs.map((bootMs, i) => {
      const machine = new Machine(world, { ...shared, name: `host-${i + 1}` });
      machine.bootAt(bootMs);
      disturbNetwork(machine.name, this.network, dial);
      return machine;
    });
  }

  get alarms(): readonly string[] {
    return this.logs.raised;
  }

  get leastEpoch(): number {
    const epochs = Array.from({ length: this.store.shards }, (_, shard) => {
      const lease = this.store.serial.peek(leaseRow(shard));
      return lease === null ? 0 : (JSON.parse(lease) as Lease).epoch;
    });
    return Math.min(...epochs);
  }

  get writtenAtMs(): number {
    return this.store.writtenAtMs;
  }

  transportOf(life: Pick<Life, 'process' | 'clock'>): Transport {
    return new AskingTransport(
      this.network,
      life,
      this.machines.map(({ name }) => name),
    );
  }

  release(): void {
    if (this.version === this.options.code.versions) return;
    this.version += 1;
    this.world.count('cluster.release');
  }

  heal(): void {
    this.store.heal();
    this.network.mend();
    for (const machine of this.machines) machine.heal();
  }

  /** One session after another, as long as the process lives. */
  private async serve(life: Life): Promise<void> {
    const { process, clock, version } = life;
    const { name } = process;
    disturbLinks(process, this.store.links, this.options.dial);
    process.onDeath(() => this.members.delete(name));
    this.network.listen(process, (request) => this.answer(name, request));
    const store = new WatchedStore(this.store, process, this.options.dial);
    const entropy = simEntropy(process);
    const loop = new TurnLoop(clock, () => undefined);
    const host = hostCaller(this, life);
    const groups = new Map(this.options.code.activities(host).map(({ group, target }) => [group, target]));
    for (;;) {
      const shardOn = (session: OwnedSession): Shard => this.shardOn(life, session, { entropy, loop, groups });
      const log = this.logs.of(name);
      const settings = { store, clock, entropy, log, build: buildOf(version), ordinal: version };
      const member = await Member.start({ ...settings, bucketRows: BUCKET_ROWS, shardOn });
      this.members.set(name, member);
      await member.guard.lost;
      this.world.count('cluster.session-lost');
      await new Promise<void>((resolve) => clock.after(REBIRTH_MS, resolve));
    }
  }

  private shardOn(
    { process, clock, version }: Life,
    session: OwnedSession,
    shared: Pick<ConstructorParameters<typeof Shard>[0], 'entropy' | 'loop' | 'groups'>,
  ): Shard {
    this.world.count('cluster.epoch');
    return new Shard({
      ...shared,
      clock,
      session,
      log: this.logs.of(process.name),
      core: {
        drain: (done) => clock.drain(done),
        build: buildOf(version),
        checked: () => true,
        log: () => undefined,
        maxStateBytes: DEFAULT_LIMITS.maxStateBytes,
      },
      namespace: 'default',
      definitions: definitionsOf(this.options.code.entities(version)),
      limits: { ...DEFAULT_LIMITS, snapshotTurns: SNAPSHOT_TURNS, residentEntities: RESIDENT_ENTITIES },
    });
  }

  private answer(name: string, request: Request): Promise<Reply> {
    const member = this.members.get(name);
    if (member !== undefined && 'key' in request) return member.answer(request.key, request);
    const fact = `no session of ${name} serves ${addressOf(request).type}`;
    return Promise.resolve(
      errorReply(new PerdureError('unavailable', `${fact}: ask another host`, { reason: 'moved' })),
    );
  }
}

function buildOf(version: number): string {
  return `b-${version}`;
}

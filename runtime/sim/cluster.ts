/**
 * Simulated cluster: hosts with real members, shards and activations over the simulated store and network.
 *
 * Owns: starting hosts, letting them crash at a drawn request and come back as new sessions, healing. Does not own: what
 * callers ask (`list-client`), which faults are on (the dial), the verdict (`cluster-run`).
 */

import { definitionsOf } from '../../framework/model/definition';
import type { EntityClass } from '../../framework/model/definition';
import { PerdureError } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import { TurnLoop } from '../activation/turn-loop';
import { errorReply } from '../activation/replies';
import { Member } from '../host/member';
import { DEFAULT_LIMITS } from '../node';
import type { WriteOutcome } from '../ports/cluster-store';
import type { Row } from '../ports/history-store';
import type { Log, LogFields } from '../ports/telemetry';
import { silentLog } from '../ports/telemetry';
import { Shard } from '../shard/shard';
import type { OwnedSession } from '../shard/ownership/owned-session';
import { addressOf } from '../wire/address';
import type { Reply, Request } from '../wire/envelope';
import { disturbProcess, drawDriftPpm } from './disturbance';
import { FaultDial, profileOf } from './fault-profile';
import type { FaultProfile } from './fault-profile';
import type { Range, SimStream } from './random';
import { SimClock } from './sim-clock';
import { simEntropy } from './sim-entropy';
import { SimNetwork } from './sim-network';
import { SimProcess } from './sim-process';
import { SimStore } from './sim-store';
import type { StoreCluster } from './store-cluster';
import { storeCluster } from './store-cluster';
import { label } from './trace';
import type { World } from './world';

export interface ClusterOptions {
  readonly hosts: number;
  readonly shards: number;
  readonly entities: readonly EntityClass[];
  readonly profile: FaultProfile;
  /** A host crashes with one of its first so many requests to a port; 0 for never. */
  readonly crashWithin: number;
  /** Of each write of rows: its host and the coordinator die, and each replica has it or has not. */
  readonly deadlyWrites: number;
}

const BUCKET_ROWS = 6;
const SNAPSHOT_TURNS = 5;
const RESIDENT_ENTITIES = 2;
const DOWN_MS: Range = [100, 8_000];
const REBIRTH_MS = 100;
const BOOT = label('cluster.boot');

export class SimCluster {
  readonly dial: FaultDial;
  readonly network: SimNetwork<Request, Reply>;
  readonly names: readonly string[];
  /** What no fault excuses: an entity that cannot be read, or a step that went wrong. */
  readonly alarms: string[] = [];
  private readonly store: StoreCluster;
  private readonly members = new Map<string, Member>();
  private readonly running = new Map<string, SimProcess>();
  private readonly draw: SimStream;
  private crashWithin: number;

  constructor(
    readonly world: World,
    private readonly options: ClusterOptions,
  ) {
    this.dial = new FaultDial(options.profile);
    this.store = storeCluster(world, this.dial, options.shards);
    this.network = new SimNetwork(world, this.dial);
    this.names = Array.from({ length: options.hosts }, (_, i) => `host-${i + 1}`);
    this.draw = world.random.stream('cluster');
    this.crashWithin = options.crashWithin;
    for (const name of this.names) this.boot(name, undefined);
  }

  /** Nothing goes wrong any more, and who is paused wakes. */
  heal(calm: FaultProfile): void {
    this.crashWithin = 0;
    this.dial.turn(calm);
    this.store.heal();
    for (const process of this.running.values()) {
      process.crashAtIssue(Infinity);
      process.resume();
    }
  }

  private boot(name: string, startMs: number | undefined): void {
    const { world } = this;
    const process = new SimProcess(world, name);
    this.running.set(name, process);
    const driftPpm = drawDriftPpm(world, this.dial);
    const clock = new SimClock(process, startMs === undefined ? { driftPpm } : { driftPpm, startMs });
    disturbProcess(process, clock, this.dial);
    this.network.listen(process, (request) => this.answer(name, request));
    if (this.crashWithin > 0) process.crashAtIssue(1 + this.draw.below(this.crashWithin));
    process.onDeath(() => {
      this.members.delete(name);
      world.inside(world.nowMs + this.draw.between(DOWN_MS), BOOT, () => this.boot(name, clock.startMs));
    });
    world.at(world.nowMs, BOOT, () => process.enter(() => void this.serve(process, clock)));
  }

  /** One session after another, as long as the process lives. */
  private async serve(process: SimProcess, clock: SimClock): Promise<void> {
    const { name } = process;
    const store = new DeadlyStore(this.store, process, (write) => this.halfWay(process, write));
    const entropy = simEntropy(process);
    const loop = new TurnLoop(clock, () => undefined);
    for (;;) {
      const shardOn = (session: OwnedSession): Shard => this.shardOn(session, { clock, entropy, loop });
      const settings = { store, clock, entropy, log: this.log(), build: 'b-1', ordinal: 1, bucketRows: BUCKET_ROWS };
      const member = await Member.start({ ...settings, shardOn });
      this.members.set(name, member);
      await member.guard.lost;
      this.world.count('cluster.session-lost');
      await new Promise<void>((resolve) => clock.after(REBIRTH_MS, resolve));
    }
  }

  /** Now and then ends a host in the middle of a write, and the coordinator with it. */
  private halfWay(process: SimProcess, write: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
    if (this.crashWithin === 0 || !this.draw.chance(this.options.deadlyWrites)) return write();
    this.world.count('cluster.deadly-write');
    const { profile } = this.dial;
    this.dial.turn(profileOf(profile.name, { store: { coordinatorDeath: 1 } }, profile));
    const outcome = write();
    this.dial.turn(profile);
    process.crash();
    return outcome;
  }

  private shardOn(
    session: OwnedSession,
    shared: { readonly clock: SimClock; readonly entropy: ReturnType<typeof simEntropy>; readonly loop: TurnLoop },
  ): Shard {
    this.world.count('cluster.epoch');
    const { clock } = shared;
    return new Shard({
      ...shared,
      session,
      log: this.log(),
      core: {
        drain: (done) => clock.drain(done),
        build: 'b-1',
        checked: () => true,
        log: () => undefined,
        maxStateBytes: DEFAULT_LIMITS.maxStateBytes,
      },
      namespace: 'default',
      definitions: definitionsOf(this.options.entities),
      groups: new Map(),
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

  private log(): Log {
    return { ...silentLog, error: (fields, message) => this.alarm(fields, message) };
  }

  private alarm({ error, entity }: LogFields, message: string): void {
    if (!(error instanceof Error) || (error as Partial<PerdureError>).code === 'unavailable') return;
    this.alarms.push(`${String(entity)}: ${message}: ${error.stack ?? error.message}`);
  }
}

/** Some hosts die of their writes: the row may be on all replicas, on one or on none, and nobody knows. */
class DeadlyStore extends SimStore {
  constructor(
    cluster: StoreCluster,
    host: SimProcess,
    private readonly halfWay: (write: () => Promise<WriteOutcome>) => Promise<WriteOutcome>,
  ) {
    super(cluster, host);
  }

  override writeRows(key: EntityKey, bucket: number, rows: readonly Row[]): Promise<WriteOutcome> {
    return this.halfWay(() => super.writeRows(key, bucket, rows));
  }
}

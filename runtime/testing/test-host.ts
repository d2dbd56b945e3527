/**
 * Test host: the real host on virtual time, in this process, with memory adapters unless others are given.
 *
 * Owns: putting it together, moving its time, crashing it, deploying other classes on it, telling faults that no call
 * would show. Does not own: semantics; there is one of those, in `host` and below.
 *
 * Invariants: nothing waits for real time; with the same seed and the same calls everything happens the same way. A
 * fault (a difference that the crash mode found, a floating rejection) is thrown by every later call and by `stop`.
 */

import type { Duration } from '../../framework/model/duration';
import { toMs } from '../../framework/model/duration';
import { PerdureError } from '../../framework/errors';
import type { EntityClass } from '../../framework/model/definition';
import { definitionOf } from '../../framework/model/definition';
import type { EntityReference, Handle } from '../../framework/model/handle';
import { contractOf } from '../../framework/model/handle';
import { checkId } from '../../framework/model/identity';
import { createClient } from '../client/client';
import type { PerdureClient } from '../client/types';
import { Host } from '../host/host';
import type { HostSettings } from '../host/host';
import type { ServedGroup } from '../host/hosted-code';
import { checkGroups, DEFAULT_LIMITS } from '../node';
import type { HistoryStore } from '../ports/history-store';
import { silentLog } from '../ports/telemetry';
import type { Log } from '../ports/telemetry';
import type { Shard } from '../shard/shard';
import { memoryStore } from '../store/memory-store';
import { watchRejections } from '../system/rejections';
import { ensureTraps, installTraps } from '../system/traps';
import { CrashMode } from './crash-mode';
import { Rest } from './rest';
import { seededEntropy } from './seeded-entropy';
import { SteppingClock } from './stepping-clock';
import { TestTransport } from './test-transport';
import { View } from './view';

export interface TestHostOptions {
  readonly entities: readonly EntityClass[];
  /** `serve(mail, fake)`; an activity of a group that is not served is tried again for ever. */
  readonly activities?: readonly ServedGroup[];
  /** First moment; the first of January 2026, UTC, when absent. */
  readonly now?: Date | string | number;
  /** Of all randomness; always the same when absent. */
  readonly seed?: number;
  /**
   * Absent: each entity is put out of memory and loaded again after each of its first 200 steps, then at doubling
   * distances, and compared; `every: 1` after all of them, `every: n` after each nth. `false`: never, and steps share
   * records and replies are handed on at once, as in production.
   */
  readonly crash?: false | { readonly every: number };
  /** A memory store when absent. */
  readonly store?: HistoryStore;
  readonly namespace?: string;
  /** Build id of the first classes; each deployment has one of its own. */
  readonly build?: string;
  /** Silent when absent. */
  readonly log?: Log;
  readonly limits?: Partial<HostSettings['limits']>;
}

const FIRST_MOMENT = '2026-01-01T00:00:00Z';
const FIRST_SEED = 1;
/** Calls to a host under test wait as long as virtual time goes on. */
const PATIENT = { timeout: '365000 days' } as const;

/** Starts a host on virtual time. Rejects as `startHost`. */
export async function testHost(options: TestHostOptions): Promise<TestHost> {
  return TestHost.start(options);
}

export class TestHost {
  /** A client like any other; its timeouts are of virtual time. */
  readonly client: PerdureClient;
  private readonly clock: SteppingClock;
  private readonly transport: TestTransport;
  private readonly crashMode: CrashMode | null;
  private readonly rest: Rest;
  private readonly settings: Omit<HostSettings, 'entities' | 'build'>;
  private readonly views = new Set<View<unknown>>();
  private readonly unwatch: () => void;
  private entities: readonly EntityClass[];
  private host: Host | null = null;
  private fault: PerdureError | null = null;
  private deployments = 0;

  private constructor(private readonly options: TestHostOptions) {
    installTraps();
    const { crash, seed = FIRST_SEED, namespace = 'default' } = options;
    const entropy = seededEntropy(seed);
    const report = (fault: PerdureError) => (this.fault ??= fault);
    this.entities = options.entities;
    this.clock = new SteppingClock({ now: momentOf(options.now ?? FIRST_MOMENT) });
    this.crashMode = crash === false ? null : new CrashMode(everyOf(crash), report);
    this.rest = new Rest(this.clock, () => this.host);
    this.transport = new TestTransport(() => this.replied(), report);
    this.client = createClient({ transport: this.transport, clock: this.clock, entropy, namespace });
    this.settings = {
      activities: checkGroups(options.activities ?? []),
      store: options.store ?? memoryStore(),
      transport: this.transport,
      namespace,
      clock: this.clock,
      entropy,
      log: options.log ?? silentLog,
      checks: 'always',
      limits: { ...DEFAULT_LIMITS, ...(crash === false ? {} : { turnSteps: 1 }), ...options.limits },
      prepare: ensureTraps,
      recheckMs: Infinity,
      ...(this.crashMode === null ? {} : { rehearsal: this.crashMode }),
    };
    this.unwatch = watchRejections((step, reason) => {
      this.host?.floating(step, reason);
      report(floatingFault(step, reason));
    });
  }

  static async start(options: TestHostOptions): Promise<TestHost> {
    const made = new TestHost(options);
    try {
      await made.begin();
      await made.settle();
      return made;
    } catch (error) {
      await made.stop().catch(() => undefined);
      throw error;
    }
  }

  /** Virtual time. */
  get now(): Date {
    return new Date(this.clock.now());
  }

  /** A handle whose calls have no timeout; `client.call(handle, { timeout })` gives one. */
  entity<T>(reference: EntityReference<T>, id: string): Handle<T> {
    return this.client.call(this.client.entity(reference, id), PATIENT);
  }

  /** State, open work and history of one entity, kept up to date by the calls of this host. */
  async view<T>(reference: EntityReference<T>, id: string): Promise<View<T>> {
    const { type } = contractOf(reference);
    checkId(id, `id of ${type}`);
    const view = new View<T>({ namespace: this.settings.namespace, type, id }, () => this.shard);
    this.views.add(view);
    await this.settle();
    return view;
  }

  /**
   * Lets virtual time pass: everything that is due by then happens in the order of its due times, and between two
   * moments the host comes to rest. An activity that never returns is not waited for.
   */
  async advance(duration: Duration): Promise<void> {
    await this.advanceTo(new Date(this.clock.now() + toMs(duration, 'the duration of advance()')));
  }

  /** As `advance`, to a moment that is not in the past. */
  async advanceTo(moment: Date | string | number): Promise<void> {
    const target = momentOf(moment);
    if (target < this.clock.now()) {
      throw new PerdureError('invalid_argument', `${new Date(target).toISOString()} is past: time goes forward only`);
    }
    await this.clock.advanceTo(target, () => this.rest.reached());
    await this.settle();
  }

  /** Resolves when all that can happen at this moment has happened. Calls do so by themselves, unless `crash: false`. */
  async settle(): Promise<void> {
    await this.clock.advanceTo(this.clock.now(), () => this.rest.reached());
    for (const view of this.views) await view.refresh();
    this.crashMode?.checkStrays();
    this.check();
  }

  /** Loses everything that is not in the store and opens that again. Calls under way are sent again, as a client would. */
  async crash(): Promise<void> {
    this.check();
    await this.restart();
  }

  /** Goes on with other classes under another build: each takes the place of the one of its type, or is added. */
  async deploy(...entities: readonly EntityClass[]): Promise<void> {
    this.check();
    const types = new Set(entities.map((one) => definitionOf(one).type));
    this.entities = [...this.entities.filter((one) => !types.has(definitionOf(one).type)), ...entities];
    this.deployments += 1;
    this.crashMode?.codeChanged();
    await this.restart();
  }

  /**
   * Delivers the last signal or update again, with the same id and a higher attempt number, as after a lost reply; when
   * there was none, the next one is delivered twice. A second answer that is not the first one is a fault.
   */
  async deliverTwice(): Promise<void> {
    this.check();
    await this.transport.deliverTwice();
    await this.settle();
  }

  /** Stops at once. Throws the fault that no call has shown, if there is one. */
  async stop(): Promise<void> {
    const { host } = this;
    this.crashMode?.checkStrays();
    this.host = null;
    await this.client.close();
    await host?.stop();
    await this.clock.breathe();
    this.unwatch();
    this.check();
  }

  /** Throws the first fault. */
  check(): void {
    if (this.fault !== null) throw this.fault;
  }

  private get shard(): Shard {
    const shard = this.host?.shard ?? null;
    if (shard === null) throw new PerdureError('unavailable', 'the test host is stopped: start another one');
    return shard;
  }

  /** Before a reply is handed on. One that a crash overtakes stands. */
  private async replied(): Promise<void> {
    const { host } = this;
    if (this.crashMode === null || host === null) return;
    try {
      await this.settle();
    } catch (error) {
      if (host === this.host) throw error;
    }
  }

  private async restart(): Promise<void> {
    const { host } = this;
    this.transport.down();
    this.host = null;
    await host?.stop();
    await this.clock.breathe();
    this.crashMode?.forget();
    await this.begin();
    this.transport.restored();
    await this.settle();
  }

  private async begin(): Promise<void> {
    const { build = 'build-1' } = this.options;
    const { deployments } = this;
    this.rest.begun();
    this.host = await Host.start({
      ...this.settings,
      entities: this.entities,
      build: deployments === 0 ? build : `${build}+${deployments}`,
    });
  }
}

function momentOf(moment: Date | string | number): number {
  const ms = new Date(moment).getTime();
  if (Number.isFinite(ms)) return ms;
  throw new PerdureError('invalid_argument', `${JSON.stringify(moment)} is no moment: write '2026-01-01' or a Date`);
}

function everyOf(crash: { readonly every: number } | undefined): number | null {
  if (crash === undefined) return null;
  if (Number.isInteger(crash.every) && crash.every >= 1) return crash.every;
  throw new PerdureError('invalid_argument', `crash.every is ${crash.every}: give a whole number of steps from 1`);
}

function floatingFault(step: object, reason: unknown): PerdureError {
  const name = 'name' in step && typeof step.name === 'string' ? step.name : 'code of an entity';
  const fact = reason instanceof Error ? reason.message : String(reason);
  const message = `${name}: a rejection that nobody handles: ${fact}; await the promise, or catch it`;
  return new PerdureError('internal', message, { reason: 'floating', cause: reason });
}

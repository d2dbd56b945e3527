/**
 * Staged host: the real host with a manual clock and memory adapters, for tests.
 *
 * Owns: putting it together, moving its time, replacing it by another build on the same store.
 */

import 'reflect-metadata';
import type { EntityClass } from '../../framework/model/definition';
import { createClient } from '../client/client';
import type { PerdureClient } from '../client/types';
import { DEFAULT_LIMITS } from '../node';
import type { HostLimits } from '../node';
import type { HistoryStore } from '../ports/history-store';
import type { LogFields } from '../ports/telemetry';
import { silentLog } from '../ports/telemetry';
import { memoryStore } from '../store/memory-store';
import { systemEntropy } from '../system/entropy';
import { ensureTraps, installTraps } from '../system/traps';
import { ManualClock } from '../testing/manual-clock';
import { memory } from '../transport/memory-transport';
import { Host } from './host';
import type { ServedGroup } from './hosted-code';

export interface Stage {
  readonly entities: readonly EntityClass[];
  readonly activities?: readonly ServedGroup[];
  readonly limits?: Partial<HostLimits>;
  readonly store?: HistoryStore;
  readonly build?: string;
}

/** Turns of the event loop without any work after which a host rests: its activities here settle within microtasks. */
const QUIET_TURNS = 5;

export class StagedHost {
  readonly clock = new ManualClock({ now: Date.UTC(2026, 0, 1) });
  readonly transport = memory();
  readonly client: PerdureClient;
  readonly errors: { readonly fields: LogFields; readonly message: string }[] = [];
  private host: Host | null = null;

  private constructor(private stage: Stage & { readonly store: HistoryStore }) {
    this.client = this.connect();
  }

  static async start(stage: Stage): Promise<StagedHost> {
    const staged = new StagedHost({ ...stage, store: stage.store ?? memoryStore() });
    await staged.begin();
    return staged;
  }

  /** Another client, as of another process. */
  connect(): PerdureClient {
    return createClient({ transport: this.transport, clock: this.clock, entropy: systemEntropy });
  }

  get residents(): number {
    return this.host?.shard?.residents ?? 0;
  }

  isResident(type: string, id: string): boolean {
    return this.host?.shard?.resident({ namespace: 'default', type, id }) != null;
  }

  /** It has something to do, or something is about to be done to it. */
  busy(type: string, id: string): boolean {
    return this.host?.shard?.resident({ namespace: 'default', type, id })?.busy ?? false;
  }

  /** Resolves once nothing happens by itself at the present time. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS;) {
      await this.clock.breathe();
      quiet = (this.host?.shard?.resting ?? true) ? quiet + 1 : 0;
    }
  }

  advance(byMs: number): Promise<void> {
    return this.clock.advance(byMs, () => this.settle());
  }

  /** The process dies and another one begins, on another build if `stage` says so. */
  async restart(stage: Partial<Stage> = {}): Promise<void> {
    await this.stop();
    this.stage = { ...this.stage, ...stage };
    await this.begin();
  }

  async drain(): Promise<void> {
    await this.host?.drain();
  }

  async stop(): Promise<void> {
    await this.host?.stop();
    this.host = null;
  }

  private async begin(): Promise<void> {
    installTraps();
    const { entities, activities = [], limits, store, build = 'b1' } = this.stage;
    this.host = await Host.start({
      entities,
      activities,
      store,
      transport: this.transport,
      namespace: 'default',
      build,
      clock: this.clock,
      entropy: systemEntropy,
      log: { ...silentLog, error: (fields, message) => void this.errors.push({ fields, message }) },
      checks: 'always',
      limits: { ...DEFAULT_LIMITS, ...limits },
      prepare: ensureTraps,
    });
    await this.settle();
  }
}

/**
 * Shard: the entities of one store session that are in memory (architecture §1; the embedded store has one shard).
 *
 * Owns: which entities are in memory and who leaves first; handing committed effects to the activity runner and to the
 * timers; recovery of open work at the start.
 * Does not own: one entity (`activation`), what requests ask (`requests`), the session's opening (`host`).
 *
 * Invariants: at most one activation per key; an entity that has work or somebody waiting stays in memory; once the
 * shard is closed nothing is appended or released (C4).
 */

import { isSkip } from '../../framework/core/fold';
import type { Entry } from '../../framework/core/history';
import type { CoreEnvironment } from '../../framework/core/instance';
import type { OpenActivity } from '../../framework/core/ledger';
import { isPerdureError, PerdureError } from '../../framework/errors';
import type { EntityDefinition } from '../../framework/model/definition';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { Activation } from '../activation/activation';
import { ActivityRunner } from '../activation/activity-runner';
import { ActivitySlots } from '../activation/activity-slots';
import { AppendGroup } from '../activation/append-group';
import { watchedIndexOf } from '../activation/entity-index';
import type { ActivationLimits, Grounds } from '../activation/grounds';
import { Poison } from '../activation/poison';
import type { Rehearsal } from '../activation/rehearsal';
import { TimerService } from '../activation/timers';
import type { TurnLoop } from '../activation/turn-loop';
import { PASSIVATION_TURNS, TIMER_RECHECK_MS } from '../config';
import type { Clock } from '../ports/clock';
import type { Entropy } from '../ports/entropy';
import type { EntityIndex, EntityStatus, StoreSession } from '../ports/history-store';
import type { TaskQueues } from '../ports/task-queues';
import type { Log } from '../ports/telemetry';
import { Recovery } from './recovery';
import type { ResidentLimits } from './residents';
import { Residents } from './residents';
import type { Watchdog } from '../ports/watchdog';

export interface ShardOptions {
  readonly session: StoreSession;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly loop: TurnLoop;
  readonly core: CoreEnvironment;
  readonly namespace: string;
  readonly definitions: ReadonlyMap<string, EntityDefinition>;
  /** Served groups of activities by name. */
  readonly groups: ReadonlyMap<string, object>;
  /** Where other activities run. */
  readonly tasks?: TaskQueues;
  readonly limits: ShardLimits;
  /** Shared by all shards of a host; of its own when absent. */
  readonly residents?: Residents;
  readonly slots?: ActivitySlots;
  readonly rehearsal?: Rehearsal;
  /** Infinity where the wall clock cannot jump. */
  readonly recheckMs?: number;
  /** An entity diverges: resolves with what its callers are told, that error unless another build may have it (S29). */
  readonly diverged?: Diverged;
  /** Sees steps that do not end (S20); nobody by default. */
  readonly watchdog?: Watchdog;
  /** STABLE_MS when absent. */
  readonly stableMs?: number;
  /** Whether this process had the shard in that epoch: it did not die of what ran then (S20). */
  readonly survived?: (epoch: number) => boolean;
}

export type Diverged = (entity: string, error: PerdureError) => Promise<PerdureError>;

/** The bounds of one entity, and those of a host over all of its shards. */
export interface ShardLimits extends ActivationLimits, ResidentLimits {
  readonly runningActivities: number;
}

export class Shard implements Grounds {
  readonly session: StoreSession;
  readonly appends: AppendGroup;
  readonly poison: Poison;
  readonly clock: Clock;
  readonly loop: TurnLoop;
  readonly core: CoreEnvironment;
  readonly log: Log;
  readonly limits: ShardLimits;
  readonly rehearsal: Rehearsal | null;
  readonly runner: ActivityRunner;
  readonly timers: TimerService;
  private readonly activations = new Map<string, Activation>();
  private readonly leaving = new Set<Promise<void>>();
  private readonly recovery: Recovery;
  private readonly line: Residents;
  /** Nothing begins by itself any more. */
  private quiet = false;
  private closed = false;

  constructor(private readonly options: ShardOptions) {
    const { session, clock, entropy, log, limits, namespace } = options;
    this.session = session;
    this.clock = clock;
    this.loop = options.loop;
    this.appends = new AppendGroup(session, options.loop, log);
    this.core = options.core;
    this.poison = new Poison(session.running, options.watchdog, options.core.build, options.survived);
    this.log = log;
    this.limits = limits;
    this.rehearsal = options.rehearsal ?? null;
    this.runner = new ActivityRunner({
      clock,
      entropy,
      log,
      groups: options.groups,
      ...(options.tasks !== undefined && { tasks: options.tasks }),
      slots: options.slots ?? new ActivitySlots(limits.runningActivities),
      notes: (key, effect, bytes) => this.note(key, effect, bytes),
    });
    this.line = options.residents ?? new Residents(limits);
    this.recovery = new Recovery(this, namespace);
    const { recheckMs = TIMER_RECHECK_MS } = options;
    this.timers = new TimerService({ clock, log, session, namespace, recheckMs, fire: (key) => this.fire(key) });
  }

  /** Timers and open work begin; resolves when every entity with open work has been loaded or found broken. */
  async start(): Promise<void> {
    this.timers.start();
    this.poison.serve(this, this.options.stableMs);
    await this.recovery.all();
    void this.session.relist?.((key) => this.relist(key));
  }

  definition(type: string): EntityDefinition | null {
    return this.options.definitions.get(type) ?? null;
  }

  /** The entity's activation, loading when it was not in memory. */
  activation(key: EntityKey): Activation {
    const text = textOf(key);
    const found = this.activations.get(text);
    if (found !== undefined) return found;
    const definition = this.definition(key.type);
    if (definition === null) throw new PerdureError('unavailable', `no host serves the type ${key.type}`);
    const made = new Activation(this, definition, key);
    this.activations.set(text, made);
    this.line.enter(made, (resident) => this.passivate(resident));
    return made;
  }

  /** The activation of an entity that is in memory. */
  resident(key: EntityKey): Activation | null {
    return this.activations.get(textOf(key)) ?? null;
  }

  get residents(): number {
    return this.activations.size;
  }

  /** No entity has work to do, no timer is being fired, no activity is starting or running. */
  get idle(): boolean {
    return this.runner.running === 0 && this.resting;
  }

  /** As `idle`, but for activities that run. */
  get resting(): boolean {
    return this.loop.idle && this.still;
  }

  /** As `resting`, whatever other shards on the same loop do. */
  get still(): boolean {
    if (this.recovery.running || this.timers.busy || this.runner.queued > 0 || this.leaving.size > 0) return false;
    for (const activation of this.activations.values()) if (activation.busy) return false;
    return true;
  }

  seed(): readonly [number, number] {
    const words = new DataView(this.options.entropy.bytes(8).slice().buffer);
    return [words.getUint32(0), words.getUint32(4)];
  }

  async loaded(activation: Activation): Promise<void> {
    await this.adopted(activation);
    const open = activation.instance?.ledger.activities;
    if (open == null || open.size === 0) return;
    const notes = new Map((await this.session.notes(activation.key)).map(({ name, bytes }) => [name, bytes]));
    const known = new Set(this.runner.describe(activation.key).map(({ effect }) => effect));
    for (const activity of open.values()) {
      const finished = activation.instance?.ledger.admitted.some(
        ({ input }) => input.kind === 'activity' && input.effect === activity.effect,
      );
      if (!known.has(activity.effect) && !finished)
        this.schedule(activation, activity, notes.get(noteName(activity.effect)) ?? null);
    }
  }

  released(activation: Activation, entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.kind !== 'apply') continue;
      for (const one of entry.consequences) {
        if (one.kind !== 'activity') continue;
        this.schedule(activation, { ...one, scheduledAt: entry.time }, null);
      }
      const input = 'input' in entry.source ? entry.source.input : null;
      if (input?.kind === 'operator' && input.action === 'terminate')
        this.runner.cancelAll(activation.key, 'terminate');
      if (entry.undone !== null && isSkip(entry.undone)) this.cancelSkipped(activation);
    }
  }

  /** Activities of a skipped invocation are told to stop: its history has dropped them (S19). */
  private cancelSkipped({ key, instance }: Activation): void {
    for (const { effect } of this.runner.describe(key)) {
      if (!instance?.ledger.activities?.has(effect)) this.runner.cancel(key, effect, 'skip');
    }
  }

  due(key: EntityKey, wakeAt: number | null): void {
    this.timers.changed(key, wakeAt);
  }

  rested(activation: Activation): void {
    if (this.resident(activation.key) === activation) this.line.rested(activation);
  }

  /** A divergence may be another build's to settle (S29). */
  async unloadable({ name }: Activation, error: unknown): Promise<unknown> {
    const { diverged } = this.options;
    if (diverged === undefined || this.closed || !isPerdureError(error) || error.reason !== 'divergence') return error;
    return diverged(name, error).catch((undecided: unknown) => undecided);
  }

  failed(activation: Activation, error: unknown): void {
    this.forget(activation);
    this.runner.cancelAll(activation.key, 'passivate');
    if (this.closed) return;
    const reason = isPerdureError(error) ? error.reason : undefined;
    this.log.error({ entity: activation.name, error }, 'the entity cannot go on');
    if (reason === 'corrupt') void this.mark(activation.key, 'corrupt');
    else if (reason === 'divergence') void this.mark(activation.key, 'diverged');
    else this.recovery.again(activation.key);
  }

  /** No timer fires and no activity starts any more; those that run are told and waited for, at most so long. */
  async quiesce(activityMs?: number): Promise<void> {
    this.quiet = true;
    this.timers.stop();
    this.recovery.end();
    await this.runner.drain(activityMs);
  }

  /** Writes the snapshots that are due, and what `list` shows; lets go of every entity that has nothing to do (S24). */
  async passivateAll(): Promise<void> {
    this.poison.settle();
    const all = [...this.activations.values()].filter((activation) => activation.idle);
    const flushed = this.session.flush?.() ?? Promise.resolve();
    this.leaving.add(flushed);
    await Promise.all(all.map((activation) => this.passivate(activation)));
    await flushed;
    this.leaving.delete(flushed);
  }

  /** Nothing leaves any more; whoever waits is told `error`. */
  close(error: PerdureError): void {
    if (this.closed) return;
    this.closed = true;
    this.poison.settle();
    this.appends.close();
    this.timers.stop();
    this.recovery.end();
    this.runner.stop();
    for (const activation of [...this.activations.values()]) activation.fail(error);
    this.activations.clear();
  }

  /** Puts one idle entity out of memory. Resolves once its snapshot, if one is due, is written. */
  passivate(activation: Activation, minTurns = PASSIVATION_TURNS): Promise<void> {
    const done = activation.commit.settle(minTurns).then(() => {
      this.leaving.delete(done);
      if (activation.idle) this.forget(activation);
    });
    this.leaving.add(done);
    return done;
  }

  private schedule(activation: Activation, activity: OpenActivity, note: Uint8Array | null): void {
    const { key } = activation;
    this.runner.schedule({ ...activity, key, note }, (outcome) => {
      if (this.closed) return Promise.resolve(false);
      return new Promise<boolean>((taken) => {
        const input = { kind: 'activity', effect: activity.effect, outcome } as const;
        this.activation(key).continue({ input, settled: (reply) => taken(reply.ok) });
      });
    });
  }

  private note(key: EntityKey, effect: number, bytes: Uint8Array | null): void {
    this.session.note(key, noteName(effect), bytes).catch((error: unknown) => {
      this.log.warn({ entity: keyText(key), effect, error }, 'a note of an activity could not be kept');
    });
  }

  private fire(key: EntityKey): Promise<void> {
    if (this.definition(key.type) === null) return Promise.resolve();
    return new Promise((resolve) => this.activation(key).wake(resolve));
  }

  /** Its place in `list` is brought up to date by its loading. */
  private async relist(key: EntityKey): Promise<void> {
    if (this.quiet || this.closed || key.namespace !== this.options.namespace) return;
    if (this.definition(key.type) !== null) await this.recovery.one(key);
  }

  private async mark(key: EntityKey, status: EntityStatus): Promise<void> {
    try {
      const found = await this.session.index(key);
      if (this.closed) return;
      const index = found?.index ?? unreadIndex(this.core.build, this.clock.now());
      await this.session.mark(key, { ...index, status, open: true, wakeAt: null });
    } catch (error) {
      this.log.warn({ entity: keyText(key), status, error }, 'the entity could not be marked; it is at its next load');
    }
  }

  /** Where an index row may be stale, what the history says counts from now on (C6, C9). */
  private async adopted(activation: Activation): Promise<void> {
    const { key, instance } = activation;
    if (this.session.adopted === undefined) return;
    if (instance === null) return this.due(key, null);
    const index = watchedIndexOf(activation, instance);
    await this.session.adopted(key, index);
    this.due(key, index.wakeAt);
  }

  private forget(activation: Activation): void {
    const text = textOf(activation.key);
    this.line.leave(activation);
    if (this.activations.get(text) === activation) this.activations.delete(text);
  }
}

/** Of an entity that cannot be read, and was never listed. */
function unreadIndex(build: string, now: number): EntityIndex {
  return { status: 'corrupt', wakeAt: null, open: true, fields: {}, build, createdAt: now, updatedAt: now };
}

function noteName(effect: number): string {
  return `activity-${effect}`;
}

function textOf(key: EntityKey): string {
  return `${key.namespace}\0${key.type}\0${key.id}`;
}

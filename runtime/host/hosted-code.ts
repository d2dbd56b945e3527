/**
 * Hosted code: the entity classes and activities that one process serves, for whichever store sessions it has.
 *
 * Owns: the build id; the turn loop, the slots for activities and the room for entities that all shards of the process
 * share; what the core needs of the world; making a shard on a session; telling people of rejections that nobody handles
 * (S4).
 * Does not own: the life of sessions (`host`, `cluster-host`), what a shard does.
 */

import type { CoreEnvironment } from '../../framework/core/instance';
import { Invocation } from '../../framework/core/invocation';
import type { RunningStep } from '../../framework/core/running';
import type { EntityClass, EntityDefinition } from '../../framework/model/definition';
import { definitionsOf } from '../../framework/model/definition';
import type { EntityKey } from '../../framework/model/identity';
import { checkId, keyText } from '../../framework/model/identity';
import type { Activation } from '../activation/activation';
import { ActivitySlots } from '../activation/activity-slots';
import type { Rehearsal } from '../activation/rehearsal';
import { TurnLoop } from '../activation/turn-loop';
import { CHECK_SAMPLE_STEPS, SURVIVED_EPOCHS } from '../config';
import type { Clock } from '../ports/clock';
import type { Entropy } from '../ports/entropy';
import type { StoreSession } from '../ports/history-store';
import type { TaskQueues } from '../ports/task-queues';
import type { Log } from '../ports/telemetry';
import type { Watchdog } from '../ports/watchdog';
import type { Diverged, ShardLimits } from '../shard/shard';
import { Shard } from '../shard/shard';
import { Residents } from '../shard/residents';
import { buildId } from './build-id';

/** A group of activities and the object that runs it. */
export interface ServedGroup {
  readonly group: string;
  readonly target: object;
}

export interface CodeSettings {
  readonly entities: readonly EntityClass[];
  readonly activities: readonly ServedGroup[];
  /** Where activities with a queue run, and those of groups that are not served here (C17). */
  readonly tasks?: TaskQueues;
  readonly namespace: string;
  /** Null: a hash of the package's version and the classes' sources (S26a). */
  readonly build: string | null;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /** `always`: every step is checked for writes between steps and in queries; `sampled`: one in 1,000 (S3, S9). */
  readonly checks: 'always' | 'sampled';
  readonly limits: ShardLimits & Pick<CoreEnvironment, 'maxStateBytes' | 'segmentIds'>;
  /** Called before each slice of entity code may run, to keep the traps in place. */
  readonly prepare: () => void;
  /** Tests put entities out of memory and load them again. */
  readonly rehearsal?: Rehearsal;
  /** How often timers look at the wall clock; Infinity where it cannot jump. */
  readonly recheckMs?: number;
  /** Sees steps that do not end (S20); nobody by default. */
  readonly watchdog?: Watchdog;
  /** How long a session serves before it counts as stable; STABLE_MS when absent. */
  readonly stableMs?: number;
}

export class HostedCode {
  readonly build: string;
  readonly definitions: ReadonlyMap<string, EntityDefinition>;
  private readonly loop: TurnLoop;
  private readonly groups: ReadonlyMap<string, object>;
  private readonly core: CoreEnvironment;
  private readonly residents: Residents;
  private readonly slots: ActivitySlots;
  /** In which this process has had each shard. */
  private readonly epochs = new Map<number, readonly number[]>();
  private steps = 0;

  /** Throws `invalid_argument` for a class that cannot be an entity. */
  constructor(private readonly settings: CodeSettings) {
    const { clock, namespace, entities, activities, build, prepare, limits } = settings;
    checkId(namespace, 'namespace');
    this.definitions = definitionsOf(entities);
    this.build = build ?? buildId(this.definitions);
    this.loop = new TurnLoop(clock, prepare);
    this.groups = new Map(activities.map(({ group, target }) => [group, target]));
    this.core = this.environment();
    this.residents = new Residents(limits);
    this.slots = new ActivitySlots(limits.runningActivities);
  }

  get types(): readonly string[] {
    return [...this.definitions.keys()];
  }

  /** A shard on a session that has just begun; not started yet. */
  shardOn(session: StoreSession, diverged?: Diverged): Shard {
    const { settings, loop, core, definitions, groups, epochs } = this;
    const { shard, epoch } = session.running.place;
    const before = epochs.get(shard) ?? [];
    epochs.set(shard, [...before, epoch].slice(-SURVIVED_EPOCHS));
    const survived = (other: number): boolean => before.includes(other);
    const { residents, slots } = this;
    const shared = { ...settings, session, loop, core, definitions, groups, survived, residents, slots };
    return new Shard(diverged === undefined ? shared : { ...shared, diverged });
  }

  /** Code of a step was rejected with nobody to handle it (S4). `resident`: the entity, if it is in memory. */
  floating(step: RunningStep, error: unknown, resident: (key: EntityKey) => Activation | null): void {
    if (!(step instanceof Invocation)) return;
    const { key } = step.home;
    const activation = resident(key);
    if (activation !== null) activation.floating += 1;
    this.settings.log.error(
      { entity: keyText(key), method: step.origin.method, error },
      'floating: a rejection that nobody handles',
    );
  }

  private environment(): CoreEnvironment {
    const { clock, checks, log, limits } = this.settings;
    return {
      drain: (done) => clock.drain(done),
      build: this.build,
      checked: () => checks === 'always' || ++this.steps % CHECK_SAMPLE_STEPS === 0,
      log: (key, level, message, fields) => log[level]({ entity: keyText(key), ...fields }, message),
      maxStateBytes: limits.maxStateBytes,
      ...(limits.segmentIds !== undefined && { segmentIds: limits.segmentIds }),
    };
  }
}

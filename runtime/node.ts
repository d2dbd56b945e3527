/**
 * Composition root: a host on this machine, put together from its adapters.
 *
 * Owns: options and their defaults, which adapter serves which port. Does not own: anything that happens afterwards.
 */

import './node-floor';
import { declaredGroups, groupName } from '../framework/core/activities';
import type { RunningStep } from '../framework/core/running';
import { PerdureError } from '../framework/errors';
import type { EntityClass } from '../framework/model/definition';
import type { ActivityGroup, ActivityMethods } from '../framework/model/handle';
import { createClient } from './client/client';
import type { PerdureClient } from './client/types';
import {
  MAILBOX_MESSAGES,
  MAX_ADMITTED,
  MAX_ADMITTED_BYTES,
  MAX_RUNNING_ACTIVITIES,
  MAX_STATE_BYTES,
  MAX_TURNS_SINCE_SNAPSHOT,
  RESIDENT_BYTES,
  RESIDENT_ENTITIES,
  SNAPSHOT_BYTES,
  SNAPSHOT_TURNS,
  STEP_KILL_MS,
  STEP_SUSPECT_MS,
  TURN_BYTES,
  WATCHDOG_LOOK_MS,
} from './config';
import { ClusterHost } from './host/cluster-host';
import { Host } from './host/host';
import type { HostSettings } from './host/host';
import type { CodeSettings, ServedGroup } from './host/hosted-code';
import type { SharedStore } from './ports/cluster-store';
import type { HistoryStore } from './ports/history-store';
import type { Log } from './ports/telemetry';
import type { SharedTransport, Transport } from './ports/transport';
import { checkRetention } from './retention';
import type { Retention } from './retention';
import type { Layout } from './shard/ownership/layout';
import { sqliteStore } from './store/embedded/sqlite-store';
import { systemClock } from './system/clock';
import { systemEntropy } from './system/entropy';
import { watchRejections } from './system/rejections';
import { pinoLog } from './system/telemetry';
import { ensureTraps, installTraps } from './system/traps';
import { startWatchdog } from './system/watchdog';
import type { SystemWatchdog, WatchBounds } from './system/watchdog';
import { memory } from './transport/memory-transport';

export type HostLimits = HostSettings['limits'];

export interface HostOptions {
  /** Entity classes to serve, each type once. */
  readonly entities: readonly EntityClass[];
  /**
   * Groups of activities this host runs, `serve(mail, new Mailer())`, and those it leaves to others, `remote(billing)`.
   * A group that was declared in this process and is neither refuses to start.
   */
  readonly activities?: readonly (ServedGroup | RemoteGroup)[];
  /** `sqlite(directory)` for one host on one machine, or `cassandra({ … })`, which any number of hosts share. */
  readonly store: HistoryStore | SharedStore;
  /** In this process by default; hosts that share a store need one between processes: `nats({ servers })`. */
  readonly transport?: Transport | SharedTransport;
  readonly namespace?: string;
  /** Build id of the deployed code; by default a hash of the package's version and the classes' sources. */
  readonly build?: string;
  /** Structured log lines; to standard error through pino by default. */
  readonly log?: Log;
  /** How often steps are checked for writes that replay could not repeat; every step when NODE_ENV is `development`. */
  readonly checks?: 'always' | 'sampled';
  readonly limits?: Partial<HostLimits>;
  /**
   * How many buckets of an entity's history stay behind the one of its last snapshot, by type, over a store that hosts
   * share: `{ cart: 0, account: 10 }`. A bucket is 10,000 records or 32 MiB, and goes as a whole; of a type that is not
   * named all stay. What has gone is not shown by `history` any more, and nothing brings it back. A bucket stays longer if
   * the outcome of a message in it may still be asked for. Give all hosts the same: what one deletes is gone for all.
   */
  readonly retention?: Retention;
  /**
   * A step that has lasted for 1 s is written down, and at 5 s the process is killed, so that what never ends does not
   * end everything else with it (S20): at its second death of one step a host does not run that any more. Not while a
   * debugger is attached or may be; never where the store keeps nothing, or with `off`.
   */
  readonly watchdog?: Partial<WatchdogOptions> | 'off';
}

export interface WatchdogOptions extends WatchBounds {
  /** How long a host serves before it counts as stable, 30 s; after two that were not every step is written down. */
  readonly stableMs: number;
}

/** A group of activities that workers run, or another host. */
export interface RemoteGroup {
  readonly remote: string;
}

export interface RunningHost {
  /** A client in this process. */
  readonly client: PerdureClient;
  readonly build: string;
  /** Lets what runs come to rest, writes snapshots, and stops. */
  drain(): Promise<void>;
  /** Stops at once; what was acknowledged is durable. */
  stop(): Promise<void>;
}

export const DEFAULT_LIMITS: HostLimits = {
  mailboxMessages: MAILBOX_MESSAGES,
  admitted: MAX_ADMITTED,
  admittedBytes: MAX_ADMITTED_BYTES,
  turnBytes: TURN_BYTES,
  turnSteps: Number.MAX_SAFE_INTEGER,
  snapshotTurns: SNAPSHOT_TURNS,
  snapshotBytes: SNAPSHOT_BYTES,
  maxTurnsSinceSnapshot: MAX_TURNS_SINCE_SNAPSHOT,
  residentEntities: RESIDENT_ENTITIES,
  residentBytes: RESIDENT_BYTES,
  runningActivities: MAX_RUNNING_ACTIVITIES,
  maxStateBytes: MAX_STATE_BYTES,
};

/**
 * Starts a host; resolves once it serves: over a shared store once its session is born, and shards come after. Rejects
 * with `invalid_argument` for a class that cannot be an entity, and with the store's or the transport's own error when
 * that cannot be opened.
 */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  installTraps();
  const log = options.log ?? pinoLog();
  const { store, transport = memory(), namespace = 'default' } = options;
  const keepBucketsOf = checkRetention(options.retention ?? {}, options.entities, 'shared' in store);
  const watchdog = chooseWatchdog(options, log);
  const code: CodeSettings = {
    entities: options.entities,
    activities: chooseGroups(options.activities ?? []),
    namespace,
    build: options.build ?? null,
    clock: systemClock,
    entropy: systemEntropy,
    log,
    checks: options.checks ?? (process.env['NODE_ENV'] === 'development' ? 'always' : 'sampled'),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    prepare: ensureTraps,
    ...(watchdog !== null && { watchdog }),
    ...stability(options.watchdog),
  };
  const close = async (): Promise<void> => {
    await watchdog?.stop();
    if (isShared(transport)) await transport.close();
  };
  const starting =
    'shared' in store ? startShared(code, store, transport, { keepBucketsOf }) : startAlone(code, store, transport);
  const host = await starting.catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const unwatch = watchRejections((step, reason) => host.floating(step, reason));
  const client = createClient({ transport, clock: systemClock, entropy: systemEntropy, namespace });
  const end = async (ended: Promise<void>): Promise<void> => {
    await ended;
    await client.close();
    await close();
    unwatch();
  };
  return { client, build: host.build, drain: () => end(host.drain()), stop: () => end(host.stop()) };
}

interface Started {
  readonly build: string;
  floating(step: RunningStep, error: unknown): void;
  drain(): Promise<void>;
  stop(): Promise<void>;
}

async function startAlone(code: CodeSettings, store: HistoryStore, transport: Transport): Promise<Started> {
  if (!isShared(transport)) return Host.start({ ...code, store, transport });
  await transport.open();
  return Host.start({ ...code, store, transport, tasks: transport.taskQueues(code.namespace) });
}

async function startShared(
  code: CodeSettings,
  shared: SharedStore,
  transport: Transport,
  layout: Partial<Layout>,
): Promise<Started> {
  if (!isShared(transport)) {
    const fact = 'hosts that share a store are reached from other processes';
    throw new PerdureError('invalid_argument', `${fact}: give the host transport: nats({ servers })`);
  }
  await transport.open();
  const store = await shared.open(code.log);
  if (store.unsafe.length > 0)
    code.log.warn({ unsafe: store.unsafe }, 'the store is not safe: acknowledged work can be lost');
  const host = await ClusterHost.start({
    ...code,
    store,
    layout,
    tasks: transport.taskQueues(code.namespace),
    connected: () => transport.connected,
    serving: (session) => transport.serveSession(session),
  }).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const end = (ended: Promise<void>): Promise<void> => ended.then(() => store.close());
  return {
    build: host.build,
    floating: (step, error) => host.floating(step, error),
    drain: () => end(host.drain()),
    stop: () => end(host.stop()),
  };
}

function isShared(transport: Transport): transport is SharedTransport {
  return 'serveSession' in transport;
}

/** Options of a host as a module's default export. */
export function defineHost(options: HostOptions): HostOptions {
  return options;
}

/** This host runs the group's activities with the methods of `target`. */
export function serve<A extends object>(group: ActivityGroup<A>, target: ActivityMethods<A>): ServedGroup {
  return { group: groupName(group), target };
}

/**
 * This host does not run the group: workers do (`startWorker`), where the transport is one between processes; else its
 * activities stay open until a host that serves it has the store.
 */
export function remote<A>(group: ActivityGroup<A>): RemoteGroup {
  return { remote: groupName(group) };
}

/** History in a directory on this machine's disk; see `sqliteStore`. */
export function sqlite(directory: string): HistoryStore {
  return sqliteStore({ directory });
}

function chooseWatchdog({ store, watchdog = {} }: HostOptions, log: Log): SystemWatchdog | null {
  const writer = watchdog === 'off' ? undefined : store.runningWriter?.();
  if (watchdog === 'off' || writer === undefined) return null;
  const bounds = { suspectMs: STEP_SUSPECT_MS, killMs: STEP_KILL_MS, lookMs: WATCHDOG_LOOK_MS, ...watchdog };
  return startWatchdog(writer, bounds, log);
}

function stability(watchdog: HostOptions['watchdog']): { readonly stableMs?: number } {
  if (watchdog === 'off') return { stableMs: 0 };
  return watchdog?.stableMs === undefined ? {} : { stableMs: watchdog.stableMs };
}

function chooseGroups(groups: readonly (ServedGroup | RemoteGroup)[]): readonly ServedGroup[] {
  const served = checkGroups(groups.filter((one) => 'group' in one));
  const known = new Set(groups.map((one) => ('group' in one ? one.group : one.remote)));
  const missing = [...declaredGroups()].find((name) => !known.has(name));
  if (missing === undefined) return served;
  const cure = 'add serve(group, object) to the activities of the host, or remote(group) if workers run it';
  throw new PerdureError('invalid_argument', `nobody runs the activities '${missing}': ${cure}`);
}

export function checkGroups(groups: readonly ServedGroup[]): readonly ServedGroup[] {
  const names = new Set<string>();
  for (const { group } of groups) {
    if (names.has(group))
      throw new PerdureError('invalid_argument', `the activities '${group}' are served twice: serve each group once`);
    names.add(group);
  }
  return groups;
}

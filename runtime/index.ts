/** `perdure/host`: what starts a host. Importing it opens nothing and loads no driver. */

import './node-floor';
export { DEFAULT_LIMITS, defineHost, remote, serve, sqlite, startHost } from './node';
export type { HostLimits, HostOptions, RemoteGroup, RunningHost, WatchdogOptions } from './node';
export { defineWorker, startWorker } from './worker';
export type { RunningWorker, WorkerOptions } from './worker';
export type { Retention } from './retention';
export type { ServedGroup } from './host/hosted-code';
export type * from './ports/history-store';
export type * from './ports/watchdog';
export type { Log, LogFields } from './ports/telemetry';
export { silentLog } from './ports/telemetry';
export { memoryStore } from './store/memory-store';
export { verifyStore } from './store/verify-store';
export type { VerifyReport } from './store/embedded/verify';
export { pinoLog } from './system/telemetry';
export { cassandra } from './cassandra';
export type { CassandraOptions, UnsafeSetting } from './store/cassandra/options';
export { nats } from './nats';
export type { NatsInboxOptions, NatsOptions, NatsTls } from './transport/nats/options';
export type { SharedStore } from './ports/cluster-store';
export type { SharedTransport } from './ports/transport';
export { memory } from './transport/memory-transport';

/**
 * Bench host: a host on the embedded store, as users start it, with an eye on its store session.
 *
 * Owns: the directory of one workload, and what its session counts. Does not own: what is measured.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog, startHost } from 'perdure/host';
import type { HostLimits, HostOptions, RunningHost } from 'perdure/host';
import type { PerdureClient } from 'perdure/client';
import { sqliteStore } from '../runtime/store/embedded/sqlite-store';
import type { SqliteSession } from '../runtime/store/embedded/sqlite-session';
import type { StoreCount } from './measure';

export interface BenchHost {
  readonly client: PerdureClient;
  /** The store session of the host: for counts and for reading rows, never for writing. */
  readonly session: SqliteSession;
  count(): Promise<StoreCount>;
  /** Stops the host; the directory stays. */
  stop(): Promise<void>;
  /** Stops it after the snapshots of passivation are written. */
  drain(): Promise<void>;
}

export async function startBenchHost(
  directory: string,
  entities: HostOptions['entities'],
  limits: Partial<HostLimits> = {},
): Promise<BenchHost> {
  const store = sqliteStore({ directory });
  let opened: SqliteSession | null = null;
  const host: RunningHost = await startHost({
    entities,
    store: { open: async () => (opened = await store.open()) },
    log: silentLog,
    build: 'bench',
    checks: 'sampled',
    limits,
  });
  const session = opened as SqliteSession | null;
  if (session === null) throw new Error('the host opened no store');
  return {
    client: host.client,
    session,
    count: () => countOf(session),
    stop: () => host.stop(),
    drain: () => host.drain(),
  };
}

export async function countOf(session: SqliteSession): Promise<StoreCount> {
  const { fsyncs, payloadBytes, writes } = await session.stats();
  return { fsyncs, recordBytes: payloadBytes, writes };
}

/** Runs `use` with an empty directory inside `parent`, and removes it. */
export async function inDirectory<T>(parent: string, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(parent, 'perdure-bench-'));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

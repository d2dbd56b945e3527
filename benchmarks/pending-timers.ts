/**
 * Pending timers: what a host spends on 1,000,000 durable timers that are not due (P10).
 *
 * One entity sets its timer as every entity does; its record and index are then written under a million other ids
 * through the store port, each due at another moment of the next year. A host is started on that store, and its CPU
 * time is counted while nothing is asked of it, beside that of a host on an empty store.
 */

import { join } from 'node:path';
import type { EntityKey } from '../framework/model/identity';
import type { Row } from '../runtime/ports/history-store';
import { sqliteStore } from '../runtime/store/embedded/sqlite-store';
import type { SqliteSession } from '../runtime/store/embedded/sqlite-session';
import { Reminded } from './accounts';
import { inDirectory, startBenchHost } from './bench-host';
import type { BenchHost } from './bench-host';
import { Meter } from './measure';
import { figure, interleave, median } from './rounds';
import type { BenchOptions, Findings, Workload } from './workload';

const BATCH = 2_000;
const DAY_MS = 86_400_000;
const FIRST_DUE_MS = 2 * 60_000;

export const pendingTimers: Workload = {
  name: 'pending-timers',
  about: 'CPU time of an idle host with 1,000,000 pending timers, beside one without',
  run: (options) => inDirectory(options.directory, (directory) => run(options, directory)),
};

async function run({ quick, say }: BenchOptions, directory: string): Promise<Findings> {
  const { timers, rounds, idleMs } = quick
    ? { timers: 4_000, rounds: 1, idleMs: 300 }
    : { timers: 1_000_000, rounds: 3, idleMs: 12_000 };
  const many = join(directory, 'many');
  const none = join(directory, 'none');
  say(`${timers} timers first`);
  await fill(many, timers);
  const startMs: number[] = [];
  const cores = await interleave<number, 'none' | 'many'>(rounds, {
    none: () => idleCores(none, idleMs, []),
    many: () => idleCores(many, idleMs, startMs),
  });
  const name = `${timers.toLocaleString('en')} pending timers, idle host`;
  const about = { name, goal: 'P10', bound: 'at most', target: 1, unit: '% of a core' } as const;
  return {
    figures: [
      figure(
        about,
        cores.many.map((percent, round) => Math.max(0, percent - (cores.none[round] ?? 0))),
      ),
    ],
    sides: [
      { name: 'without timers', rate: null, facts: { percentOfACore: median(cores.none) } },
      {
        name: 'with them',
        rate: null,
        facts: { percentOfACore: median(cores.many), startMs: Math.round(median(startMs)) },
      },
    ],
  };
}

async function idleCores(directory: string, idleMs: number, startMs: number[]): Promise<number> {
  const starting = performance.now();
  const host = await startBenchHost(directory, [Reminded]);
  startMs.push(performance.now() - starting);
  await host.client.entity(Reminded, 'first').arm();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const meter = new Meter();
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  const { seconds, cpuUs } = meter.stop();
  await host.stop();
  return (cpuUs / 1e6 / seconds) * 100;
}

async function fill(directory: string, timers: number): Promise<void> {
  const { row, index } = await pattern(directory);
  const session: SqliteSession = await sqliteStore({ directory }).open();
  const soonest = Date.now() + FIRST_DUE_MS;
  const spreadMs = 365 * DAY_MS;
  for (let from = 0; from < timers; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, timers - from) }, (_, i) => {
      const wakeAt = soonest + Math.floor(((from + i) / timers) * spreadMs);
      return { key: keyOf(`T-${from + i}`), row, index: { ...index, wakeAt } };
    });
    const results = await session.append(batch);
    if (results.some((result) => result !== 'ok')) throw new Error('a timer was not stored');
  }
  await session.close();
}

/** The record and index of an entity with one pending timer. */
async function pattern(directory: string) {
  const host: BenchHost = await startBenchHost(directory, [Reminded]);
  await host.client.entity(Reminded, 'pattern').arm();
  const { rows } = await host.session.load(keyOf('pattern'));
  const found = await host.session.index(keyOf('pattern'));
  await host.stop();
  const row: Row | undefined = rows[0];
  if (rows.length !== 1 || row === undefined || found === null) throw new Error('the pattern has one record');
  if (found.index.wakeAt === null) throw new Error('the pattern has no timer');
  return { row, index: found.index };
}

function keyOf(id: string): EntityKey {
  return { namespace: 'default', type: 'bench-reminded', id };
}

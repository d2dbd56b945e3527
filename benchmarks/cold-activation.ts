/**
 * Cold activation: the first query of an entity that is not in memory, after 10,000 events and after 10 (P12).
 *
 * Snapshots and passivation are those of every host; one update is one record. Entities are visited in turns, each
 * visit puts the one before it out of memory, and every visit is checked to have loaded rows.
 */

import { join } from 'node:path';
import type { SqliteSession } from '../runtime/store/embedded/sqlite-session';
import { Account } from './accounts';
import { inDirectory, startBenchHost } from './bench-host';
import { measure } from './measure';
import type { Rate } from './measure';
import { figure, interleave, medianRate, ratios } from './rounds';
import type { BenchOptions, Findings, Workload } from './workload';

export const coldActivation: Workload = {
  name: 'cold-activation',
  about: 'first query of an entity out of memory: one of 10,000 events with snapshots, beside one of 10',
  run: (options) => inDirectory(options.directory, (directory) => run(options, join(directory, 'store'))),
};

async function run({ quick, say }: BenchOptions, directory: string): Promise<Findings> {
  const { entities, events, rounds } = quick
    ? { entities: 4, events: 300, rounds: 1 }
    : { entities: 24, events: 10_000, rounds: 21 };
  say(`${entities} entities of ${events} events first`);
  await fill(directory, entities, events);
  const host = await startBenchHost(directory, [Account], { residentEntities: 1 });
  const reads = countLoads(host.session);
  const visit = (group: string): Promise<Rate> => {
    let next = 0;
    const call = (): Promise<number> => host.client.entity(Account, `${group}-${next++}`).balance();
    return measure({ callers: 1, calls: entities, call, count: null });
  };
  await visit('long');
  await visit('short');
  const loadsBefore = reads.loads;
  const rates = await interleave<Rate, 'long' | 'short'>(rounds, {
    long: () => visit('long'),
    short: () => visit('short'),
  });
  const loads = reads.loads - loadsBefore;
  await host.stop();
  if (loads < 2 * rounds * (entities - 1)) throw new Error(`only ${loads} visits loaded anything`);
  const name = `cold query after ${events.toLocaleString('en')} events over after 10, p50`;
  const about = { name, goal: 'P12', bound: 'at most', target: 1.5, unit: '×' } as const;
  return {
    figures: [
      figure(
        about,
        ratios(rates.long, rates.short, ({ p50Ms }) => p50Ms),
      ),
    ],
    sides: [
      { name: `cold, ${events.toLocaleString('en')} events`, rate: medianRate(rates.long) },
      { name: 'cold, 10 events', rate: medianRate(rates.short) },
    ],
  };
}

/** The long ones end at different distances from their last snapshot. All are passivated before the host stops. */
async function fill(directory: string, entities: number, events: number): Promise<void> {
  const host = await startBenchHost(directory, [Account], { turnSteps: 1 });
  const plan: string[] = [];
  const most = events + entities * 7;
  for (let event = 0; event < most; event += 1) {
    for (let no = 0; no < entities; no += 1) {
      if (event < events + no * 7) plan.push(`long-${no}`);
      if (event < 10) plan.push(`short-${no}`);
    }
  }
  let next = 0;
  const call = (): Promise<number> => host.client.entity(Account, plan[next++] ?? '').earn({ points: 3 });
  await measure({ callers: 256, calls: plan.length, call, count: null });
  await host.drain();
}

function countLoads(session: SqliteSession): { loads: number } {
  const counter = { loads: 0 };
  const load = session.load.bind(session);
  session.load = (key) => {
    counter.loads += 1;
    return load(key);
  };
  return counter;
}

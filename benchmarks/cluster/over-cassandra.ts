/**
 * Over Cassandra: updates of a host whose history lies in Cassandra, beside the bare driver inserting one row per update
 * with the same consistency and as many in flight (P6), and what each of them costs in requests (P7).
 *
 * The host is a process of its own, its callers reach it over NATS; the bare driver inserts from the callers' process.
 * Both sides are warm: the server's first 30,000 writes are slow.
 */

import { connect, nats } from 'perdure/client';
import { AccountLoad } from '../account-load';
import type { Rate, StoreCount } from '../measure';
import { figure, interleave, median, medianRate, ratios } from '../rounds';
import type { BenchOptions, Findings, Workload } from '../workload';
import { Peer } from './peers';
import type { Usage } from './peers';
import { RawCassandra } from './raw-cassandra';
import { keyspaceForBenchmarks, natsForBenchmarks } from './servers';

const CALLERS = 256;

interface Size {
  readonly keys: number;
  readonly rounds: number;
  readonly calls: number;
  readonly loneCalls: number;
  readonly warmUp: number;
}

const FULL: Size = { keys: 5_000, rounds: 9, calls: 10_000, loneCalls: 300, warmUp: 30_000 };
const QUICK: Size = { keys: 256, rounds: 1, calls: 1_024, loneCalls: 50, warmUp: 1_024 };

export const overCassandra: Workload = {
  name: 'over-cassandra',
  about: 'updates over NATS with their history in Cassandra, beside the bare driver inserting one row per update',
  run,
};

async function run({ quick, say }: BenchOptions): Promise<Findings> {
  const size = quick ? QUICK : FULL;
  const [servers, store] = [await natsForBenchmarks(), await keyspaceForBenchmarks('updates')];
  const prefix = `bench-${process.pid}`;
  const host = await Peer.start({ serves: 'accounts', nats: servers, prefix, store });
  const client = await connect(nats({ servers, prefix }));
  const load = await AccountLoad.on({ client, count: () => countOf(host), stop: () => client.close() }, size.keys);
  const raw = await RawCassandra.open(store, size.keys);
  try {
    say('warming up');
    const bytes = await load.bytesPerRecord(CALLERS, size.warmUp);
    await raw.rate(CALLERS, size.warmUp, bytes);
    say(`${CALLERS} callers, records of ${bytes} bytes`);
    const many = await manyCallers({ raw, load, host }, size, bytes);
    say('one caller');
    const lone = await interleave<Rate, 'update' | 'raw'>(size.rounds, {
      update: () => load.uniform(1, size.loneCalls),
      raw: () => raw.rate(1, size.loneCalls, bytes),
    });
    const sides = [
      { name: 'a lone update', rate: medianRate(lone.update) },
      { name: 'a lone bare insert', rate: medianRate(lone.raw) },
    ];
    return { figures: many.figures, sides: [...many.sides, ...sides] };
  } finally {
    await raw.close();
    await load.end();
    await host.end();
  }
}

interface Sides {
  readonly raw: RawCassandra;
  readonly load: AccountLoad;
  readonly host: Peer;
}

/** What the host used between two moments, per update. */
type PerUpdate = Usage['asked'] & Pick<Usage, 'cpuUs'>;

async function manyCallers({ raw, load, host }: Sides, { rounds, calls }: Size, bytes: number): Promise<Findings> {
  const used: PerUpdate[] = [];
  const counted = (act: () => Promise<Rate>) => async (): Promise<Rate> => {
    const before = await host.usage();
    const rate = await act();
    used.push(perUpdate(before, await host.usage(), rate.operations));
    return rate;
  };
  const rates = await interleave<Rate, 'updates' | 'hot' | 'raw'>(rounds, {
    updates: counted(() => load.uniform(CALLERS, calls)),
    raw: () => raw.rate(CALLERS, calls, bytes),
    hot: () => load.hot(CALLERS, calls),
  });
  const perSecond = (rate: Rate): number => rate.perSecond;
  const overBare = ratios(rates.updates, rates.raw, perSecond);
  const overUniform = ratios(rates.hot, rates.updates, perSecond);
  const atLeast = (name: string, target: number, values: readonly number[]) =>
    figure({ name, goal: 'P6', bound: 'at least', target, unit: '×' }, values);
  const atMost = (name: string, target: number, of: (one: PerUpdate) => number) =>
    figure({ name, goal: 'P7', bound: 'at most', target, unit: 'per update' }, used.map(of));
  const facts = { 'CPU µs of the host': median(used.map(({ cpuUs }) => cpuUs)) };
  return {
    figures: [
      atLeast(`updates/s of ${CALLERS} callers over bare inserts`, 0.7, overBare),
      atLeast('updates/s on a hot key over uniform keys', 5, overUniform),
      atMost('conditional writes and serial reads', 0, ({ serial }) => serial),
      atMost('rows written', 1.05, ({ rows }) => rows),
      atMost('write round trips', 1, ({ writes }) => writes),
      atMost('reads, all but a few of the own session', 0.05, ({ reads }) => reads),
    ],
    sides: [
      { name: `updates, ${CALLERS} callers`, rate: medianRate(rates.updates), facts },
      { name: `hot key, ${CALLERS} callers`, rate: medianRate(rates.hot) },
      { name: `bare inserts, ${CALLERS} in flight`, rate: medianRate(rates.raw) },
    ],
  };
}

function perUpdate(before: Usage, after: Usage, updates: number): PerUpdate {
  const per = (what: keyof Usage['asked']): number => (after.asked[what] - before.asked[what]) / updates;
  const cpuUs = (after.cpuUs - before.cpuUs) / updates;
  return { writes: per('writes'), rows: per('rows'), reads: per('reads'), serial: per('serial'), cpuUs };
}

async function countOf(host: Peer): Promise<StoreCount> {
  const { rows, rowBytes } = await host.usage();
  return { fsyncs: null, recordBytes: rowBytes, writes: rows };
}

/**
 * Over NATS: what a small team runs, a host on the embedded store in one process and its callers in another, beside bare
 * requests between two processes of equal payload (P3, P4, P5).
 *
 * One caller's query is one message in a frame of its own; many callers' share frames.
 */

import { join } from 'node:path';
import { connect, nats } from 'perdure/client';
import { natsForBenchmarks } from './servers';
import { AccountLoad } from '../account-load';
import { inDirectory } from '../bench-host';
import type { Rate } from '../measure';
import { RawSqlite } from '../raw-sqlite';
import { figure, interleave, median, medianRate, ratios } from '../rounds';
import type { BenchOptions, Figure, Findings, Workload } from '../workload';
import { Peer } from './peers';
import { RawNats } from './raw-nats';

const CALLERS = 256;
/** About what the load appends for an update. */
const RECORD_BYTES = 100;

interface Size {
  readonly keys: number;
  readonly rounds: number;
  readonly calls: number;
  readonly loneCalls: number;
}

const FULL: Size = { keys: 10_000, rounds: 9, calls: 30_000, loneCalls: 2_000 };
const QUICK: Size = { keys: 256, rounds: 1, calls: 1_024, loneCalls: 100 };

export const overNats: Workload = {
  name: 'over-nats',
  about: 'queries and updates between two processes over NATS, on the embedded store, beside bare requests and replies',
  run: (options) => inDirectory(options.directory, (directory) => run(options, directory)),
};

async function run(options: BenchOptions, directory: string): Promise<Findings> {
  const size = options.quick ? QUICK : FULL;
  const servers = await natsForBenchmarks();
  const prefix = `bench-${process.pid}`;
  const raw = await RawNats.begin(servers, `${prefix}.raw`);
  const store = { directory: join(directory, 'product') };
  const host = await Peer.start({ serves: 'accounts', nats: servers, prefix, store });
  const client = await connect(nats({ servers, prefix }));
  const load = await AccountLoad.on({ client, count: null, stop: () => client.close() }, size.keys);
  const commits = await RawSqlite.open(join(directory, 'raw'), size.keys);
  try {
    options.say('many callers');
    const many = await manyCallers({ raw, host, load }, size);
    options.say('one caller');
    const lone = await oneCaller({ raw, load, commits }, size);
    return { figures: [...lone.figures, ...many.figures], sides: [...many.sides, ...lone.sides] };
  } finally {
    commits.close();
    await load.end();
    await host.end();
    await raw.end();
  }
}

interface Sides {
  readonly raw: RawNats;
  readonly load: AccountLoad;
}

async function manyCallers({ raw, load, host }: Sides & { readonly host: Peer }, size: Size): Promise<Findings> {
  const { rounds, calls } = size;
  await raw.rate(CALLERS, calls);
  await load.uniform(CALLERS, calls);
  const hostCpuUs: Record<string, number[]> = {};
  const weighed = (name: string, act: () => Promise<Rate>) => async (): Promise<Rate> => {
    const before = await host.usage();
    const rate = await act();
    (hostCpuUs[name] ??= []).push(((await host.usage()).cpuUs - before.cpuUs) / rate.operations);
    return rate;
  };
  const rates = await interleave<Rate, 'raw' | 'queries' | 'updates' | 'hot'>(rounds, {
    raw: () => raw.rate(CALLERS, calls),
    queries: weighed('queries', () => load.queries(CALLERS, calls)),
    updates: weighed('updates', () => load.uniform(CALLERS, calls)),
    hot: weighed('hot', () => load.hot(CALLERS, calls)),
  });
  const side = (name: keyof typeof rates, text: string) => ({
    name: `${text}, ${CALLERS} callers`,
    rate: medianRate(rates[name]),
    ...(hostCpuUs[name] && { facts: { 'CPU µs of the host': median(hostCpuUs[name]) } }),
  });
  return {
    figures: [
      atLeast('P4', `queries/s of ${CALLERS} callers, in frames`, 1, ratios(rates.queries, rates.raw, perSecond)),
      atLeast('P5', `updates/s of ${CALLERS} callers`, 0.5, ratios(rates.updates, rates.raw, perSecond)),
      atLeast('P2', 'updates/s on a hot key over uniform keys', 0.6, ratios(rates.hot, rates.updates, perSecond)),
    ],
    sides: [
      side('raw', 'bare requests'),
      side('queries', 'queries'),
      side('updates', 'updates'),
      side('hot', 'hot key'),
    ],
  };
}

async function oneCaller(
  { raw, load, commits }: Sides & { readonly commits: RawSqlite },
  size: Size,
): Promise<Findings> {
  const { rounds, loneCalls } = size;
  const rates = await interleave<Rate, 'raw' | 'query' | 'update' | 'commit'>(rounds, {
    raw: () => raw.rate(1, loneCalls),
    query: () => load.queries(1, loneCalls),
    update: () => load.uniform(1, loneCalls),
    commit: () => commits.rate({ callers: 1, rows: loneCalls, bytes: RECORD_BYTES }),
  });
  const least = rates.raw.map((trip, round) => trip.p50Ms + (rates.commit[round] as Rate).p50Ms);
  const name = "a lone update's p50 over a bare round trip and a raw commit";
  return {
    figures: [
      figure(
        { name, goal: 'P3', bound: 'at most', target: 1.5, unit: '×' },
        rates.update.map(({ p50Ms }, round) => p50Ms / (least[round] as number)),
      ),
      atLeast('P4', 'queries/s of one caller', 0.8, ratios(rates.query, rates.raw, perSecond)),
    ],
    sides: [
      { name: 'a lone bare request', rate: medianRate(rates.raw) },
      { name: 'a lone query', rate: medianRate(rates.query) },
      { name: 'a lone update', rate: medianRate(rates.update) },
      { name: 'a raw commit', rate: medianRate(rates.commit) },
    ],
  };
}

function atLeast(goal: string, name: string, target: number, values: readonly number[]): Figure {
  return figure({ name, goal, bound: 'at least', target, unit: '×' }, values);
}

function perSecond(rate: Rate): number {
  return rate.perSecond;
}

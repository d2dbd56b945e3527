/**
 * Replay: rebuilding an entity by running its inputs through its code, beside parsing and folding the same records.
 *
 * Parse and fold is what an event-sourced program must do with the same guarantees, and no more: decode each record
 * with its checksum, compute its hash and check that the next record names it, decode the arguments of each message,
 * add them to plain state by a hand-written reducer, and remember each message id with where its outcome stands. It
 * constructs no DTO, runs no entity code and compares no consequences. The rows are in memory on both sides.
 */

import { join } from 'node:path';
import { decodeRecord, recordHash } from '../framework/codec/record';
import { sameBytes } from '../framework/codec/fields';
import { decodeValue } from '../framework/codec/value';
import { Dedupe } from '../framework/core/dedupe';
import type { CoreEnvironment } from '../framework/core/instance';
import { Replay } from '../framework/core/replay';
import { definitionOf } from '../framework/model/definition';
import { systemClock } from '../runtime/system/clock';
import type { LoadedPage, Row } from '../runtime/ports/history-store';
import { Account } from './accounts';
import { inDirectory, startBenchHost } from './bench-host';
import type { BenchHost } from './bench-host';
import { measure } from './measure';
import type { Rate } from './measure';
import { figure, interleave, medianRate, ratios } from './rounds';
import type { BenchOptions, Findings, Workload } from './workload';

const KEY = { namespace: 'default', type: 'bench-account', id: 'R' };
const CALLERS = 64;

export const replay: Workload = {
  name: 'replay',
  about: 'records replayed per second, beside parsing and folding the same records by hand',
  run: (options) => inDirectory(options.directory, (directory) => run(options, directory)),
};

async function run({ quick }: BenchOptions, directory: string): Promise<Findings> {
  const { turns, rounds } = quick ? { turns: 500, rounds: 1 } : { turns: 10_000, rounds: 9 };
  const rows = await historyOf(join(directory, 'store'), turns);
  await once(() => replayed(rows));
  await once(() => folded(rows));
  const rates = await interleave<Rate, 'replay' | 'fold'>(rounds, {
    replay: () => once(() => replayed(rows), rows.length),
    fold: () => once(() => folded(rows), rows.length),
  });
  const name = 'records replayed/s over parsed and folded/s';
  const about = { name, goal: 'issue 3', bound: 'at least', target: 0.5, unit: '×' } as const;
  return {
    figures: [
      figure(
        about,
        ratios(rates.replay, rates.fold, ({ perSecond }) => perSecond),
      ),
    ],
    sides: [
      { name: 'replay', rate: medianRate(rates.replay), facts: { records: rows.length } },
      { name: 'parse and fold', rate: medianRate(rates.fold) },
    ],
  };
}

/** A history of one update per record and without snapshots. */
async function historyOf(directory: string, turns: number): Promise<readonly Row[]> {
  const limits = { turnSteps: 1, snapshotTurns: turns * 2, snapshotBytes: Number.MAX_SAFE_INTEGER };
  const host: BenchHost = await startBenchHost(directory, [Account], limits);
  const account = host.client.entity(Account, KEY.id);
  await measure({ callers: CALLERS, calls: turns, call: () => account.earn({ points: 3 }), count: null });
  const rows: Row[] = [];
  let from: number | null = 1;
  while (from !== null) {
    const page: LoadedPage = await host.session.rows(KEY, from, turns);
    rows.push(...page.rows);
    from = page.next;
  }
  await host.stop();
  if (rows.length !== turns) throw new Error(`${turns} updates made ${rows.length} records`);
  return rows;
}

/** The rate per record of one pass over all of them. */
async function once(pass: () => Promise<number>, records = 1): Promise<Rate> {
  let points = 0;
  const rate = await measure({
    callers: 1,
    calls: 1,
    call: async () => (points = await pass()),
    count: null,
  });
  if (points === 0) throw new Error('nothing was added up');
  const { perSecond, cpuUs, p50Ms, p99Ms } = rate;
  return {
    ...rate,
    operations: records,
    perSecond: perSecond * records,
    cpuUs: cpuUs / records,
    p50Ms: p50Ms / records,
    p99Ms: p99Ms / records,
    diskBytes: null,
  };
}

async function replayed(rows: readonly Row[]): Promise<number> {
  const replaying = new Replay(KEY, definitionOf(Account), ENVIRONMENT);
  for (const { bytes } of rows) await replaying.record(decodeRecord(bytes), recordHash(bytes), false);
  return (replaying.instance?.object as Account).points;
}

const ENVIRONMENT: CoreEnvironment = {
  drain: (done) => systemClock.drain(done),
  build: 'bench',
  checked: () => false,
  log: () => undefined,
  maxStateBytes: Number.MAX_SAFE_INTEGER,
};

async function folded(rows: readonly Row[]): Promise<number> {
  const state = { tier: 'basic', points: 0, trips: 0 };
  const ids = new Dedupe();
  let last: Uint8Array | null = null;
  for (const { bytes, seq } of rows) {
    const record = decodeRecord(bytes);
    if (last !== null && (record.prev === null || !sameBytes(record.prev.hash, last))) throw new Error('broken chain');
    last = recordHash(bytes);
    if (record.kind !== 'turn') continue;
    for (const [index, entry] of record.entries.entries()) {
      if (entry.kind !== 'apply' || !('input' in entry.source) || entry.source.input.kind !== 'message') continue;
      const { args, id } = entry.source.input;
      ids.begin(id, () => '', entry.time, false);
      const [order] = decodeValue(args) as [{ points: number }];
      state.points += order.points;
      state.trips += 1;
      if (state.points >= 50_000) state.tier = 'gold';
      ids.answer(id, { seq, index }, entry.time);
    }
  }
  return state.points;
}

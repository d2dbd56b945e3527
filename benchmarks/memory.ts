/**
 * Memory: what an entity costs in memory (P11), in heap and external bytes of the main thread after a collection.
 *
 * A plain `Map` from the same id to the same state is the measure. Every entity has had one message. The threads of
 * the store are not counted: their caches are bounded by count, whatever is resident.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { join } from 'node:path';
import type { HostLimits } from 'perdure/host';
import { Parked, Resident } from './accounts';
import { inDirectory, startBenchHost } from './bench-host';
import { measure } from './measure';
import { figure, interleave, median } from './rounds';
import type { BenchOptions, Findings, Workload } from './workload';

const CALLERS = 512;
/** Entities beyond these are out of memory, when what is evicted is measured. */
const FEW = 100;

export const memory: Workload = {
  name: 'memory',
  about: 'bytes of a resident entity, of a parked run() and of an evicted entity, beside a plain Map',
  run: (options) => inDirectory(options.directory, (directory) => run(options, directory)),
};

type Make = (no: number) => unknown;

const small: Make = (no) => ({ points: no, tier: 'basic' });

/** Just over 1 KiB of JSON. */
const large: Make = (no) => ({
  customer: { name: `Customer ${no} of the shop`, city: `City ${no % 97}`, since: 1_700_000_000 + no },
  lines: Array.from({ length: 16 }, (_, line) => ({
    sku: `SKU-${no}-${line}`,
    quantity: line + 1,
    cents: 1_999 + line * no,
    note: `line ${line}`,
  })),
});

async function run({ quick }: BenchOptions, directory: string): Promise<Findings> {
  const { entities, rounds } = quick ? { entities: 500, rounds: 1 } : { entities: 20_000, rounds: 3 };
  const jsonBytes = JSON.stringify(large(entities)).length;
  let hosts = 0;
  const resident = (Type: typeof Resident, make: Make) => () =>
    residentBytes(join(directory, `${(hosts += 1)}`), Type, make, entities);
  const bytes = await interleave<number, 'smallMap' | 'small' | 'largeMap' | 'large' | 'parked' | 'evicted'>(rounds, {
    smallMap: () => mapBytes(small, entities),
    small: resident(Resident, small),
    largeMap: () => mapBytes(large, entities),
    large: resident(Resident, large),
    parked: resident(Parked, small),
    evicted: () => evictedBytes(join(directory, `${(hosts += 1)}`), entities),
  });
  const each = (side: readonly number[], than: readonly number[], of: (a: number, b: number) => number): number[] =>
    side.map((value, round) => of(value, than[round] ?? Number.NaN));
  const times = each(bytes.large, bytes.largeMap, (a, b) => a / b);
  const over = each(bytes.small, bytes.smallMap, (a, b) => a - b);
  const parked = each(bytes.parked, bytes.small, (a, b) => a - b);
  const about = { goal: 'P11', bound: 'at most', unit: 'bytes' } as const;
  return {
    figures: [
      figure({ ...about, name: `resident entity, ${jsonBytes} B of JSON, over a Map`, target: 3, unit: '×' }, times),
      figure({ ...about, name: 'resident entity, small state, above a Map', target: 600 }, over),
      figure({ ...about, name: 'run() parked on one durable promise', target: 2_048 }, parked),
      // A fraction of a byte per entity is what a heap's own unrest looks like; nothing is kept.
      figure({ ...about, name: 'evicted entity', target: quick ? 100 : 8 }, bytes.evicted),
    ],
    sides: Object.entries(bytes).map(([name, values]) => ({
      name,
      rate: null,
      facts: { bytesPerEntity: Math.round(median(values)) },
    })),
  };
}

async function mapBytes(make: Make, entities: number): Promise<number> {
  const before = await settledBytes();
  const map = new Map<string, unknown>();
  for (let no = 0; no < entities; no += 1) map.set(`E-${no}`, structuredClone(make(no)));
  const after = await settledBytes();
  if (map.size !== entities) throw new Error('the map was emptied');
  return (after - before) / entities;
}

async function residentBytes(directory: string, Type: typeof Resident, make: Make, entities: number): Promise<number> {
  const keep = await beginKeeping(directory, Type, make, {});
  await keep.to(CALLERS);
  const before = await settledBytes();
  await keep.to(CALLERS + entities);
  const after = await settledBytes();
  await keep.end();
  return (after - before) / entities;
}

async function evictedBytes(directory: string, entities: number): Promise<number> {
  const keep = await beginKeeping(directory, Resident, small, { residentEntities: FEW });
  await keep.to(entities);
  const before = await settledBytes();
  await keep.to(2 * entities);
  const after = await settledBytes();
  await keep.end();
  return Math.max(0, after - before) / entities;
}

async function beginKeeping(directory: string, Type: typeof Resident, make: Make, limits: Partial<HostLimits>) {
  const host = await startBenchHost(directory, [Type], limits);
  let next = 0;
  const call = (): Promise<void> => {
    const no = next++;
    return host.client.entity(Type, `E-${no}`).keep(make(no));
  };
  return {
    to: (count: number) => measure({ callers: CALLERS, calls: count - next, call, count: null }),
    end: () => host.stop(),
  };
}

/** Bytes in use once nothing more can be collected. */
async function settledBytes(): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

function collector(): () => void {
  if (typeof globalThis.gc === 'function') return () => void globalThis.gc?.();
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

const collect = collector();

/**
 * Measure: rates, latencies and CPU time of a load.
 *
 * Owns: the closed loop (each caller sends its next call when the last is answered), the clocks, the histogram.
 * Does not own: what is called, rounds and ratios (`rounds`).
 *
 * Invariant: the load generator's own work is inside every number, on each side alike.
 */

import { readFileSync } from 'node:fs';
import { createHistogram } from 'node:perf_hooks';
import type { RecordableHistogram } from 'node:perf_hooks';

/** Numbers per operation; null where a side cannot tell. */
export interface Rate {
  readonly operations: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the whole process, all threads. */
  readonly cpuUs: number;
  readonly fsyncs: number | null;
  /** Bytes of records handed to the store. */
  readonly recordBytes: number | null;
  /** Bytes that this process sent to the disk, log and main file; Linux only. */
  readonly diskBytes: number | null;
}

/** What a store has done so far; counted by the caller at the start and the end of a load. */
export interface StoreCount {
  /** Null where the store does not tell. */
  readonly fsyncs: number | null;
  readonly recordBytes: number;
  readonly writes: number;
}

export interface Load {
  readonly callers: number;
  /** Calls in all. */
  readonly calls: number;
  readonly call: () => Promise<unknown>;
  /** Null where nothing counts. */
  readonly count: (() => Promise<StoreCount>) | null;
}

const NS_PER_MS = 1_000_000;

/** Runs a load to its end. A call that rejects ends it with that error. */
export async function measure({ callers, calls, call, count }: Load): Promise<Rate> {
  const latencies = createHistogram();
  const before = (await count?.()) ?? null;
  const meter = new Meter();
  let begun = 0;
  const caller = async (): Promise<void> => {
    while (begun < calls) {
      begun += 1;
      const at = performance.now();
      await call();
      record(latencies, performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: Math.min(callers, calls) }, caller));
  const { seconds, cpuUs, diskBytes } = meter.stop();
  const after = (await count?.()) ?? null;
  const per = (key: keyof StoreCount): number | null => {
    const [from, to] = [before?.[key] ?? null, after?.[key] ?? null];
    return from === null || to === null ? null : (to - from) / calls;
  };
  return {
    operations: calls,
    perSecond: calls / seconds,
    p50Ms: latencies.percentile(50) / NS_PER_MS,
    p99Ms: latencies.percentile(99) / NS_PER_MS,
    cpuUs: cpuUs / calls,
    fsyncs: per('fsyncs'),
    recordBytes: per('recordBytes'),
    diskBytes: diskBytes === null ? null : diskBytes / calls,
  };
}

function record(latencies: RecordableHistogram, ms: number): void {
  latencies.record(Math.max(1, Math.round(ms * NS_PER_MS)));
}

/** Time, CPU time and bytes to the disk since it was made. */
export class Meter {
  private readonly at = performance.now();
  private readonly cpu = process.cpuUsage();
  private readonly disk = diskBytesWritten();

  stop(): { readonly seconds: number; readonly cpuUs: number; readonly diskBytes: number | null } {
    const seconds = (performance.now() - this.at) / 1_000;
    const { user, system } = process.cpuUsage(this.cpu);
    const disk = diskBytesWritten();
    return { seconds, cpuUs: user + system, diskBytes: disk === null ? null : disk - (this.disk ?? 0) };
  }
}

function diskBytesWritten(): number | null {
  try {
    return Number(/^write_bytes: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
  } catch {
    return null;
  }
}

/** A fixed sequence of whole numbers below `bound`, the same in every run. */
export function sequence(seed: number): (bound: number) => number {
  let state = seed >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % bound;
  };
}

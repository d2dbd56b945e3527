/**
 * Store workload: hosts that write and read rows and leases of the simulated store, and what they saw.
 *
 * Owns: the history, in an order that is true in real time (one counter at every call and return), and the questions
 * asked of it. Does not own: which faults are on.
 */

import type { WriteOutcome } from '../../ports/cluster-store';
import { disturbLinks } from '../faults/disturbance';
import type { FaultProfile } from '../faults/fault-profile';
import { profileOf } from '../faults/fault-profile';
import type { RandomOptions } from '../world/random';
import type { SimProcess } from '../world/sim-process';
import type { StoreWorld } from '../world/sim-world.fixture';
import { storeWorld } from '../world/sim-world.fixture';
import { label } from '../world/trace';

export interface WriteSeen {
  readonly seq: number;
  readonly bucket: number;
  readonly begun: number;
  /** With `unknown` for a host that died: Infinity. */
  ended: number;
  outcome: WriteOutcome;
}

export interface ReadSeen {
  readonly bucket: number;
  readonly begun: number;
  readonly ended: number;
  readonly seqs: ReadonlySet<number>;
}

export interface RowsSeen {
  readonly made: StoreWorld;
  readonly writes: readonly WriteSeen[];
  readonly reads: readonly ReadSeen[];
  /** What stands in the buckets once everything has healed and come to rest. */
  readonly final: ReadonlySet<number>;
}

export interface WorkloadOptions extends RandomOptions {
  readonly seed: number;
  readonly hosts?: number;
  readonly operations?: number;
  /** Mean pause between two operations of a host. */
  readonly pauseMs?: number;
}

const PAUSE = label('workload.pause');
const KEY = { namespace: 'default', type: 'account', id: 'C-1' };
const FROM = { seq: 0, epoch: 0 };
const BUCKETS = 2;
const ALL = 100_000;
const FINISH_MS = 600_000;
const REST_MS = 2 * 3_600_000;

/** Hosts write rows of their own and read all rows, one operation at a time; one host in three dies on its way. */
export async function watchRows(profile: FaultProfile, options: WorkloadOptions): Promise<RowsSeen> {
  const { hosts = 4, operations = 40, pauseMs = 200 } = options;
  const made = storeWorld(options, profile);
  const { world } = made;
  const draw = world.random.stream('workload');
  const writes: WriteSeen[] = [];
  const reads: ReadSeen[] = [];
  let now = 0;
  const pause = (process: SimProcess): Promise<void> => pauseOf(process, draw.float() * 2 * pauseMs);

  const work = async (process: SimProcess): Promise<void> => {
    const store = made.storeOf(process);
    for (let i = 0; i < operations; i += 1) {
      await pause(process);
      const bucket = draw.below(BUCKETS);
      if (draw.below(2) === 0) {
        const row = { seq: writes.length + 1, epoch: 1, kind: 1, bytes: Uint8Array.of(i) };
        const seen: WriteSeen = { seq: row.seq, bucket, begun: (now += 1), ended: Infinity, outcome: 'unknown' };
        writes.push(seen);
        seen.outcome = await store.writeRows(KEY, bucket, [row]);
        seen.ended = now += 1;
        continue;
      }
      const begun = (now += 1);
      const page = await store.readRows(KEY, bucket, FROM, ALL).catch(() => null);
      if (page !== null)
        reads.push({ bucket, begun, ended: (now += 1), seqs: new Set(page.rows.map((row) => row.seq)) });
    }
  };
  for (let i = 0; i < hosts; i += 1) {
    const process = made.processOf(`host-${i}`);
    if (i % 3 === 2) process.crashAtIssue(1 + draw.below(operations));
    disturbLinks(process, made.cluster.links, made.dial);
    void work(process);
  }
  await world.run({ untilMs: FINISH_MS });
  return { made, writes, reads, final: await finalRows(made) };
}

async function finalRows(made: StoreWorld): Promise<ReadonlySet<number>> {
  const { world, dial, cluster } = made;
  dial.turn(profileOf('healed', { store: { readRepair: dial.profile.store.readRepair } }));
  cluster.heal();
  await world.run({ untilMs: world.nowMs + REST_MS });
  const store = made.storeOf(made.processOf('auditor'));
  const seqs = new Set<number>();
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    const { rows } = await world.complete(store.readRows(KEY, bucket, FROM, ALL));
    for (const row of rows) seqs.add(row.seq);
  }
  return seqs;
}

export function pauseOf(process: SimProcess, forMs: number): Promise<void> {
  const { world } = process;
  return new Promise((resolve) => {
    world.inside(world.nowMs + forMs, PAUSE, () => process.enter(resolve));
  });
}

/** Writes that were `ok` before a read began that does not show them. */
export function missed({ writes, reads, final }: RowsSeen): readonly WriteSeen[] {
  const ok = writes.filter(({ outcome }) => outcome === 'ok');
  const unseen = ok.filter((write) =>
    reads.some((read) => read.bucket === write.bucket && read.begun > write.ended && !read.seqs.has(write.seq)),
  );
  return [...unseen, ...ok.filter(({ seq }) => !final.has(seq))];
}

/** Rows that one read showed and a later one did not. */
export function goneAgain({ writes, reads }: RowsSeen): readonly WriteSeen[] {
  return writes.filter(({ seq, bucket }) => {
    const shown = reads.filter((read) => read.seqs.has(seq)).map((read) => read.ended);
    const since = Math.min(...shown);
    return reads.some((read) => read.bucket === bucket && read.begun > since && !read.seqs.has(seq));
  });
}

/** Rows of unknown outcome that a read begun after the write's end did not show, and that appeared later. */
export function late({ writes, reads, final }: RowsSeen): readonly WriteSeen[] {
  return writes.filter(({ seq, bucket, outcome, ended }) => {
    if (outcome !== 'unknown' || ended === Infinity) return false;
    const without = reads.find((read) => read.bucket === bucket && read.begun > ended && !read.seqs.has(seq));
    return without !== undefined && final.has(seq);
  });
}

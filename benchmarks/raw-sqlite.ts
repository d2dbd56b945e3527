/**
 * Raw SQLite: what the embedded store is measured against.
 *
 * Owns: two rates with records of equal bytes. `rawAppendRate`: the best raw layout known (an append table with an
 * integer key number and a unique index), inserts on the calling thread, one commit per `inFlight` rows.
 * `portAppendRate`: the store port's own `append` through its worker, `inFlight` calls waiting at a time, each
 * answered call sending the next. Both acknowledge after fsync only.
 * Does not own: rounds, ratios and reports.
 */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sqliteStore } from '../runtime/store/embedded/sqlite-store';
import type { EntityIndex, StoreSession } from '../runtime/ports/history-store';

export interface AppendLoad {
  readonly rows: number;
  /** Bytes of each record. */
  readonly bytes: number;
  readonly inFlight: number;
  /** Entities the rows are spread over, evenly; 1,000 unless told. */
  readonly keys?: number;
  /** Made empty first, and removed after. */
  readonly directory: string;
}

export interface AppendRate {
  readonly rowsPerSecond: number;
  /** From issue to acknowledgement, milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the whole process, and of the calling thread alone, per row. */
  readonly cpuUsPerRow: number;
  readonly threadCpuUsPerRow: number;
  readonly fsyncsPerRow: number;
  /** As checkpoints counted them; NaN for the raw rate, which does not count. */
  readonly walBytesPerRow: number;
}

const DEFAULT_KEYS = 1_000;
const CHECKPOINT_PAGES = 4_000;

const SCHEMA = `
  CREATE TABLE record (no INTEGER PRIMARY KEY, entity INTEGER NOT NULL, seq INTEGER NOT NULL, bytes BLOB NOT NULL);
  CREATE UNIQUE INDEX record_seq ON record (entity, seq);
`;

export async function rawAppendRate(load: AppendLoad): Promise<AppendRate> {
  const { DatabaseSync } = await import('node:sqlite');
  const keys = load.keys ?? DEFAULT_KEYS;
  emptyDirectory(load.directory);
  const db = new DatabaseSync(join(load.directory, 'raw.db'));
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  db.exec(`PRAGMA cache_size = -65536; ${SCHEMA}`);
  const insert = db.prepare('INSERT INTO record (entity, seq, bytes) VALUES (?, ?, ?)');
  const [begin, commit] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT')];
  const bytes = new Uint8Array(load.bytes).fill(7);
  const meter = new Meter(load.rows);
  let commits = 0;
  for (let row = 0; row < load.rows; commits += 1) {
    const issued = performance.now();
    const end = Math.min(load.rows, row + load.inFlight);
    const first = row;
    begin.run();
    for (; row < end; row += 1) insert.run(row % keys, Math.floor(row / keys) + 1, bytes);
    commit.run();
    meter.took(performance.now() - issued, end - first);
  }
  const rate = meter.stop(commits, Number.NaN);
  db.close();
  rmSync(load.directory, { recursive: true });
  return rate;
}

export async function portAppendRate(load: AppendLoad): Promise<AppendRate> {
  emptyDirectory(load.directory);
  const session = await sqliteStore({ directory: load.directory }).open();
  await bearEntities(session, load.keys ?? DEFAULT_KEYS);
  const before = await session.stats();
  const meter = new Meter(load.rows);
  await appendAll(session, load, meter);
  const after = await session.stats();
  const rate = meter.stop(after.fsyncs - before.fsyncs, after.walBytes - before.walBytes);
  await session.close();
  rmSync(load.directory, { recursive: true });
  return rate;
}

async function appendAll(session: StoreSession, load: AppendLoad, meter: Meter): Promise<void> {
  const keys = load.keys ?? DEFAULT_KEYS;
  const names = Array.from({ length: keys }, (_, no) => keyOf(no));
  const bytes = new Uint8Array(load.bytes).fill(7);
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < load.rows) {
      const row = next++;
      const key = names[row % keys] as (typeof names)[number];
      const issued = performance.now();
      const record = { key, row: { seq: Math.floor(row / keys) + 2, epoch: 1, kind: 1, bytes }, index: null };
      const [result] = await session.append([record]);
      if (result !== 'ok') throw new Error(`append of row ${row} was answered ${result}`);
      meter.took(performance.now() - issued, 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(load.inFlight, keys) }, caller));
}

const INDEX: EntityIndex = {
  status: 'active',
  wakeAt: null,
  open: false,
  fields: {},
  build: 'bench',
  createdAt: 0,
  updatedAt: 0,
};

async function bearEntities(session: StoreSession, keys: number): Promise<void> {
  for (let from = 0; from < keys; from += 1_000) {
    const numbers = Array.from({ length: Math.min(1_000, keys - from) }, (_, i) => from + i);
    const row = { seq: 1, epoch: 1, kind: 1, bytes: Uint8Array.of(1) };
    await session.append(numbers.map((no) => ({ key: keyOf(no), row, index: INDEX })));
  }
}

function keyOf(no: number): { namespace: string; type: string; id: string } {
  return { namespace: 'default', type: 'bench', id: `C-${no}` };
}

function emptyDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
}

class Meter {
  private readonly latencies: Float64Array;
  private taken = 0;
  private readonly startedAt = performance.now();
  private readonly cpu = process.cpuUsage();
  private readonly threadCpu = process.threadCpuUsage();

  constructor(private readonly rows: number) {
    this.latencies = new Float64Array(rows);
  }

  took(ms: number, rows: number): void {
    this.latencies.fill(ms, this.taken, this.taken + rows);
    this.taken += rows;
  }

  stop(fsyncs: number, walBytes: number): AppendRate {
    const seconds = (performance.now() - this.startedAt) / 1_000;
    const cpu = process.cpuUsage(this.cpu);
    const threadCpu = process.threadCpuUsage(this.threadCpu);
    const sorted = this.latencies.sort();
    return {
      rowsPerSecond: this.rows / seconds,
      p50Ms: sorted[Math.floor(this.rows * 0.5)] ?? 0,
      p99Ms: sorted[Math.floor(this.rows * 0.99)] ?? 0,
      cpuUsPerRow: (cpu.user + cpu.system) / this.rows,
      threadCpuUsPerRow: (threadCpu.user + threadCpu.system) / this.rows,
      fsyncsPerRow: fsyncs / this.rows,
      walBytesPerRow: walBytes / this.rows,
    };
  }
}

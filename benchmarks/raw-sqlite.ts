/**
 * Raw SQLite: what the product is measured against, with records of equal bytes.
 *
 * Owns: two rivals that stay open over all rounds. `RawSqlite`: the best raw layout known (an append table with an
 * integer key number and a unique index), inserts on the calling thread, one commit per group of as many rows as there
 * are callers. `PortAppend`: the store port's own `append` through its worker, called directly.
 * Both acknowledge after fsync only. Does not own: rounds, ratios and reports.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { sqliteStore } from '../runtime/store/embedded/sqlite-store';
import type { SqliteSession } from '../runtime/store/embedded/sqlite-session';
import type { EntityIndex } from '../runtime/ports/history-store';
import { countOf } from './bench-host';
import { measure, sequence } from './measure';
import type { Rate } from './measure';

export interface AppendLoad {
  readonly callers: number;
  readonly rows: number;
  /** Bytes of each record. */
  readonly bytes: number;
}

const CHECKPOINT_PAGES = 4_000;

const SCHEMA = `
  CREATE TABLE record (no INTEGER PRIMARY KEY, entity INTEGER NOT NULL, seq INTEGER NOT NULL, bytes BLOB NOT NULL);
  CREATE UNIQUE INDEX record_seq ON record (entity, seq);
`;

export class RawSqlite {
  private readonly insert: StatementSync;
  private readonly begin: StatementSync;
  private readonly commit: StatementSync;
  private readonly seqs: Uint32Array;
  private readonly random = sequence(11);

  private constructor(
    private readonly db: DatabaseSync,
    private readonly keys: number,
  ) {
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.exec(`PRAGMA cache_size = -65536; ${SCHEMA}`);
    this.insert = db.prepare('INSERT INTO record (entity, seq, bytes) VALUES (?, ?, ?)');
    this.begin = db.prepare('BEGIN IMMEDIATE');
    this.commit = db.prepare('COMMIT');
    this.seqs = new Uint32Array(keys);
  }

  static async open(directory: string, keys: number): Promise<RawSqlite> {
    const { DatabaseSync } = await import('node:sqlite');
    mkdirSync(directory, { recursive: true });
    return new RawSqlite(new DatabaseSync(join(directory, 'raw.db')), keys);
  }

  /** One call is one group: its latency is that of each of its rows. */
  async rate({ callers, rows, bytes }: AppendLoad): Promise<Rate> {
    const record = new Uint8Array(bytes).fill(7);
    const groups = Math.ceil(rows / callers);
    const rate = await measure({
      callers: 1,
      calls: groups,
      call: () => Promise.resolve(this.group(record, callers)),
      count: null,
    });
    return {
      ...rate,
      operations: groups * callers,
      perSecond: rate.perSecond * callers,
      cpuUs: rate.cpuUs / callers,
      fsyncs: 1 / callers,
      recordBytes: bytes,
      diskBytes: rate.diskBytes === null ? null : rate.diskBytes / callers,
    };
  }

  close(): void {
    this.db.close();
  }

  private group(record: Uint8Array, rows: number): void {
    this.begin.run();
    for (let row = 0; row < rows; row += 1) {
      const key = this.random(this.keys);
      this.insert.run(key, (this.seqs[key] = (this.seqs[key] ?? 0) + 1), record);
    }
    this.commit.run();
  }
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

export class PortAppend {
  private readonly seqs: Uint32Array;
  private readonly keys: readonly { namespace: string; type: string; id: string }[];
  private readonly random = sequence(13);

  private constructor(
    private readonly session: SqliteSession,
    keys: number,
  ) {
    this.seqs = new Uint32Array(keys).fill(1);
    this.keys = Array.from({ length: keys }, (_, no) => ({ namespace: 'default', type: 'bench', id: `C-${no}` }));
  }

  static async open(directory: string, keys: number): Promise<PortAppend> {
    const port = new PortAppend(await sqliteStore({ directory }).open(), keys);
    const row = { seq: 1, epoch: 1, kind: 1, bytes: Uint8Array.of(1) };
    await port.session.append(port.keys.map((key) => ({ key, row, index: INDEX })));
    return port;
  }

  rate({ callers, rows, bytes }: AppendLoad): Promise<Rate> {
    const record = new Uint8Array(bytes).fill(7);
    return measure({ callers, calls: rows, call: () => this.append(record), count: () => countOf(this.session) });
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private async append(bytes: Uint8Array): Promise<void> {
    const no = this.random(this.keys.length);
    const key = this.keys[no];
    if (key === undefined) return;
    const seq = (this.seqs[no] = (this.seqs[no] ?? 1) + 1);
    const [result] = await this.session.append([{ key, row: { seq, epoch: 1, kind: 1, bytes }, index: null }]);
    if (result !== 'ok') throw new Error(`an append was answered ${result}`);
  }
}

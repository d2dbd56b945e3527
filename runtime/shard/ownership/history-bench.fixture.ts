/**
 * History bench: one key's history, written row by row by owners that follow one another, over the model of a store.
 *
 * Owns: records with nothing in them, of the size that a test asks for; counting what is read; holding calls of the store
 * back. Does not own: entities.
 */

import { encodeRecord, recordHash } from '../../../framework/codec/record';
import type { HistoryRecord, Link } from '../../../framework/core/history';
import { ROW_KIND } from '../../../framework/core/history';
import type { Cancel, Clock } from '../../ports/clock';
import type { ClusterStore, WriteOutcome } from '../../ports/cluster-store';
import type { Append, Row } from '../../ports/history-store';
import { ClusterModel } from '../../sim/store/cluster-model.fixture';
import type { Layout } from './layout';
import { OwnedSession } from './owned-session';
import { SessionGuard } from './session-guard';

export const KEY = { namespace: 'default', type: 'journal', id: 'J-1' };

type Kind = 'turn' | 'snapshot' | 'fence' | 'seal';

export const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

export class HistoryBench {
  readonly model = new ClusterModel(1);
  /** Rows that were read from the store, and how often it was asked. */
  rowsRead = 0;
  reads = 0;
  /** Writes and deletions in order, as `name bucket-or-name`. */
  readonly calls: string[] = [];
  /** Asked before every write and deletion: an outcome in place of doing it. */
  outcomeOf: (call: string) => Promise<WriteOutcome> | null = () => null;
  epoch = 0;
  private link: Link | null = null;

  constructor(private readonly layout: Partial<Layout> = {}) {}

  /** The next epoch's owner; the one before is dead. */
  async next(): Promise<OwnedSession> {
    await this.model.setDead(`s-${this.epoch}`);
    this.epoch += 1;
    await this.model.setBorn(`s-${this.epoch}`);
    return this.same();
  }

  /** Another session object of the present epoch, which knows nothing of what was done in it. */
  async same(): Promise<OwnedSession> {
    const { epoch, layout } = this;
    const after = (_: number, fire: () => void): Cancel => {
      const immediate = setImmediate(fire);
      return () => clearImmediate(immediate);
    };
    const clock = { after, monotonicMs: () => 0 } as unknown as Clock;
    const store = this.store();
    const guard = new SessionGuard(`s-${epoch}`, store, clock);
    return OwnedSession.open({ store, guard, clock, shard: 0, epoch, build: 'b', layout });
  }

  /** The next row, and the SEAL if one is due. `build` tells records apart, and makes them long. */
  async write(session: OwnedSession, kind: Kind = 'turn', build = 'b', more: Partial<Append> = {}): Promise<string> {
    const append = { ...this.append(session.epoch, kind, build), ...more };
    const [result = 'none'] = await session.append([append]);
    if (result !== 'ok' || kind === 'seal' || !session.sealsAfter(KEY, [])) return result;
    return this.write(session, 'seal');
  }

  async writeMany(session: OwnedSession, turns: number, snapshotEvery = Infinity): Promise<void> {
    for (let i = 1; i <= turns; i += 1) {
      await this.write(session);
      if (i % snapshotEvery === 0) await this.write(session, 'snapshot');
    }
    await settled();
  }

  /** What a loaded entity goes on from. */
  async load(session: OwnedSession): Promise<readonly Row[]> {
    const rows: Row[] = [];
    let page = await session.load(KEY);
    rows.push(...page.rows);
    while (page.next !== null) {
      page = await session.rows(KEY, page.next, 256);
      rows.push(...page.rows);
    }
    const last = rows.at(-1);
    this.link = last === undefined ? null : { seq: last.seq, epoch: last.epoch, hash: recordHash(last.bytes) };
    return rows;
  }

  /** The whole history, page by page. */
  async history(session: OwnedSession, limit: number): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (let from: number | null = 1; from !== null;) {
      const page = await session.rows(KEY, from, limit);
      rows.push(...page.rows);
      from = page.next;
    }
    return rows;
  }

  /** The record above the last one that was made or loaded. */
  append(epoch: number, kind: Kind, build: string): Append {
    const row = rowOf((this.link?.seq ?? 0) + 1, epoch, this.link, kind, build);
    this.link = { seq: row.seq, epoch, hash: recordHash(row.bytes) };
    return { key: KEY, row, index: null };
  }

  private store(): ClusterStore {
    const changes = new Map<string, (args: unknown[]) => string>([
      ['writeRows', ([, bucket, rows]) => `rows ${String(bucket)} ${(rows as Row[]).map(({ seq }) => seq).join(' ')}`],
      ['writePointer', ([, pointer]) => `pointer ${(pointer as { seq: number }).seq}`],
      ['writeBlob', ([, name]) => `blob ${String(name)}`],
      ['deleteBucket', ([, bucket]) => `delete-bucket ${String(bucket)}`],
      ['deleteBlob', ([, name]) => `delete-blob ${String(name)}`],
    ]);
    return new Proxy<ClusterStore>(this.model, {
      get: (target, name) => {
        const found: unknown = Reflect.get(target, name, target);
        if (typeof found !== 'function') return found;
        const act = (...args: unknown[]): unknown => Reflect.apply(found, target, args) as unknown;
        const textOf = changes.get(String(name));
        if (name === 'readRows') return (...args: unknown[]) => this.counted(act(...args));
        return textOf === undefined ? act : (...args: unknown[]) => this.change(textOf(args), () => act(...args));
      },
    });
  }

  private async counted(reading: unknown): Promise<unknown> {
    const page = (await reading) as { rows: readonly Row[] };
    this.reads += 1;
    this.rowsRead += page.rows.length;
    return page;
  }

  private change(call: string, act: () => unknown): unknown {
    this.calls.push(call);
    return this.outcomeOf(call) ?? act();
  }
}

export function rowOf(seq: number, epoch: number, before: Link | null, kind: Kind = 'turn', build = 'b'): Row {
  const head = { seq, epoch, prev: before && { seq: before.seq, epoch: before.epoch, hash: before.hash }, build };
  return { seq, epoch, kind: ROW_KIND[kind], bytes: encodeRecord(recordOf(kind, head)) };
}

function recordOf(kind: Kind, head: Pick<HistoryRecord, 'seq' | 'epoch' | 'prev' | 'build'>): HistoryRecord {
  if (kind === 'fence' || kind === 'seal') return { kind, ...head };
  const schema = { fields: [], values: {} };
  if (kind === 'snapshot') return { kind, ...head, schema, fields: new Uint8Array(), ledger: new Uint8Array() };
  return { kind, ...head, compared: 1, birth: null, entries: [], digest: null, schema: null };
}

/**
 * Memory store: the model of a history store, as plain as it can be.
 *
 * Owns: the meaning of every call of the port; adapters are compared with it (`store.contract`). Nothing outlives the
 * object; what it holds survives `open()`, so that a crash is simulated by opening again: the older session is dead.
 * Does not own: durability, indexes, bounds on memory.
 *
 * Invariants: those of the port (C5). What is kept shares no object with what was given or is handed out.
 */

import type { EntityKey } from '../../framework/model/identity';
import { PerdureError } from '../../framework/errors';
import { ROW_KIND } from '../../framework/core/history';
import { PAGE_BYTES, PAGE_ROWS } from '../config';
import type {
  Append,
  AppendResult,
  DueEntity,
  EntityFilter,
  EntityIndex,
  HistoryStore,
  ListPage,
  ListQuery,
  LoadedPage,
  Row,
  StoreSession,
} from '../ports/history-store';
import type { RunningRows } from '../ports/watchdog';
import type { SortPosition } from '../ports/query';
import {
  checkQuery,
  comparePositions,
  compareText,
  decodeCursor,
  encodeCursor,
  matches,
  positionOf,
} from '../ports/query';
import { RunningTable } from './running-table';

interface Entity {
  readonly key: EntityKey;
  readonly rows: Row[];
  index: EntityIndex;
  readonly segments: Map<string, Uint8Array>;
  readonly notes: Map<string, Uint8Array>;
}

/** Entities in the order of their creation. */
type Entities = Map<string, Entity>;

/** A store in this object's memory. Appends are answered at once and lost with the process. */
export function memoryStore(): HistoryStore {
  const entities: Entities = new Map();
  const running = new RunningTable();
  let epoch = 0;
  let current: MemorySession | null = null;
  return {
    open: () => {
      current?.lose(new PerdureError('unavailable', 'the memory store was opened again: this session is over'));
      epoch += 1;
      current = new MemorySession(epoch, entities, running);
      return Promise.resolve(current);
    },
  };
}

class MemorySession implements StoreSession {
  readonly lost: Promise<PerdureError>;
  readonly running: RunningRows;
  private tellLost: (reason: PerdureError) => void = () => undefined;
  private alive = true;

  constructor(
    readonly epoch: number,
    private readonly entities: Entities,
    table: RunningTable,
  ) {
    this.lost = new Promise((resolve) => (this.tellLost = resolve));
    this.running = table.session(epoch, async (write) => {
      if (this.alive) table.apply(write);
      return this.alive;
    });
  }

  lose(reason: PerdureError): void {
    if (this.alive) this.tellLost(reason);
    this.alive = false;
  }

  async append(batch: readonly Append[]): Promise<AppendResult[]> {
    if (!this.alive) return batch.map(() => 'unknown');
    return batch.map((record) => this.appendOne(record));
  }

  async fence(): Promise<boolean> {
    return this.alive;
  }

  async load(key: EntityKey): Promise<LoadedPage> {
    this.checkAlive();
    const rows = this.find(key)?.rows ?? [];
    const base = rows.findLast((row) => row.kind === ROW_KIND.snapshot) ?? rows[0];
    return pageOf(rows, base?.seq ?? 1, PAGE_ROWS);
  }

  async rows(key: EntityKey, fromSeq: number, limit: number): Promise<LoadedPage> {
    this.checkAlive();
    return pageOf(this.find(key)?.rows ?? [], fromSeq, Math.min(limit, PAGE_ROWS));
  }

  async segment(key: EntityKey, name: string): Promise<Uint8Array | null> {
    this.checkAlive();
    return this.find(key)?.segments.get(name)?.slice() ?? null;
  }

  async index(key: EntityKey): Promise<{ index: EntityIndex; seq: number } | null> {
    this.checkAlive();
    const entity = this.find(key);
    return entity ? { index: copyIndex(entity.index), seq: entity.rows.length } : null;
  }

  async mark(key: EntityKey, index: EntityIndex): Promise<void> {
    this.checkAlive();
    const entity = this.find(key);
    if (entity) entity.index = copyIndex(index);
  }

  async due(namespace: string, until: number, limit: number): Promise<readonly DueEntity[]> {
    this.checkAlive();
    return this.timers(namespace)
      .filter((timer) => timer.wakeAt <= until)
      .sort((a, b) => a.wakeAt - b.wakeAt)
      .slice(0, limit);
  }

  async nextDue(namespace: string, after: number): Promise<number | null> {
    this.checkAlive();
    const later = this.timers(namespace).filter((timer) => timer.wakeAt > after);
    return later.length === 0 ? null : later.reduce((least, timer) => Math.min(least, timer.wakeAt), Infinity);
  }

  async openWork(namespace: string, after: EntityKey | null, limit: number): Promise<readonly EntityKey[]> {
    this.checkAlive();
    const all = [...this.entities.values()];
    const from = after ? all.findIndex((entity) => nameOf(entity.key) === nameOf(after)) + 1 : 0;
    const open = all.slice(from).filter((entity) => entity.key.namespace === namespace && entity.index.open);
    return open.slice(0, limit).map((entity) => entity.key);
  }

  async list(query: ListQuery): Promise<ListPage> {
    this.checkAlive();
    checkQuery(query);
    const after = decodeCursor(query);
    const direction = query.orderBy?.descending ? -1 : 1;
    const found: { entity: Entity; at: SortPosition }[] = [];
    for (const entity of this.matching(query)) {
      const at = positionOf(entity.key.id, entity.index, query);
      if (at && (!after || direction * comparePositions(at, after) > 0)) found.push({ entity, at });
    }
    found.sort((a, b) => direction * comparePositions(a.at, b.at));
    const page = found.slice(0, query.limit);
    const last = found.length > page.length ? page.at(-1) : undefined;
    return {
      entities: page.map(({ entity }) => ({
        id: entity.key.id,
        index: copyIndex(entity.index),
        seq: entity.rows.length,
      })),
      next: last ? encodeCursor(query, last.at) : null,
    };
  }

  async count(filter: EntityFilter): Promise<number> {
    this.checkAlive();
    return this.matching(filter).length;
  }

  async note(key: EntityKey, name: string, bytes: Uint8Array | null): Promise<void> {
    this.checkAlive();
    const notes = this.find(key)?.notes;
    if (bytes) notes?.set(name, bytes.slice());
    else notes?.delete(name);
  }

  async notes(key: EntityKey): Promise<readonly { name: string; bytes: Uint8Array }[]> {
    this.checkAlive();
    const notes = [...(this.find(key)?.notes ?? [])].sort(([a], [b]) => compareText(a, b));
    return notes.map(([name, bytes]) => ({ name, bytes: bytes.slice() }));
  }

  async close(): Promise<void> {
    this.alive = false;
  }

  private appendOne({ key, row, index, segments = [] }: Append): AppendResult {
    const entity = this.find(key);
    const kept = entity?.rows[row.seq - 1];
    if (kept) return sameRow(kept, row) ? 'ok' : 'refused';
    if (row.seq !== (entity?.rows.length ?? 0) + 1) return 'refused';
    for (const { name, bytes } of segments) {
      const old = entity?.segments.get(name);
      if (old && Buffer.compare(old, bytes) !== 0) return 'refused';
    }
    const target = entity ?? (index && this.create(key, index));
    if (!target) return 'refused';
    target.rows.push({ ...row, bytes: row.bytes.slice() });
    if (index) target.index = copyIndex(index);
    for (const { name, bytes } of segments) target.segments.set(name, bytes.slice());
    return 'ok';
  }

  private create(key: EntityKey, index: EntityIndex): Entity {
    const { namespace, type, id } = key;
    const entity = { key: { namespace, type, id }, rows: [], index, segments: new Map(), notes: new Map() };
    this.entities.set(nameOf(key), entity);
    return entity;
  }

  private find(key: EntityKey): Entity | undefined {
    return this.entities.get(nameOf(key));
  }

  private matching(filter: EntityFilter): Entity[] {
    return [...this.entities.values()].filter(
      ({ key, index }) => key.namespace === filter.namespace && key.type === filter.type && matches(index, filter),
    );
  }

  private timers(namespace: string): DueEntity[] {
    return [...this.entities.values()].flatMap(({ key, index: { wakeAt } }) =>
      key.namespace === namespace && wakeAt !== null ? [{ key, wakeAt }] : [],
    );
  }

  private checkAlive(): void {
    if (!this.alive)
      throw new PerdureError('unavailable', 'this session of the memory store is over: open the store again');
  }
}

function nameOf(key: EntityKey): string {
  return JSON.stringify([key.namespace, key.type, key.id]);
}

function sameRow(a: Row, b: Row): boolean {
  return a.epoch === b.epoch && a.kind === b.kind && Buffer.compare(a.bytes, b.bytes) === 0;
}

/** Through text, as a store on disk would keep it. */
function copyIndex(index: EntityIndex): EntityIndex {
  return JSON.parse(JSON.stringify(index)) as EntityIndex;
}

function pageOf(rows: readonly Row[], fromSeq: number, limit: number): LoadedPage {
  const page: Row[] = [];
  let bytes = 0;
  for (const row of rows.slice(Math.max(fromSeq, 1) - 1)) {
    bytes += row.bytes.length;
    if (page.length === limit || (page.length > 0 && bytes > PAGE_BYTES)) return { rows: page, next: row.seq };
    page.push({ ...row, bytes: row.bytes.slice() });
  }
  return { rows: page, next: null };
}

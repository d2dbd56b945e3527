/**
 * Simulated store: the ClusterStore port of one host over three replicas with Cassandra's manners.
 *
 * Owns: which cells make up each row of the port, with which timestamps (C8, C8a), and the bounds between a host and the
 * world: nothing returned is shared with the store, and a dead host is answered nothing.
 * Does not own: quorums, faults, merging (`replica-set` and its neighbours).
 *
 * Invariants:
 * 1. Timestamps: write-once rows `WRITTEN`, a deletion one more; a beat its number and its deletion above all, a pointer
 *    its seq, a watermark its value, a listing its stamp, a note its order. A pointer is several cells, so that two pointers
 *    of one seq would mix.
 * 2. Every write is told to the trace with its content: a host that is not deterministic changes the trace hash.
 * 3. `Unavailable` is the only refusal of a plain write; of a conditional one it is unknown, so that `refused` there says
 *    that the lease was another.
 */

import type { EntityKey } from '../../../framework/model/identity';
import { keyText } from '../../../framework/model/identity';
import type {
  Beat,
  BucketPage,
  ClusterStore,
  DirectoryPart,
  IndexEntry,
  IndexPart,
  Lease,
  Listing,
  ListingPage,
  Note,
  Offer,
  Pointer,
  SessionRow,
  Watermark,
  WriteOutcome,
} from '../../ports/cluster-store';
import type { EntityFilter, Row } from '../../ports/history-store';
import { matches } from '../../ports/query';
import type { Place, Running, RunningRow } from '../../ports/watchdog';
import type { AuditReads } from './audit-reads';
import type { Ending } from './quorum-request';
import { valueOf } from './quorum-request';
import { quorumRead } from './quorum-read';
import { quorumWrite } from './quorum-write';
import { hashName } from '../world/random';
import type { Cell, Mutation } from './replica';
import type { Swap } from './serial-register';
import { buildRow, leaseRow, leaseText } from './serial-register';
import type { SimProcess } from '../world/sim-process';
import { never } from '../world/sim-process';
import {
  beatCell,
  beatOf,
  bucketName,
  cellOf,
  directoryName,
  entryCell,
  entryName,
  entryOf,
  fingerprint,
  keyName,
  listingCell,
  listingName,
  listingOf,
  noteCell,
  partCell,
  PARTITION_DELETED,
  partName,
  partOf,
  pointerCells,
  pointerOf,
  rowCell,
  rowOf,
  runningCell,
  runningOf,
  watermarkCell,
  WRITTEN,
} from './store-cells';
import type { StoreCluster } from './store-cluster';
import type { Label } from '../world/trace';
import { label } from '../world/trace';

/** Of a deletion after which nothing written counts any more. */
const FOR_EVER = Number.MAX_SAFE_INTEGER;
const WRITE = label('store.write');
const SWAP = label('store.swap');

export class SimStore implements ClusterStore {
  constructor(
    private readonly cluster: StoreCluster,
    private readonly process: SimProcess,
    /** How an auditor reads; hosts read through quorums. */
    private readonly audit: AuditReads | null = null,
  ) {}

  shards(): Promise<number> {
    return this.#read('meta', 'the number of shards', () => this.cluster.shards);
  }

  setBorn(session: string): Promise<WriteOutcome> {
    return this.#write(`s\0${session}`, [cellOf('born', WRITTEN, 1)]);
  }

  setDead(session: string): Promise<WriteOutcome> {
    return this.#write(`s\0${session}`, [cellOf('dead', WRITTEN, 1)]);
  }

  session(session: string): Promise<SessionRow> {
    return this.#read(`s\0${session}`, `session ${session}`, (cells) => ({
      born: cells.some(({ minor }) => minor === 'born'),
      dead: cells.some(({ minor }) => minor === 'dead'),
    }));
  }

  writeBeat(beat: Beat): Promise<WriteOutcome> {
    return this.#write('beats', [beatCell(beat)], true);
  }

  deleteBeat(session: string): Promise<WriteOutcome> {
    return this.#write('beats', [{ major: 0, minor: session, timestamp: FOR_EVER, value: null }]);
  }

  beats(): Promise<readonly Beat[]> {
    return this.#read('beats', 'the heartbeats', (cells) => cells.map(beatOf));
  }

  async builds(): Promise<readonly string[]> {
    const builds: string[] = [];
    for (;;) {
      const build = await this.#serial(buildRow(builds.length + 1), 'the builds');
      if (build === null) return builds;
      builds.push(build);
    }
  }

  casBuild(ordinal: number, build: string): Promise<WriteOutcome> {
    return this.#swap({ row: buildRow(ordinal), expected: null, next: build });
  }

  writeOffer({ shard, ordinal }: Offer): Promise<WriteOutcome> {
    return this.#write('offers', [{ major: shard, minor: ordinal, timestamp: WRITTEN, value: 1 }]);
  }

  offers(): Promise<readonly Offer[]> {
    return this.#read('offers', 'the offers', (cells) =>
      cells.map(({ major, minor }) => ({ shard: major, ordinal: Number(minor) })),
    );
  }

  async lease(shard: number): Promise<Lease | null> {
    const text = await this.#serial(leaseRow(shard), `the lease of shard ${shard}`);
    return text === null ? null : (JSON.parse(text) as Lease);
  }

  casLease(shard: number, expected: Lease | null, next: Lease): Promise<WriteOutcome> {
    return this.#swap({ row: leaseRow(shard), expected: expected && leaseText(expected), next: leaseText(next) });
  }

  #serial(row: string, what: string): Promise<string | null> {
    return this.#ask<string | null, string | null>(
      (done) => this.cluster.serial.read(row, done),
      (ending) => valueOf(ending, what),
    );
  }

  #swap(swap: Swap): Promise<WriteOutcome> {
    this.#tell(SWAP, hashName(swap.next));
    this.cluster.writtenAtMs = this.process.world.nowMs;
    return this.#ask<boolean, WriteOutcome>(
      (done) => this.cluster.serial.swap(swap, done),
      (ending) => {
        if (typeof ending === 'string') return this.#outcome('cas', 'unknown');
        return this.#outcome('cas', ending.value ? 'ok' : 'refused');
      },
    );
  }

  writeRows(key: EntityKey, bucket: number, rows: readonly Row[]): Promise<WriteOutcome> {
    return this.#write(bucketName(key, bucket), rows.map(rowCell));
  }

  readRows(
    key: EntityKey,
    bucket: number,
    from: { readonly seq: number; readonly epoch: number },
    limit: number,
  ): Promise<BucketPage> {
    const page = (cells: readonly Cell[]): BucketPage => {
      const rows = cells.filter(({ major, minor }) => major > from.seq || Number(minor) >= from.epoch);
      const next = rows[limit];
      return {
        rows: rows.slice(0, limit).map(rowOf),
        next: next === undefined ? null : { seq: next.major, epoch: Number(next.minor) },
      };
    };
    return this.#read(bucketName(key, bucket), keyText(key), page, from.seq);
  }

  deleteBucket(key: EntityKey, bucket: number): Promise<WriteOutcome> {
    return this.#deletePartition(bucketName(key, bucket));
  }

  writePointer(key: EntityKey, pointer: Pointer): Promise<WriteOutcome> {
    return this.#write(`p\0${keyName(key)}`, pointerCells(pointer));
  }

  pointer(key: EntityKey): Promise<Pointer | null> {
    return this.#read(`p\0${keyName(key)}`, keyText(key), (cells) => (cells.length === 0 ? null : pointerOf(cells)));
  }

  writeBlob(key: EntityKey, name: string, bytes: Uint8Array): Promise<WriteOutcome> {
    return this.#write(`b\0${name}\0${keyName(key)}`, [cellOf('bytes', WRITTEN, bytes.slice())]);
  }

  deleteBlob(key: EntityKey, name: string): Promise<WriteOutcome> {
    return this.#deletePartition(`b\0${name}\0${keyName(key)}`);
  }

  blob(key: EntityKey, name: string): Promise<Uint8Array | null> {
    return this.#read(`b\0${name}\0${keyName(key)}`, keyText(key), ([cell]) =>
      cell?.value instanceof Uint8Array ? cell.value.slice() : null,
    );
  }

  writeParts(shard: number, parts: readonly IndexPart[]): Promise<WriteOutcome> {
    return this.#write(
      `i\0${shard}`,
      parts.map((part) => partCell(part, false)),
    );
  }

  parts(shard: number): Promise<readonly IndexPart[]> {
    return this.#read(`i\0${shard}`, `the index of shard ${shard}`, (cells) => cells.map(partOf));
  }

  deleteParts(shard: number, parts: readonly IndexPart[]): Promise<WriteOutcome> {
    return this.#write(
      `i\0${shard}`,
      parts.map((part) => partCell(part, true)),
    );
  }

  writeEntries(shard: number, part: IndexPart, entries: readonly IndexEntry[]): Promise<WriteOutcome> {
    return this.#write(
      partName(shard, part),
      entries.map((entry) => entryCell(entry, false)),
    );
  }

  entries(shard: number, part: IndexPart, after: IndexEntry | null, limit: number): Promise<readonly IndexEntry[]> {
    const page = (cells: readonly Cell[]): readonly IndexEntry[] => {
      const name = after === null ? '' : entryName(after.key);
      const rest =
        after === null ? cells : cells.filter(({ major, minor }) => major > after.at || String(minor) > name);
      return rest.slice(0, limit).map(entryOf);
    };
    return this.#read(partName(shard, part), `the index of shard ${shard}`, page, after?.at ?? -Infinity);
  }

  deleteEntries(shard: number, part: IndexPart, entries: readonly IndexEntry[]): Promise<WriteOutcome> {
    return this.#write(
      partName(shard, part),
      entries.map((entry) => entryCell(entry, true)),
    );
  }

  clearPart(shard: number, part: IndexPart): Promise<WriteOutcome> {
    return this.#write(partName(shard, part), [PARTITION_DELETED]);
  }

  writeWatermark(shard: number, { epoch, at }: Watermark): Promise<WriteOutcome> {
    return this.#write(`w\0${shard}`, [watermarkCell(epoch, at)]);
  }

  watermarks(shard: number): Promise<readonly Watermark[]> {
    return this.#read(`w\0${shard}`, `the watermarks of shard ${shard}`, (cells) =>
      cells.map(({ major, value }) => ({ epoch: major, at: Number(value) })),
    );
  }

  deleteWatermarks(shard: number, epochs: readonly number[]): Promise<WriteOutcome> {
    return this.#write(
      `w\0${shard}`,
      epochs.map((epoch) => watermarkCell(epoch, null)),
    );
  }

  writeNote(key: EntityKey, name: string, bytes: Uint8Array | null, order: number): Promise<WriteOutcome> {
    return this.#write(`n\0${keyName(key)}`, [noteCell(name, bytes, order)]);
  }

  notes(key: EntityKey): Promise<readonly Note[]> {
    return this.#read(`n\0${keyName(key)}`, keyText(key), (cells) =>
      cells.map(({ minor, value }) => ({ name: String(minor), bytes: (value as Uint8Array).slice() })),
    );
  }

  writeRunning({ shard, epoch }: Place, order: number, running: Running | null): Promise<WriteOutcome> {
    return this.#write(`r\0${shard}`, [runningCell(epoch, order, running)]);
  }

  running(shard: number): Promise<readonly RunningRow[]> {
    return this.#read(`r\0${shard}`, `what runs in shard ${shard}`, (cells) => cells.map(runningOf));
  }

  writeStable(shard: number, epoch: number): Promise<WriteOutcome> {
    return this.#write(`t\0${shard}`, [cellOf('epoch', epoch, epoch)]);
  }

  stable(shard: number): Promise<number> {
    return this.#read(`t\0${shard}`, `the stable epoch of shard ${shard}`, ([cell]) => Number(cell?.value ?? 0));
  }

  writeListings(part: DirectoryPart, listings: readonly Listing[]): Promise<WriteOutcome> {
    return this.#write(directoryName(part), listings.map(listingCell));
  }

  listing(part: DirectoryPart, id: string): Promise<Listing | null> {
    const name = listingName(id);
    return this.#read(directoryName(part), `the directory of ${part.type}`, (cells) => {
      const cell = cells.find(({ minor }) => minor === name);
      return cell === undefined ? null : listingOf(cell);
    });
  }

  listings(filter: EntityFilter, slot: number, after: string | null, limit: number): Promise<ListingPage> {
    const name = after === null ? null : listingName(after);
    return this.#read(directoryName({ ...filter, slot }), `the directory of ${filter.type}`, (cells) => {
      const rest = cells.filter(({ minor }) => name === null || String(minor) > name).map(listingOf);
      const found = rest.filter(({ index }) => matches(index, filter));
      const page = found.slice(0, limit);
      return { listings: page, next: found.length > page.length ? (page.at(-1)?.id ?? null) : null };
    });
  }

  #write(partition: string, cells: readonly Cell[], beat = false): Promise<WriteOutcome> {
    const mutation: Mutation = { partition, cells };
    if (!isOfMembership(partition)) this.cluster.writtenAtMs = this.process.world.nowMs;
    this.#tell(WRITE, fingerprint(mutation));
    return this.#ask<true, WriteOutcome>(
      (done) => quorumWrite(this.cluster.set, mutation, done),
      (ending) => {
        if (ending === 'lost') return this.#outcome('write', 'unknown');
        return this.#outcome('write', ending === 'unavailable' ? 'refused' : 'ok');
      },
      beat,
    );
  }

  #deletePartition(partition: string): Promise<WriteOutcome> {
    this.cluster.archive.keep(partition);
    return this.#write(partition, [PARTITION_DELETED]);
  }

  /** What lives of a partition, as `take` sees it. */
  #read<T>(partition: string, what: string, take: (cells: readonly Cell[]) => T, fromMajor = -Infinity): Promise<T> {
    const slice = { partition, fromMajor };
    if (this.audit !== null) return Promise.resolve(take(living(this.audit.read(slice))));
    return this.#ask<readonly Cell[], T>(
      (done) => quorumRead(this.cluster.set, slice, done),
      (ending) => take(living(valueOf(ending, what))),
    );
  }

  #ask<T, R>(
    send: (done: (ending: Ending<T>) => void) => void,
    take: (ending: Ending<T>) => R,
    beat = false,
  ): Promise<R> {
    const { process } = this;
    if (!process.issue()) return never();
    const { links } = this.cluster;
    return new Promise<Ending<T>>((resolve) => {
      links.carry({ host: process.name, beat }, send, (ending) => process.enter(() => resolve(ending)));
    }).then(take);
  }

  #tell(what: Label, detail: number): void {
    const { world } = this.process;
    world.trace.tell(world.nowMs, what, detail);
  }

  #outcome(kind: 'write' | 'cas', outcome: WriteOutcome): WriteOutcome {
    if (outcome !== 'ok') this.process.world.count(`store.${kind}-${outcome}`);
    return outcome;
  }
}

function living(cells: readonly Cell[]): readonly Cell[] {
  return cells.filter(({ value }) => value !== null);
}

/** Who lives and who is dead: a cluster at rest goes on saying so. */
function isOfMembership(partition: string): boolean {
  return partition === 'beats' || partition.startsWith('s\0');
}

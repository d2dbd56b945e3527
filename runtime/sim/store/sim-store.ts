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

import { PerdureError } from '../../../framework/errors';
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
import { quorumRead } from './quorum-read';
import { quorumWrite } from './quorum-write';
import { hashName } from '../world/random';
import type { Cell, Mutation } from './replica';
import type { Swap } from './serial-register';
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

  async shards(): Promise<number> {
    await this.#read('meta', 'the number of shards');
    return this.cluster.shards;
  }

  setBorn(session: string): Promise<WriteOutcome> {
    return this.#write(`s\0${session}`, [cellOf('born', WRITTEN, 1)]);
  }

  setDead(session: string): Promise<WriteOutcome> {
    return this.#write(`s\0${session}`, [cellOf('dead', WRITTEN, 1)]);
  }

  async session(session: string): Promise<SessionRow> {
    const cells = await this.#read(`s\0${session}`, `session ${session}`);
    return { born: cells.some(({ minor }) => minor === 'born'), dead: cells.some(({ minor }) => minor === 'dead') };
  }

  writeBeat(beat: Beat): Promise<WriteOutcome> {
    return this.#write('beats', [beatCell(beat)], true);
  }

  deleteBeat(session: string): Promise<WriteOutcome> {
    return this.#write('beats', [{ major: 0, minor: session, timestamp: FOR_EVER, value: null }]);
  }

  async beats(): Promise<readonly Beat[]> {
    const cells = await this.#read('beats', 'the heartbeats');
    return cells.map(beatOf);
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

  async offers(): Promise<readonly Offer[]> {
    const cells = await this.#read('offers', 'the offers');
    return cells.map(({ major, minor }) => ({ shard: major, ordinal: Number(minor) }));
  }

  async lease(shard: number): Promise<Lease | null> {
    const text = await this.#serial(leaseRow(shard), `the lease of shard ${shard}`);
    return text === null ? null : (JSON.parse(text) as Lease);
  }

  casLease(shard: number, expected: Lease | null, next: Lease): Promise<WriteOutcome> {
    return this.#swap({ row: leaseRow(shard), expected: expected && leaseText(expected), next: leaseText(next) });
  }

  async #serial(row: string, what: string): Promise<string | null> {
    const ending = await this.#ask<string | null>((done) => this.cluster.serial.read(row, done));
    if (typeof ending === 'string') throw unreachable(what, ending);
    return ending.value;
  }

  async #swap(swap: Swap): Promise<WriteOutcome> {
    this.#tell(SWAP, hashName(swap.next));
    this.cluster.writtenAtMs = this.process.world.nowMs;
    const ending = await this.#ask<boolean>((done) => this.cluster.serial.swap(swap, done));
    if (typeof ending === 'string') return this.#outcome('cas', 'unknown');
    return this.#outcome('cas', ending.value ? 'ok' : 'refused');
  }

  writeRows(key: EntityKey, bucket: number, rows: readonly Row[]): Promise<WriteOutcome> {
    return this.#write(bucketName(key, bucket), rows.map(rowCell));
  }

  async readRows(
    key: EntityKey,
    bucket: number,
    from: { readonly seq: number; readonly epoch: number },
    limit: number,
  ): Promise<BucketPage> {
    const cells = await this.#read(bucketName(key, bucket), keyText(key), from.seq);
    const rows = cells.filter(({ major, minor }) => major > from.seq || Number(minor) >= from.epoch);
    const next = rows[limit];
    return {
      rows: rows.slice(0, limit).map(rowOf),
      next: next === undefined ? null : { seq: next.major, epoch: Number(next.minor) },
    };
  }

  deleteBucket(key: EntityKey, bucket: number): Promise<WriteOutcome> {
    return this.#deletePartition(bucketName(key, bucket));
  }

  writePointer(key: EntityKey, pointer: Pointer): Promise<WriteOutcome> {
    return this.#write(`p\0${keyName(key)}`, pointerCells(pointer));
  }

  async pointer(key: EntityKey): Promise<Pointer | null> {
    const cells = await this.#read(`p\0${keyName(key)}`, keyText(key));
    return cells.length === 0 ? null : pointerOf(cells);
  }

  writeBlob(key: EntityKey, name: string, bytes: Uint8Array): Promise<WriteOutcome> {
    return this.#write(`b\0${name}\0${keyName(key)}`, [cellOf('bytes', WRITTEN, bytes.slice())]);
  }

  deleteBlob(key: EntityKey, name: string): Promise<WriteOutcome> {
    return this.#deletePartition(`b\0${name}\0${keyName(key)}`);
  }

  async blob(key: EntityKey, name: string): Promise<Uint8Array | null> {
    const [cell] = await this.#read(`b\0${name}\0${keyName(key)}`, keyText(key));
    return cell?.value instanceof Uint8Array ? cell.value.slice() : null;
  }

  writeParts(shard: number, parts: readonly IndexPart[]): Promise<WriteOutcome> {
    return this.#write(
      `i\0${shard}`,
      parts.map((part) => partCell(part, false)),
    );
  }

  async parts(shard: number): Promise<readonly IndexPart[]> {
    return (await this.#read(`i\0${shard}`, `the index of shard ${shard}`)).map(partOf);
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

  async entries(
    shard: number,
    part: IndexPart,
    after: IndexEntry | null,
    limit: number,
  ): Promise<readonly IndexEntry[]> {
    const cells = await this.#read(partName(shard, part), `the index of shard ${shard}`, after?.at ?? -Infinity);
    const name = after === null ? '' : entryName(after.key);
    const rest = after === null ? cells : cells.filter(({ major, minor }) => major > after.at || String(minor) > name);
    return rest.slice(0, limit).map(entryOf);
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

  async watermarks(shard: number): Promise<readonly Watermark[]> {
    const cells = await this.#read(`w\0${shard}`, `the watermarks of shard ${shard}`);
    return cells.map(({ major, value }) => ({ epoch: major, at: Number(value) }));
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

  async notes(key: EntityKey): Promise<readonly Note[]> {
    const cells = await this.#read(`n\0${keyName(key)}`, keyText(key));
    return cells.map(({ minor, value }) => ({ name: String(minor), bytes: (value as Uint8Array).slice() }));
  }

  writeRunning({ shard, epoch }: Place, order: number, running: Running | null): Promise<WriteOutcome> {
    return this.#write(`r\0${shard}`, [runningCell(epoch, order, running)]);
  }

  async running(shard: number): Promise<readonly RunningRow[]> {
    return (await this.#read(`r\0${shard}`, `what runs in shard ${shard}`)).map(runningOf);
  }

  writeStable(shard: number, epoch: number): Promise<WriteOutcome> {
    return this.#write(`t\0${shard}`, [cellOf('epoch', epoch, epoch)]);
  }

  async stable(shard: number): Promise<number> {
    const [cell] = await this.#read(`t\0${shard}`, `the stable epoch of shard ${shard}`);
    return Number(cell?.value ?? 0);
  }

  writeListings(part: DirectoryPart, listings: readonly Listing[]): Promise<WriteOutcome> {
    return this.#write(directoryName(part), listings.map(listingCell));
  }

  async listing(part: DirectoryPart, id: string): Promise<Listing | null> {
    const cells = await this.#read(directoryName(part), `the directory of ${part.type}`);
    const name = listingName(id);
    const cell = cells.find(({ minor }) => minor === name);
    return cell === undefined ? null : listingOf(cell);
  }

  async listings(filter: EntityFilter, slot: number, after: string | null, limit: number): Promise<ListingPage> {
    const cells = await this.#read(directoryName({ ...filter, slot }), `the directory of ${filter.type}`);
    const name = after === null ? null : listingName(after);
    const rest = cells.filter(({ minor }) => name === null || String(minor) > name).map(listingOf);
    const found = rest.filter(({ index }) => matches(index, filter));
    const page = found.slice(0, limit);
    return { listings: page, next: found.length > page.length ? (page.at(-1)?.id ?? null) : null };
  }

  async #write(partition: string, cells: readonly Cell[], beat = false): Promise<WriteOutcome> {
    const mutation: Mutation = { partition, cells };
    if (!isOfMembership(partition)) this.cluster.writtenAtMs = this.process.world.nowMs;
    this.#tell(WRITE, fingerprint(mutation));
    const ending = await this.#ask<true>((done) => quorumWrite(this.cluster.set, mutation, done), beat);
    if (ending === 'lost') return this.#outcome('write', 'unknown');
    return this.#outcome('write', ending === 'unavailable' ? 'refused' : 'ok');
  }

  #deletePartition(partition: string): Promise<WriteOutcome> {
    this.cluster.archive.keep(partition);
    return this.#write(partition, [PARTITION_DELETED]);
  }

  /** What lives of a partition. */
  async #read(partition: string, what: string, fromMajor = -Infinity): Promise<readonly Cell[]> {
    const slice = { partition, fromMajor };
    if (this.audit !== null) return living(this.audit.read(slice));
    const ending = await this.#ask<readonly Cell[]>((done) => quorumRead(this.cluster.set, slice, done));
    if (typeof ending === 'string') throw unreachable(what, ending);
    return living(ending.value);
  }

  #ask<T>(send: (done: (ending: Ending<T>) => void) => void, beat = false): Promise<Ending<T>> {
    const { process } = this;
    if (!process.issue()) return never();
    const { links } = this.cluster;
    return new Promise((resolve) => {
      links.carry({ host: process.name, beat }, send, (ending) => process.enter(() => resolve(ending)));
    });
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

/** Name of the serial register. */
function buildRow(ordinal: number): string {
  return `build ${ordinal}`;
}

export function leaseRow(shard: number): string {
  return `lease ${shard}`;
}

function leaseText({ owner, epoch, nonce }: Lease): string {
  return JSON.stringify({ owner, epoch, nonce });
}

function unreachable(what: string, ending: 'lost' | 'unavailable'): PerdureError {
  const fact = ending === 'lost' ? 'did not answer in time' : 'has no quorum';
  return new PerdureError('unavailable', `${what} cannot be read: the store ${fact}; read again later`, {
    reason: 'store_read',
  });
}

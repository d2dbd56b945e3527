/**
 * Simulated disk store: the HistoryStore port with the faults of an embedded store's disk (C13).
 *
 * Owns: group commits that take time, what of an unfinished one is on the disk after a crash, I/O errors, a full disk,
 * the lock. The disk outlives its processes; each opens it through a store of its own (`storeOf`).
 * Does not own: what calls mean (`store/memory-store`, which holds what is durable), damaged pages.
 *
 * Invariants:
 * 1. What was acknowledged is durable. Of what was issued and not acknowledged, a crash or an error leaves any prefix,
 *    cut between two records; nobody sees it before it is durable.
 * 2. After an error everything in flight and later is `unknown`, and the session never comes back.
 */

import { hash32 } from '../../../framework/codec/hash32';
import { PerdureError } from '../../../framework/errors';
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
  StoreSession,
} from '../../ports/history-store';
import type { Place, Running, RunningRows } from '../../ports/watchdog';
import type { EntityKey } from '../../../framework/model/identity';
import { memoryStore } from '../../store/memory-store';
import { casualtiesOf } from '../faults/casualties';
import type { FaultDial } from '../faults/fault-profile';
import { plainCopy } from '../world/plain-copy';
import type { SimStream } from '../world/random';
import type { SimProcess } from '../world/sim-process';
import { never } from '../world/sim-process';
import { label } from '../world/trace';
import type { World } from '../world/world';

const SYNC_MS = [0.5, 4] as const;
const READ_MS = [0.02, 0.3] as const;
const APPEND = label('disk.append');
const SYNC = label('disk.sync');
const READ = label('disk.read');

/** One write on its way to the disk. */
interface Write {
  /** Makes the n-th record durable. */
  readonly records: readonly (() => Promise<AppendResult>)[];
  readonly acknowledge: (results: AppendResult[]) => void;
  readonly lose: (reason: PerdureError) => void;
}

export class SimDisk {
  readonly durable = memoryStore();
  readonly draw: SimStream;
  /** The last opening of what is durable, for whoever reads it from outside. */
  newest: Pick<StoreSession, 'rows' | 'running'> | null = null;
  /** When something was last asked to be written. */
  writtenAtMs = 0;
  #owner: SimProcess | null = null;
  #fullUntilMs = -Infinity;
  readonly #ioError: SimStream;
  readonly #full: SimStream;

  constructor(
    readonly world: World,
    private readonly dial: FaultDial,
  ) {
    this.draw = world.random.stream('disk.draw');
    this.#ioError = world.random.stream('disk.io-error');
    this.#full = world.random.stream('disk.full');
  }

  storeOf(process: SimProcess): HistoryStore {
    return {
      open: async () => {
        if (!process.issue()) return never();
        if (this.#owner !== null) throw trouble('locked', 'is in use: stop the process that has it');
        this.#owner = process;
        const durable = await this.durable.open();
        casualtiesOf(this.world).opening(durable.running.place, process);
        this.newest = durable;
        const session = new SimDiskSession(this, process, durable);
        process.onDeath(() => session.tear());
        return session;
      },
    };
  }

  /** How the watchdog's thread writes: past the group commits, into a file of its own. */
  async writeRunning({ epoch }: Place, order: number, running: Running): Promise<boolean> {
    const { world, draw, newest } = this;
    await new Promise<void>((written) => world.at(world.nowMs + draw.between(SYNC_MS), SYNC, written));
    return newest?.running.place.epoch === epoch && newest.running.write(order, running);
  }

  release(): void {
    this.#owner = null;
  }

  /** There is room again. */
  mend(): void {
    this.#fullUntilMs = -Infinity;
  }

  /** Why a group commit fails now; null if it does not. */
  failure(): PerdureError | null {
    const { disk } = this.dial.profile;
    if (this.#full.chance(disk.full)) this.#fullUntilMs = this.world.nowMs + this.draw.between(disk.fullMs);
    if (this.world.nowMs < this.#fullUntilMs) {
      this.world.count('disk.full');
      return trouble('disk_full', 'could not write: it is full; make room, then open it again');
    }
    if (!this.#ioError.chance(disk.ioError)) return null;
    this.world.count('disk.io-error');
    return trouble('io_error', 'could not write: input/output error; check the disk, then open it again');
  }
}

class SimDiskSession implements StoreSession {
  readonly epoch: number;
  readonly lost: Promise<PerdureError>;
  readonly running: RunningRows;
  #tellLost: (reason: PerdureError) => void = () => undefined;
  #over: PerdureError | null = null;
  #waiting: Write[] = [];
  #syncing: readonly Write[] = [];
  #closing: Promise<void> | null = null;
  #rested: (() => void)[] = [];

  constructor(
    private readonly disk: SimDisk,
    private readonly process: SimProcess,
    private readonly durable: StoreSession,
  ) {
    this.epoch = durable.epoch;
    this.lost = new Promise((resolve) => (this.#tellLost = resolve));
    const { running } = durable;
    this.running = {
      ...running,
      write: (order, step) => {
        if (step !== null) casualtiesOf(disk.world).issued(running.place, step);
        return this.#keep(() => running.write(order, step));
      },
      forget: async (rows) => void (await this.#keep(() => running.forget(rows))),
      settle: async () => {
        casualtiesOf(disk.world).settled(running.place);
        await this.#keep(() => running.settle());
      },
    };
  }

  append(batch: readonly Append[]): Promise<AppendResult[]> {
    if (this.#over !== null || this.#closing !== null) return Promise.resolve(batch.map(() => 'unknown'));
    if (batch.length === 0) return Promise.resolve([]);
    const { world } = this.disk;
    for (const { row } of batch) world.trace.tell(world.nowMs, APPEND, hash32(row.bytes));
    const records = plainCopy(batch).map(
      (record) => async () => (await this.durable.append([record]))[0] ?? ('unknown' as const),
    );
    return this.#write(records, () => batch.map(() => 'unknown'));
  }

  async fence(): Promise<boolean> {
    return this.#over === null && this.#closing === null;
  }

  load(key: EntityKey): Promise<LoadedPage> {
    return this.#read((durable) => durable.load(key));
  }

  rows(key: EntityKey, fromSeq: number, limit: number): Promise<LoadedPage> {
    return this.#read((durable) => durable.rows(key, fromSeq, limit));
  }

  segment(key: EntityKey, name: string): Promise<Uint8Array | null> {
    return this.#read((durable) => durable.segment(key, name));
  }

  index(key: EntityKey): Promise<{ readonly index: EntityIndex; readonly seq: number } | null> {
    return this.#read((durable) => durable.index(key));
  }

  async mark(key: EntityKey, index: EntityIndex): Promise<void> {
    const copy = plainCopy(index);
    await this.#write([() => this.durable.mark(key, copy).then(() => 'ok' as const)], null);
  }

  due(namespace: string, until: number, limit: number): Promise<readonly DueEntity[]> {
    return this.#read((durable) => durable.due(namespace, until, limit));
  }

  nextDue(namespace: string, after: number): Promise<number | null> {
    return this.#read((durable) => durable.nextDue(namespace, after));
  }

  openWork(namespace: string, after: EntityKey | null, limit: number): Promise<readonly EntityKey[]> {
    return this.#read((durable) => durable.openWork(namespace, after, limit));
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#read((durable) => durable.list(query));
  }

  count(filter: EntityFilter): Promise<number> {
    return this.#read((durable) => durable.count(filter));
  }

  async note(key: EntityKey, name: string, bytes: Uint8Array | null): Promise<void> {
    const copy = bytes?.slice() ?? null;
    await this.#write([() => this.durable.note(key, name, copy).then(() => 'ok' as const)], null);
  }

  notes(key: EntityKey): Promise<readonly { readonly name: string; readonly bytes: Uint8Array }[]> {
    return this.#read((durable) => durable.notes(key));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The process has died: some prefix of what was on its way is on the disk. */
  tear(): void {
    this.#end(trouble('crashed', 'was left by a process that died'));
  }

  async #close(): Promise<void> {
    if (this.#over !== null) return;
    if (this.#syncing.length > 0) await new Promise<void>((done) => this.#rested.push(done));
    if (this.#over === null) this.#giveBack(trouble('closed', 'was closed: open it again'));
  }

  /** False when the session ended first. */
  #keep(put: () => Promise<unknown>): Promise<boolean> {
    return this.#write([() => put().then(() => 'ok' as const)], null).then(
      () => true,
      () => false,
    );
  }

  /** `unknown`: what a lost write is answered; null to reject. */
  #write(records: Write['records'], unknown: (() => AppendResult[]) | null): Promise<AppendResult[]> {
    const over = this.#over ?? (this.#closing && trouble('closed', 'is closed: open it again'));
    if (over !== null) return Promise.reject(over);
    if (!this.process.issue()) return never();
    this.disk.writtenAtMs = this.disk.world.nowMs;
    return new Promise((resolve, reject) => {
      const enter = (tell: () => void): void => this.process.enter(tell);
      this.#waiting.push({
        records,
        acknowledge: (results) => enter(() => resolve(results)),
        lose: (reason) => enter(() => (unknown === null ? reject(reason) : resolve(unknown()))),
      });
      if (this.#over === null && this.#syncing.length === 0) this.#sync();
    });
  }

  /** What waits by then shares one sync. */
  #sync(): void {
    const { world, draw } = this.disk;
    this.#syncing = this.#waiting;
    this.#waiting = [];
    world.at(world.nowMs + draw.between(SYNC_MS), SYNC, () => this.#synced(), this.#syncing.length);
  }

  #synced(): void {
    if (this.#over !== null) return;
    const failure = this.disk.failure();
    if (failure !== null) return this.#end(failure);
    const done = this.#syncing;
    this.#syncing = [];
    for (const { records, acknowledge } of done) void Promise.all(records.map((put) => put())).then(acknowledge);
    if (this.#waiting.length > 0) this.#sync();
    else for (const tell of this.#rested.splice(0)) tell();
  }

  #end(reason: PerdureError): void {
    if (this.#over !== null) return;
    const writes = [...this.#syncing, ...this.#waiting];
    const records = writes.flatMap((write) => write.records);
    const kept = this.disk.draw.below(records.length + 1);
    for (const put of records.slice(0, kept)) void put();
    if (records.length > 0) this.disk.world.count(kept === records.length ? 'disk.tail-kept' : 'disk.tail-lost');
    this.#giveBack(reason);
    for (const { lose } of writes) lose(reason);
    for (const tell of this.#rested.splice(0)) tell();
    this.process.enter(() => this.#tellLost(reason));
  }

  #giveBack(reason: PerdureError): void {
    this.#over = reason;
    this.#syncing = [];
    this.#waiting = [];
    this.disk.release();
  }

  #read<T>(ask: (durable: StoreSession) => Promise<T>): Promise<T> {
    const over = this.#over ?? (this.#closing && trouble('closed', 'is closed: open it again'));
    if (over !== null) return Promise.reject(over);
    if (!this.process.issue()) return never();
    const { world, draw } = this.disk;
    return new Promise((resolve, reject) => {
      world.at(world.nowMs + draw.between(READ_MS), READ, () => {
        ask(this.durable).then(
          (answer) => this.process.enter(() => resolve(answer)),
          (error: Error) => this.process.enter(() => reject(error)),
        );
      });
    });
  }
}

function trouble(reason: string, fact: string): PerdureError {
  return new PerdureError('unavailable', `the simulated disk ${fact}`, { reason });
}

import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'cassandra-driver';
import { Entity, Indexed, Query, Update, sleep } from '../framework';
import { testServices } from '../services/for-tests';
import { cassandra, memory, nats, silentLog, sqlite, startHost } from '.';
import type { CassandraOptions, HostOptions, RunningHost } from '.';
import type { HistoryEntry, PerdureClient } from './client';
import { connect } from './client';

@Entity('ledger')
class Ledger {
  entries: string[] = [];
  @Indexed('int') count = 0;
  woken = 0;

  @Update() add(entry: string): number {
    this.entries.push(entry);
    this.count += 1;
    return this.count;
  }

  @Query() all(): string[] {
    return this.entries;
  }
}

@Entity('sleeper')
class Sleeper {
  woken = 0;

  @Update() begin(): void {
    // Its run() begins with it.
  }

  @Query() times(): number {
    return this.woken;
  }

  async run(): Promise<void> {
    await sleep('2s');
    this.woken += 1;
  }
}

/** A bucket of its history holds some thirty of these pages, and snapshots between them. */
const PAGE_CHARACTERS = 700_000;
const PAGES = 40;

class Book {
  page = '';

  @Update() write(page: string): void {
    this.page = page;
  }

  @Query() first(): string {
    return this.page.slice(0, 8);
  }
}

@Entity('kept-book')
class KeptBook extends Book {}

@Entity('short-book')
class ShortBook extends Book {}

const IDS = Array.from({ length: 24 }, (_, i) => `L-${i}`);

describe('hosts over real servers', () => {
  const hosts: RunningHost[] = [];
  const clients: PerdureClient[] = [];
  const directories: string[] = [];
  let n = 0;

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    for (const host of hosts.splice(0)) await host.stop();
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  });

  async function names(): Promise<{
    readonly prefix: string;
    readonly servers: string;
    readonly options: CassandraOptions;
  }> {
    n += 1;
    const { nats: servers, cassandra: nodes } = await testServices();
    const name = `h${process.pid}_${Date.now().toString(36)}_${n}`;
    const [node = { host: '', port: 0 }] = nodes;
    const at = { contactPoints: [node.host], port: node.port, localDataCenter: 'datacenter1' };
    const made = { keyspace: name, migrate: true, createWithReplicas: 1, shards: 8, unsafe: ['replication'] as const };
    return { prefix: name, servers, options: { ...at, ...made } };
  }

  async function start(changes: Pick<HostOptions, 'store'> & Partial<HostOptions>): Promise<RunningHost> {
    const host = await startHost({
      entities: [Ledger, Sleeper],
      build: 'b1',
      log: silentLog,
      watchdog: 'off',
      ...changes,
    });
    hosts.push(host);
    return host;
  }

  async function client(prefix: string, servers: string): Promise<PerdureClient> {
    const made = await connect(nats({ servers, prefix }));
    clients.push(made);
    return made;
  }

  const addToAll = (perdure: PerdureClient, entry: string): Promise<number[]> =>
    Promise.all(IDS.map((id) => perdure.call(perdure.entity(Ledger, id), { timeout: '40s' }).add(entry)));

  it('serve entities while hosts join, and leave in order: nothing is lost, doubled or refused (C4, C11, S29)', async () => {
    const { prefix, servers, options } = await names();
    const first = await start({ store: cassandra(options), transport: nats({ servers, prefix }) });
    const perdure = await client(prefix, servers);
    expect(await addToAll(perdure, 'a')).toEqual(IDS.map(() => 1));
    await start({ store: cassandra(options), transport: nats({ servers, prefix }) });
    expect(await addToAll(perdure, 'b')).toEqual(IDS.map(() => 2));
    hosts.splice(hosts.indexOf(first), 1);
    const drained = first.drain();
    expect(await addToAll(perdure, 'c')).toEqual(IDS.map(() => 3));
    await drained;
    expect(await addToAll(perdure, 'd')).toEqual(IDS.map(() => 4));
    for (const id of IDS) expect(await perdure.entity(Ledger, id).all()).toEqual(['a', 'b', 'c', 'd']);
    expect((await perdure.describe(perdure.entity(Ledger, 'L-0'))).unsafe).toEqual(['replication']);
  });

  it('fire a timer of an entity whose host has gone, without anybody asking for it (C9)', async () => {
    const { prefix, servers, options } = await names();
    const first = await start({ store: cassandra(options), transport: nats({ servers, prefix }) });
    const perdure = await client(prefix, servers);
    await perdure.call(perdure.entity(Sleeper, 'T-1'), { timeout: '20s' }).begin();
    hosts.splice(0);
    await first.drain();
    await start({ store: cassandra(options), transport: nats({ servers, prefix }) });
    await perdure.result(perdure.entity(Sleeper, 'T-1'), { timeout: '30s' });
    expect(await perdure.entity(Sleeper, 'T-1').times()).toBe(1);
  });

  it('list what they have, from any process (C10)', async () => {
    const { prefix, servers, options } = await names();
    await start({ store: cassandra(options), transport: nats({ servers, prefix }) });
    const perdure = await client(prefix, servers);
    await addToAll(perdure, 'a');
    const listed = async (): Promise<string[]> => {
      const ids: string[] = [];
      for await (const { id } of perdure.list({ type: Ledger, where: { count: 1 } })) ids.push(id);
      return ids.sort();
    };
    while ((await listed()).length < IDS.length) await aMoment();
    expect(await listed()).toEqual([...IDS].sort());
    expect(await perdure.count({ type: Ledger })).toBe(IDS.length);
  });

  it('are what a small team runs with one directory: the embedded store, with callers over NATS', async () => {
    const { prefix, servers } = await names();
    const directory = mkdtempSync(join(tmpdir(), 'perdure-nats-'));
    directories.push(directory);
    const first = await start({ store: sqlite(directory), transport: nats({ servers, prefix }) });
    const perdure = await client(prefix, servers);
    expect(await addToAll(perdure, 'a')).toEqual(IDS.map(() => 1));
    hosts.splice(0);
    await first.stop();
    const waiting = addToAll(perdure, 'b');
    await start({ store: sqlite(directory), transport: nats({ servers, prefix }) });
    expect(await waiting).toEqual(IDS.map(() => 2));
  });

  it('delete what lies behind the last snapshot for longer than its type is to keep it, and no more (C2, C8)', async () => {
    const { prefix, servers, options } = await names();
    const entities = [KeptBook, ShortBook];
    const keeping = (): Promise<RunningHost> => {
      const at = { store: cassandra(options), transport: nats({ servers, prefix }) };
      return start({ entities, ...at, retention: { 'short-book': 0 } });
    };
    const first = await keeping();
    const perdure = await client(prefix, servers);
    const books = entities.map((entity) => perdure.entity(entity, 'B'));
    for (const book of books)
      for (let page = 0; page < PAGES; page += 1) await book.write(`${page}`.padEnd(8) + 'x'.repeat(PAGE_CHARACTERS));
    const { contactPoints, localDataCenter, keyspace, port = 9_042 } = options;
    const at = { contactPoints: [...contactPoints], localDataCenter, keyspace };
    const driver = new Client({ ...at, protocolOptions: { port } });
    const rowsOf = async (type: string): Promise<number> => {
      const bucket = `namespace = 'default' AND type = '${type}' AND id = 'B' AND bucket = 0`;
      return (await driver.execute(`SELECT seq FROM history WHERE ${bucket}`)).rowLength;
    };
    try {
      while ((await rowsOf('short-book')) > 0) await aMoment();
      expect(await rowsOf('kept-book')).toBeGreaterThan(0);
    } finally {
      await driver.shutdown();
    }
    hosts.splice(0);
    await first.drain();
    await keeping();
    for (const book of books)
      expect(await perdure.call(book, { timeout: '20s' }).first()).toBe(`${PAGES - 1}`.padEnd(8));
    const [kept, short] = await Promise.all(books.map((book) => perdure.history(book).next()));
    expect(kept?.value).toMatchObject({ seq: 1 });
    expect((short?.value as HistoryEntry).seq).toBeGreaterThan(1);
  });

  it('refuse to share a store where nobody could reach them', async () => {
    const { options } = await names();
    await expect(start({ store: cassandra(options), transport: memory() })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('give the host transport: nats({ servers })') as string,
    });
  });
});

const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));

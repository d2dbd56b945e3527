import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entity, Query, Signal, Update, activities, enqueue } from '../framework';
import { nats, serve, silentLog, sqlite, startHost } from '.';
import type { RunningHost } from '.';
import type { PerdureClient, ReplyInfo } from './client';
import { connect } from './client';
import type { SharedTransport } from './ports/transport';
import { NatsServer } from './transport/nats/nats-server.fixture';

interface Gate {
  pass(): Promise<void>;
  passed(): Promise<void>;
}
const gate = activities<Gate>('outage-gate');

@Entity('outage-log')
class OutageLog {
  entries: string[] = [];

  @Signal() note(entry: string): void {
    this.entries.push(entry);
  }

  @Update() async add(entry: string): Promise<number> {
    this.entries.push(entry);
    await gate.pass();
    // Runs once the turn is durable, as the answer leaves.
    enqueue(gate).passed();
    return this.entries.length;
  }

  @Query() all(): string[] {
    return this.entries;
  }
}

const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('a NATS server that is gone for a while (C14)', () => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-outage-'));
  let server: NatsServer;
  let host: RunningHost;
  let ends: readonly SharedTransport[];
  let perdure: PerdureClient;
  let entered = 0;
  let passed = 0;
  let open: () => void = () => undefined;

  beforeEach(async () => {
    server = await NatsServer.start(['authorization { user: "u", password: "right" }']);
    const options = { servers: server.url, user: 'u', password: 'right' };
    ends = [nats(options), nats(options)];
    const pass = async (): Promise<void> => {
      entered += 1;
      await new Promise<void>((resolve) => (open = resolve));
    };
    host = await startHost({
      entities: [OutageLog],
      activities: [serve(gate, { pass, passed: async () => void (passed += 1) })],
      store: sqlite(mkdtempSync(join(directory, 'store-'))),
      transport: ends[0] as SharedTransport,
      build: 'b1',
      log: silentLog,
      watchdog: 'off',
    });
    perdure = await connect(ends[1] as SharedTransport);
  });

  afterEach(async () => {
    await perdure.close();
    await host.stop();
    await server.stop();
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const outage = async (): Promise<void> => {
    await server.kill();
    while (ends.some(({ connected }) => connected)) await aMoment();
  };

  it('loses no host and no client: both go on when it is back, time after time, and new ones find them', async () => {
    const log = perdure.entity(OutageLog, 'L-1');
    for (const entry of ['a', 'b', 'c']) {
      await log.note(`${entry} before`);
      await outage();
      const during = log.note(`${entry} meanwhile`);
      await server.restart();
      await during;
    }
    const late = await connect(nats({ servers: server.url, user: 'u', password: 'right' }));
    const all = ['a before', 'a meanwhile', 'b before', 'b meanwhile', 'c before', 'c meanwhile'];
    expect(await late.entity(OutageLog, 'L-1').all()).toEqual(all);
    await late.close();
  });

  it('costs an answer, which the client gets under the same id when it asks again (S12)', async () => {
    const log = perdure.entity(OutageLog, 'L-2');
    const infos: ReplyInfo[] = [];
    const pending = perdure.call(log, { onReply: (info) => infos.push(info) }).add('once');
    while (entered === 0) await aMoment();
    await outage();
    open();
    while (passed === 0) await aMoment();
    await server.restart();
    expect(await pending).toBe(1);
    expect(infos).toMatchObject([{ duplicate: true }]);
    expect(await log.all()).toEqual(['once']);
  });

  it('may come back without knowing its users for a while', async () => {
    const log = perdure.entity(OutageLog, 'L-3');
    await log.note('before');
    server.configure(['authorization { user: "u", password: "other" }']);
    await outage();
    await server.restart();
    const during = log.note('after');
    for (let refusals = 0; refusals < 8; refusals += 1) await new Promise((resolve) => setTimeout(resolve, 250));
    server.configure(['authorization { user: "u", password: "right" }']);
    await outage();
    await server.restart();
    await during;
    expect(await log.all()).toEqual(['before', 'after']);
  });
});

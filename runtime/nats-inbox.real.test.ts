import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entity, Query, Signal, Update, contract } from '../framework';
import { testServices } from '../services/for-tests';
import { cassandra, nats, silentLog, sqlite, startHost } from '.';
import type { HostOptions, RunningHost } from '.';
import type { PerdureClient, ReplyInfo } from './client';
import { connect } from './client';

@Entity('inbox-diary')
class Diary {
  lines: string[] = [];

  @Signal() note(line: string): void {
    this.lines.push(line);
  }

  @Update() close(): number {
    this.lines.push('closed');
    return this.lines.length;
  }

  @Query() all(): string[] {
    return this.lines;
  }
}

/** As a caller of another release sees it. */
const otherDiary = contract<{ note(line: number): void }>('inbox-diary', { note: 'signal' });

describe('signals for which there is no host yet (C16)', () => {
  const root = mkdtempSync(join(tmpdir(), 'perdure-inbox-'));
  const hosts: RunningHost[] = [];
  const clients: PerdureClient[] = [];
  let servers: string;
  let prefix: string;
  let n = 0;

  beforeEach(async () => {
    ({ nats: servers } = await testServices());
    prefix = `inbox${process.pid}_${Date.now().toString(36)}_${(n += 1)}`;
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    for (const host of hosts.splice(0)) await host.stop();
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  async function client(): Promise<PerdureClient> {
    const made = await connect(nats({ servers, prefix, inbox: { maxBytes: 10_000_000 } }));
    clients.push(made);
    return made;
  }

  async function host(store: HostOptions['store']): Promise<RunningHost> {
    const transport = nats({ servers, prefix, inbox: { maxBytes: 10_000_000 } });
    const made = await startHost({ entities: [Diary], store, transport, build: 'b1', log: silentLog, watchdog: 'off' });
    hosts.push(made);
    return made;
  }

  const levels = async (perdure: PerdureClient, lines: readonly string[]): Promise<ReplyInfo['level'][]> => {
    const told: ReplyInfo['level'][] = [];
    const onReply = ({ level }: ReplyInfo): void => void told.push(level);
    for (const line of lines) await perdure.call(perdure.entity(Diary, 'D-1'), { onReply }).note(line);
    return told;
  };

  it('are applied once there is one, in their order and once, and what comes later comes after them (C15)', async () => {
    const perdure = await client();
    expect(await levels(perdure, ['a', 'b', 'c'])).toEqual(['accepted', 'accepted', 'accepted']);
    const closed = perdure.entity(Diary, 'D-1').close();
    await host(sqlite(mkdtempSync(join(root, 'store-'))));
    expect(await closed).toBe(4);
    expect(await levels(perdure, ['d'])).toEqual(['committed']);
    expect(await (await client()).entity(Diary, 'D-1').all()).toEqual(['a', 'b', 'c', 'closed', 'd']);
  });

  it('outlive the client that sent them, and wait between two hosts', async () => {
    const store = sqlite(mkdtempSync(join(root, 'store-')));
    const first = await host(store);
    const early = await client();
    await early.entity(Diary, 'D-1').note('a');
    hosts.splice(0);
    await first.drain();
    expect(await levels(early, ['b', 'c'])).toEqual(['accepted', 'accepted']);
    clients.splice(0);
    await early.close();
    await host(store);
    const late = await client();
    while ((await late.entity(Diary, 'D-1').all()).length < 3) await aMoment();
    expect(await late.entity(Diary, 'D-1').all()).toEqual(['a', 'b', 'c']);
  });

  it('that the host refuses stand in a list that callers see, and the others go on', async () => {
    const perdure = await client();
    await perdure.call(perdure.entity(otherDiary, 'D-1'), { messageId: 'wrong' }).note(7);
    await levels(perdure, ['a']);
    await host(sqlite(mkdtempSync(join(root, 'store-'))));
    expect(await perdure.entity(Diary, 'D-1').all()).toEqual(['a']);
    const letters = [];
    for await (const letter of perdure.deadLetters({ type: Diary })) letters.push(letter);
    expect(letters).toMatchObject([
      {
        type: 'inbox-diary',
        id: 'D-1',
        method: 'note',
        messageId: 'wrong',
        args: [7],
        error: { code: 'invalid_argument' },
      },
    ]);
    await perdure.discardDeadLetter(letters[0]!);
    expect(await perdure.deadLetters().next()).toMatchObject({ done: true });
  });

  it('are taken by whichever host of a cluster owns their entity', async () => {
    const { cassandra: nodes } = await testServices();
    const [node = { host: '', port: 0 }] = nodes;
    const at = { contactPoints: [node.host], port: node.port, localDataCenter: 'datacenter1' };
    const made = {
      keyspace: prefix,
      migrate: true,
      createWithReplicas: 1,
      shards: 8,
      unsafe: ['replication'] as const,
    };
    const perdure = await client();
    const ids = Array.from({ length: 16 }, (_, i) => `D-${i}`);
    const noteAll = (line: string) => Promise.all(ids.map((id) => perdure.entity(Diary, id).note(line)));
    await noteAll('a');
    await noteAll('b');
    for (let i = 0; i < 2; i += 1) await host(cassandra({ ...at, ...made }));
    const closed = await Promise.all(
      ids.map((id) => perdure.call(perdure.entity(Diary, id), { timeout: '40s' }).close()),
    );
    expect(closed).toEqual(ids.map(() => 3));
    for (const id of ids) expect(await perdure.entity(Diary, id).all()).toEqual(['a', 'b', 'closed']);
    expect(await perdure.deadLetters().next()).toMatchObject({ done: true });
  });
});

const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { cassandra } from '../../cassandra';
import type { ClusterSubject } from '../cluster-store.contract';
import { describeClusterStore } from '../cluster-store.contract';
import { systemClock } from '../../system/clock';
import { cassandraFor } from './cassandra.fixture';
import { connected } from './cassandra-store';
import type { CassandraOptions } from './options';

const SHARDS = 4;
const given = cassandraFor();

describeClusterStore(
  'Cassandra',
  async (): Promise<ClusterSubject> => {
    const options = await given.fresh({ shards: SHARDS });
    const stores = [await given.open(options), await given.open(options)] as const;
    return { stores, shards: SHARDS, complete: (promise) => promise };
  },
  { seeds: [1], operations: 1_500 },
);

describe('opening a keyspace', () => {
  const refusal = async (changes: Partial<CassandraOptions>): Promise<unknown> =>
    given.open({ ...(await given.fresh()), ...changes }).then(
      () => 'opened',
      (error: unknown) => error,
    );
  const says = (code: string, fact: string): unknown =>
    expect.objectContaining({ code, message: expect.stringContaining(fact) as string });

  it('makes no tables unless it is asked to, and leaves those of a newer build alone', async () => {
    const options = await given.fresh();
    await given.admin(
      `CREATE KEYSPACE ${options.keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 1}`,
    );
    expect(await refusal({ ...options, migrate: false })).toEqual(says('invalid_argument', 'migrate: true'));
    await given.open(options);
    await given.admin(`UPDATE ${options.keyspace}.meta SET value = '99' WHERE name = 'schema' IF EXISTS`);
    expect(await refusal(options)).toEqual(says('invalid_argument', 'has schema version 99, and this build knows 2'));
  });

  it('may be done by several hosts at once that all make its tables: they meet in one schema (C11)', async () => {
    const options = await given.fresh({ shards: SHARDS });
    const stores = await Promise.all(Array.from({ length: 5 }, () => given.open(options)));
    expect(await stores[0]?.setBorn('s')).toBe('ok');
    for (const store of stores) expect(await store.session('s')).toEqual({ born: true, dead: false });
  });

  it('waits for a node that does not know the keyspace yet', async () => {
    const options = await given.fresh();
    const waiting = connected(options, systemClock);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await given.admin(
      `CREATE KEYSPACE ${options.keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 1}`,
    );
    await (await waiting).close();
  });

  it('refuses a table whose reads repair nothing (C8)', async () => {
    const options = await given.fresh();
    await given.open(options);
    await given.admin(`ALTER TABLE ${options.keyspace}.history WITH read_repair = 'NONE'`);
    expect(await refusal(options)).toEqual(says('invalid_argument', "history has read_repair 'NONE'"));
  });

  it('takes user and password to a server that asks for none', async () => {
    const store = await given.open({ ...(await given.fresh()), username: 'someone', password: 'x' });
    expect(await store.shards()).toBe(256);
  });

  it('goes on where a migration broke off', async () => {
    const options = await given.fresh();
    await given.open(options);
    await given.admin(`DELETE FROM ${options.keyspace}.meta WHERE name = 'schema' IF EXISTS`);
    expect(await (await given.open(options)).shards()).toBe(256);
  });

  it('refuses a number of shards that is none', async () => {
    const options = await given.fresh();
    await given.open(options);
    await given.admin(`UPDATE ${options.keyspace}.meta SET value = 'many' WHERE name = 'shards' IF EXISTS`);
    await expect((await given.open(options)).shards()).rejects.toMatchObject({
      reason: 'corrupt',
      message: expect.stringContaining('says that it has many shards') as string,
    });
  });
});

describe('the watchdog of a cluster', () => {
  it('writes and removes the row of a running step over a connection of its own (S20)', async () => {
    const options = await given.fresh({ shards: SHARDS });
    const store = await given.open(options);
    const place = { shard: 1, epoch: 7 };
    const step = { key: { namespace: 'default', type: 'mill', id: 'm-1' }, input: 'timer 3', build: 'b1' };
    const thread = new Worker(
      `const { parentPort, workerData: { module, options, rows } } = require('node:worker_threads');
       const write = require(module).connect(options);
       parentPort.on('message', (i) => void write(...rows[i]).then(() => parentPort.postMessage('done')));`,
      {
        eval: true,
        workerData: {
          ...cassandra(options).runningWriter(),
          rows: [
            [place, 5, step],
            [place, 6, null],
          ],
        },
      },
    );
    thread.postMessage(0);
    await once(thread, 'message');
    expect(await store.running(1)).toEqual([{ ...step, epoch: 7 }]);
    thread.postMessage(1);
    await once(thread, 'message');
    expect(await store.running(1)).toEqual([]);
    await thread.terminate();
  });
});

import { join } from 'node:path';
import { startServices, stopServices } from '../../../services/services';
import { testOptions } from '../../../services/for-tests';
import { describeClusterStore } from '../cluster-store.contract';
import type { ClusterSubject } from '../cluster-store.contract';
import { cassandraFor } from './cassandra.fixture';

/** Of a cluster that is started for these tests alone: none of its nodes is ever started again. */
const base = testOptions(3);
const three = { ...base, durableSchema: false, directory: join(base.cache, 'test-run-three') };
const SHARDS = 4;
const given = cassandraFor(async () => {
  const { cassandra } = await startServices(three, (line) => void process.stderr.write(`services: ${line}\n`));
  return cassandra.map(({ address }) => address);
});

jest.setTimeout(400_000);
beforeAll(async () => void (await given.fresh()));
afterAll(() => stopServices(three, true));

/** The two clients come in through different nodes. */
const open = async (): Promise<ClusterSubject> => {
  const options = await given.fresh({ shards: SHARDS, createWithReplicas: 3, unsafe: [] });
  const other = { ...options, contactPoints: ['127.0.0.3'] };
  const stores = [await given.open(options), await given.open(other)] as const;
  return { stores, shards: SHARDS, complete: (promise) => promise };
};

describeClusterStore('Cassandra on three nodes with three replicas', open, { seeds: [2], operations: 400 });

describe('three nodes', () => {
  it('get one schema, whichever of them its makers come in by, and nothing of them is unsafe (C11)', async () => {
    const options = await given.fresh({ createWithReplicas: 3, unsafe: [] });
    const contactPoints = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.2'];
    const stores = await Promise.all(contactPoints.map((node) => given.open({ ...options, contactPoints: [node] })));
    expect(await stores[0]?.setBorn('s')).toBe('ok');
    for (const store of stores) expect(await store.session('s')).toEqual({ born: true, dead: false });
    expect(stores.map(({ unsafe }) => unsafe)).toEqual(contactPoints.map(() => []));
  });
});

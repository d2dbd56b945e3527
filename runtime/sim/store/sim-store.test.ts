import type { EntityKey } from '../../../framework/model/identity';
import type { ClusterStore, Pointer } from '../../ports/cluster-store';
import type { Row } from '../../ports/history-store';
import type { ProfileName } from '../faults/fault-profile';
import { PROFILES, profileOf } from '../faults/fault-profile';
import { describeClusterStore } from '../../store/cluster-store.contract';
import { freshSeed, SHARDS, storeWorld } from '../world/sim-world.fixture';
import { watchRows } from './store-workload.fixture';

const KEY: EntityKey = { namespace: 'default', type: 'account', id: 'a' };

const row = (seq: number, text: string): Row => ({ seq, epoch: 1, kind: 1, bytes: new Uint8Array(Buffer.from(text)) });

function pointerTo(seq: number, epoch: number, bucket: number): Pointer {
  return { seq, epoch, bucket, rows: 2, bytes: 200, kept: 1, gone: 0 };
}

describeClusterStore(
  'simulated store without faults',
  async () => {
    const { world, storeOf, processOf } = storeWorld({ seed: 1 });
    const stores = ['a', 'b'].map((name) => storeOf(processOf(name))) as [ClusterStore, ClusterStore];
    return Promise.resolve({ stores, shards: SHARDS, complete: (promise) => world.complete(promise) });
  },
  { seeds: [1, 2, 3, freshSeed()], operations: 1_500 },
);

describe('simulated store', () => {
  it('refuses writes and reads while two replicas are down, and serves again when one is back', async () => {
    const { world, cluster, storeOf, processOf } = storeWorld({ seed: 1 });
    const store = storeOf(processOf('a'));
    const [first, second] = cluster.set.nodes;
    for (const node of [first, second]) if (node) cluster.set.setUp(node, false);
    await world.run({ untilMs: 10_000 });
    expect(await world.complete(store.setBorn('s'))).toBe('refused');
    await expect(world.complete(store.session('s'))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(world.complete(store.lease(1))).rejects.toMatchObject({ code: 'unavailable' });
    expect(await world.complete(store.casLease(1, null, { owner: 'a', epoch: 1, nonce: 'n' }))).toBe('unknown');
    if (first) cluster.set.setUp(first, true);
    await world.run({ untilMs: 20_000 });
    expect(await world.complete(store.setBorn('s'))).toBe('ok');
    expect(await world.complete(store.session('s'))).toEqual({ born: true, dead: false });
    expect(await world.complete(store.lease(1))).toBeNull();
  });

  it('does not know the outcome while a dead replica is not noticed, though it may be written', async () => {
    const { world, cluster, storeOf, processOf } = storeWorld({ seed: 1 });
    const store = storeOf(processOf('a'));
    for (const node of cluster.set.nodes.slice(1)) cluster.set.setUp(node, false);
    expect(await world.complete(store.setDead('s'))).toBe('unknown');
    cluster.heal();
    await world.run({ untilMs: 60_000 });
    expect((await world.complete(store.session('s'))).dead).toBe(true);
  });

  it('answers nothing to a dead host, and nothing that it asks has an effect', async () => {
    const { world, storeOf, processOf } = storeWorld({ seed: 1 });
    const host = processOf('a');
    let answered = false;
    void storeOf(host)
      .setBorn('s1')
      .then(() => (answered = true));
    host.crash();
    void storeOf(host)
      .setBorn('s2')
      .then(() => (answered = true));
    await world.run();
    const reader = storeOf(processOf('b'));
    expect(answered).toBe(false);
    expect((await world.complete(reader.session('s1'))).born).toBe(true);
    expect((await world.complete(reader.session('s2'))).born).toBe(false);
  });

  it('brings a paused host its answer after the pause', async () => {
    const { world, storeOf, processOf } = storeWorld({ seed: 1 });
    const host = processOf('a');
    const pending = storeOf(host).setBorn('s');
    host.pause(3_600_000);
    expect(await world.complete(pending)).toBe('ok');
    expect(world.nowMs).toBeGreaterThanOrEqual(3_600_000);
  });

  it('loses the requests of a host that is cut off, or only their answers (C1)', async () => {
    const { world, cluster, storeOf, processOf } = storeWorld({ seed: 1 });
    const [host, reader] = ['a', 'b'].map((name) => storeOf(processOf(name))) as [ClusterStore, ClusterStore];
    cluster.links.cut('a', 'requests');
    expect(await world.complete(host.setBorn('s'))).toBe('unknown');
    expect(world.nowMs).toBe(1_500);
    expect((await world.complete(reader.session('s'))).born).toBe(false);
    cluster.links.mend('a');
    cluster.links.cut('a', 'replies');
    expect(await world.complete(host.setBorn('s'))).toBe('unknown');
    expect((await world.complete(reader.session('s'))).born).toBe(true);
    await expect(world.complete(host.session('s'))).rejects.toMatchObject({ code: 'unavailable' });
    cluster.heal();
    expect(await world.complete(host.setDead('s'))).toBe('ok');
  });

  it('tells what is written to the trace: hosts that write other bytes have another hash', async () => {
    const hashOf = async (text: string): Promise<string> => {
      const { world, storeOf, processOf } = storeWorld({ seed: 1 });
      await world.complete(storeOf(processOf('a')).casLease(1, null, { owner: 'a', epoch: 1, nonce: text }));
      await world.complete(storeOf(processOf('a')).writeRows(KEY, 0, [row(1, text)]));
      return world.trace.hash;
    };
    expect(await hashOf('x')).toBe(await hashOf('x'));
    expect(await hashOf('x')).not.toBe(await hashOf('y'));
  });

  it('mixes two pointers of one seq, as any row of several cells with one timestamp (C8a)', async () => {
    const { world, storeOf, processOf } = storeWorld({ seed: 1 });
    const store = storeOf(processOf('a'));
    await world.complete(store.writePointer(KEY, pointerTo(5, 1, 9)));
    await world.complete(store.writePointer(KEY, pointerTo(5, 2, 3)));
    expect(await world.complete(store.pointer(KEY))).toEqual(pointerTo(5, 2, 9));
  });

  it('reaches every fault and branch under its profiles', async () => {
    const reached = new Set<string>();
    const wild = profileOf(
      'wild',
      { store: { crashEveryMs: 500, downMs: [100, 1_000], legLate: 0.5 } },
      PROFILES.storm,
    );
    const names: ProfileName[] = [
      'lossy',
      'late-writes',
      'replica-down',
      'replica-cut',
      'host-cut',
      'amnesia',
      'no-read-repair',
    ];
    for (let seed = 1; seed <= 12; seed += 1) {
      for (const profile of [...names.map((name) => PROFILES[name]), wild]) {
        const { made } = await watchRows(profile, { seed, pauseMs: profile === wild ? 1 : 2_000 });
        for (const name of made.world.counts.keys()) reached.add(name);
      }
    }
    expect([...reached].sort()).toEqual([
      'process.crash',
      'store.amnesia',
      'store.coordinator-death',
      'store.coordinator-lost',
      'store.cut-replies',
      'store.cut-requests',
      'store.hint',
      'store.hint-loss',
      'store.hint-played',
      'store.leg-duplicate',
      'store.leg-late',
      'store.leg-loss',
      'store.leg-unreachable',
      'store.no-coordinator',
      'store.no-read-repair',
      'store.read-repair',
      'store.replica-back',
      'store.replica-crash',
      'store.replica-cut',
      'store.replica-joined',
      'store.reply-loss',
      'store.request-loss',
      'store.speculate',
      'store.timeout',
      'store.unavailable',
      'store.write-refused',
      'store.write-unknown',
    ]);
  });
});

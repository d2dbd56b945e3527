import { HEARTBEAT_DEAD_MS, HEARTBEAT_MS, SESSION_LOOK_MS } from '../config';
import type { Beat, ClusterStore } from '../ports/cluster-store';
import { PerdureError } from '../../framework/errors';
import { TestCluster } from './hosts.fixture';

const JOIN_MS = 10_000;

describe('a host of a cluster', () => {
  it('serves all shards of a new cluster within seconds, and answers (C3)', async () => {
    const cluster = new TestCluster(256);
    const only = await cluster.start('a');
    expect(await cluster.until(() => cluster.servedBy(only))).toBeLessThan(3_000);
    expect(await cluster.done(cluster.append(only, 'k-1', 'x'))).toMatchObject({ ok: true });
    expect(await cluster.read('k-1')).toEqual(['x']);
  });

  it('shares its shards with a host that joins, and marks nobody dead (C3, C4)', async () => {
    const cluster = new TestCluster(256);
    const first = await cluster.start('a');
    await cluster.until(() => cluster.servedBy(first));
    const second = await cluster.start('b');
    const even = (): boolean => cluster.servedBy(first, second) && Math.abs(first.serves - second.serves) <= 1;
    expect(await cluster.until(even)).toBeLessThan(JOIN_MS);
    expect([first.times('marked'), second.times('marked')]).toEqual([0, 0]);
    expect(second.times('takeover')).toBe(0);
  });

  it('takes over all shards of a dead one as soon as it may be suspected, with one mark (C3)', async () => {
    const cluster = new TestCluster(256);
    const dead = await cluster.start('a');
    await cluster.until(() => cluster.servedBy(dead));
    const heir = await cluster.start('b');
    await cluster.until(() => heir.serves === 128);
    dead.process.crash();
    const tookMs = await cluster.until(() => cluster.servedBy(heir));
    expect(tookMs).toBeGreaterThanOrEqual(HEARTBEAT_DEAD_MS - 1_000);
    expect(tookMs).toBeLessThan(HEARTBEAT_DEAD_MS + 4_000);
    expect([heir.times('marked'), heir.times('takeover')]).toEqual([1, 128]);
  });

  it('serves no more when it is stopped while a session of it is being born', async () => {
    const cluster = new TestCluster(16);
    let first: string | null = null;
    let stopped: Promise<void> | null = null;
    const watched = (store: ClusterStore): ClusterStore =>
      new Proxy(store, {
        get: (_, name) => {
          const value: unknown = Reflect.get(store, name);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]): unknown => {
            const written: unknown = Reflect.apply(value, store, args);
            if (name === 'writeBeat' && first !== null && (args[0] as Beat).session !== first)
              stopped ??= cluster.hosts[0]?.host.stop() ?? null;
            return written;
          };
        },
      });
    const only = await cluster.start('a', { store: watched });
    await cluster.until(() => cluster.servedBy(only));
    first = only.host.member?.session ?? null;
    await cluster.done(only.store.setDead(first ?? ''));
    expect(await cluster.until(() => stopped !== null)).toBeLessThan(SESSION_LOOK_MS * 3);
    await cluster.run(20_000);
    expect([only.host.member, only.serves]).toEqual([null, 0]);
  });

  it('hands its shards over when it drains, before any timeout, and leaves nothing behind (C3, C4)', async () => {
    const cluster = new TestCluster(64);
    const leaver = await cluster.start('a');
    await cluster.until(() => cluster.servedBy(leaver));
    const heir = await cluster.start('b');
    await cluster.until(() => heir.serves === 32);
    const session = leaver.host.member?.session ?? '';
    const leaves = leaver.host.drain();
    const said = async (): Promise<boolean | undefined> =>
      (await cluster.done(heir.store.beats())).find((beat) => beat.session === session)?.draining;
    await cluster.run(50);
    expect([await said(), leaver.serves]).toEqual([true, 32]);
    await cluster.done(leaves);
    expect(await cluster.until(() => cluster.servedBy(heir))).toBeLessThan(2_000);
    expect([leaver.times('drained'), heir.times('takeover')]).toEqual([1, 0]);
    expect(await cluster.done(heir.store.session(session))).toEqual({ born: true, dead: true });
    expect(await said()).toBeUndefined();
    expect(leaver.host.member).toBeNull();
  });

  it('serves the shards that it still has while it drains (C4)', async () => {
    const cluster = new TestCluster(64);
    const [leaver, heir] = [await cluster.start('a'), await cluster.start('b')];
    await cluster.until(() => cluster.servedBy(leaver, heir) && leaver.serves === 32);
    const ids = Array.from({ length: 40 }, (_, i) => `k-${i}`);
    const leaves = leaver.host.drain();
    const replies = await cluster.done(Promise.all(ids.map((id) => cluster.append(leaver, id, 'x'))));
    expect(replies.some(({ ok }) => ok)).toBe(true);
    await cluster.done(leaves);
    await cluster.until(() => cluster.servedBy(heir));
    for (const [at, reply] of replies.entries()) {
      if (reply.ok) expect(await cluster.read(ids[at] ?? '')).toEqual(['x']);
    }
  });

  it('stands aside when clients cannot reach it, as long as they reach another, and comes back (C3)', async () => {
    const cluster = new TestCluster(8);
    const [cut, other] = [await cluster.start('a'), await cluster.start('b')];
    await cluster.until(() => cluster.servedBy(cut, other) && cut.serves === 4);
    cut.connected = false;
    await cluster.run(HEARTBEAT_DEAD_MS - 1_000);
    expect(cut.serves).toBe(4);
    expect(await cluster.until(() => cluster.servedBy(other))).toBeLessThan(4_000);
    expect(cut.times('aside')).toBe(1);
    cut.connected = true;
    expect(await cluster.until(() => cut.serves === 4 && other.serves === 4)).toBeLessThan(JOIN_MS);
    expect([cut.times('session'), other.times('marked')]).toEqual([1, 0]);
  });

  it('keeps its shards when clients reach nobody (C3)', async () => {
    const cluster = new TestCluster(8);
    const [one, other] = [await cluster.start('a'), await cluster.start('b')];
    await cluster.until(() => cluster.servedBy(one, other) && one.serves === 4);
    one.connected = other.connected = false;
    await cluster.run(5 * HEARTBEAT_DEAD_MS);
    expect([one.serves, other.serves]).toEqual([4, 4]);
    expect(one.times('aside') + other.times('aside')).toBe(0);
  });

  it('begins a new session when its own is dead, and owns shards again (C1, C2)', async () => {
    const cluster = new TestCluster(8);
    const host = await cluster.start('a');
    await cluster.until(() => cluster.servedBy(host));
    const before = host.host.member?.session ?? '';
    await cluster.done(host.store.setDead(before));
    expect(await cluster.until(() => host.times('session') === 2)).toBeLessThan(SESSION_LOOK_MS + 2 * HEARTBEAT_MS);
    expect(await cluster.until(() => cluster.servedBy(host))).toBeLessThan(3_000);
    expect(host.host.member?.session).not.toBe(before);
  });

  it('reads its own session at once when its heartbeat row is gone (C1)', async () => {
    const cluster = new TestCluster(8);
    const host = await cluster.start('a');
    await cluster.until(() => cluster.servedBy(host));
    const session = host.host.member?.session ?? '';
    await cluster.done(host.store.setDead(session));
    await cluster.done(host.store.deleteBeat(session));
    expect(await cluster.until(() => host.times('session') === 2)).toBeLessThan(2 * HEARTBEAT_MS);
  });

  it('clears away the rows of dead hosts, and those alone (C1)', async () => {
    const cluster = new TestCluster(4);
    const stays = await cluster.start('a');
    for (const name of ['b', 'c', 'd']) (await cluster.start(name)).process.crash();
    const rows = async (): Promise<number> => (await cluster.done(stays.store.beats())).length;
    expect(await rows()).toBe(4);
    await cluster.run(2 * HEARTBEAT_DEAD_MS);
    expect(await rows()).toBe(1);
    expect([stays.times('swept'), stays.serves]).toEqual([3, 4]);
  });

  it('tries again to open a shard whose store could not be read (C3)', async () => {
    const cluster = new TestCluster(4);
    let broken = true;
    const wrap = (store: ClusterStore): ClusterStore => {
      const parts = store.parts.bind(store);
      store.parts = (shard) =>
        broken && shard === 2 ? Promise.reject(new PerdureError('unavailable', 'no quorum')) : parts(shard);
      return store;
    };
    const host = await cluster.start('a', { store: wrap });
    await cluster.run(5_000);
    expect(host.serves).toBe(3);
    expect(host.times('unopened')).toBeGreaterThan(1);
    broken = false;
    expect(await cluster.until(() => host.serves === 4)).toBeLessThan(2_000);
    expect(host.times('session')).toBe(1);
  });

  it('takes the other shards while one request for a lease hangs (C3)', async () => {
    const cluster = new TestCluster(16);
    const wrap = (store: ClusterStore): ClusterStore => {
      const lease = store.lease.bind(store);
      store.lease = (shard) => (shard === 0 ? new Promise(() => undefined) : lease(shard));
      return store;
    };
    const host = await cluster.start('a', { store: wrap });
    expect(await cluster.until(() => host.serves === 15)).toBeLessThan(3_000);
  });

  it('leaves a shard that does not come to rest to the rules of a dead session, and waits for nobody (C3, C4)', async () => {
    const cluster = new TestCluster(4);
    const wrap = (store: ClusterStore): ClusterStore => {
      store.writeRows = () => Promise.resolve('unknown');
      return store;
    };
    const stuck = await cluster.start('a', { store: wrap });
    await cluster.until(() => cluster.servedBy(stuck));
    const asked = cluster.append(stuck, 'k-1', 'x');
    const heir = await cluster.start('b');
    await cluster.until(() => heir.serves === 2);
    const session = stuck.host.member?.session ?? '';
    await cluster.done(stuck.host.drain());
    expect(await cluster.done(asked)).toMatchObject({ ok: false, error: { code: 'unavailable', reason: null } });
    expect(stuck.times('drained')).toBe(0);
    expect(await cluster.done(heir.store.session(session))).toEqual({ born: true, dead: true });
    expect(await cluster.until(() => cluster.servedBy(heir))).toBeLessThan(3_000);
    expect(heir.times('marked')).toBe(1);
  });

  it('stops beating and claims no shard when the store does not answer it, so that others take them (C3, C14)', async () => {
    const cluster = new TestCluster(4);
    const [deaf, heir] = [await cluster.start('a'), await cluster.start('b')];
    await cluster.until(() => cluster.servedBy(deaf, heir) && deaf.serves === 2);
    const { member } = deaf.host;
    const owned = (): number => [0, 1, 2, 3].filter((n) => member?.owner(n)?.session === member?.session).length;
    expect([member?.answered, owned()]).toEqual([true, 2]);
    cluster.made.cluster.links.cut('a', 'replies');
    const tookMs = await cluster.until(() => heir.serves === 4);
    // It cannot know that its shards are gone; but it holds up no callers, nor tells them to come.
    expect([deaf.serves, member?.answered, owned()]).toEqual([2, false, 0]);
    expect(tookMs).toBeGreaterThan(HEARTBEAT_DEAD_MS);
    expect(tookMs).toBeLessThan(2 * HEARTBEAT_DEAD_MS + 4_000);
    cluster.made.cluster.links.mend('a');
    expect(await cluster.until(() => deaf.times('session') === 2 && deaf.serves === 2)).toBeLessThan(JOIN_MS);
  });
});

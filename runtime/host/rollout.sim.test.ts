import 'reflect-metadata';
import { encodeValue } from '../../framework/codec/value';
import { Entity, Query, Update } from '../../framework/model/decorators';
import { HEARTBEAT_DEAD_MS } from '../config';
import type { ClusterStore } from '../ports/cluster-store';
import { shardOf } from '../wire/shard-map';
import type { TestHost } from './hosts.fixture';
import { TestCluster } from './hosts.fixture';

/** Does not repeat what `Journal` has recorded. */
@Entity('journal')
class LoudJournal {
  items: string[] = [];

  @Update() append(item: string): number {
    this.items.push(item.toUpperCase());
    return this.items.length;
  }

  @Query() read(): string[] {
    return this.items;
  }
}

const SHARDS = 4;
const SHARD = shardOf({ namespace: 'default', type: 'journal', id: 'k-1' }, SHARDS);
/** Of the same shard. */
const NEIGHBOUR = Array.from({ length: 100 }, (_, i) => `n-${i}`).find(
  (id) => shardOf({ namespace: 'default', type: 'journal', id }, SHARDS) === SHARD,
) as string;

interface Rollout {
  readonly cluster: TestCluster;
  readonly old: TestHost;
  readonly next: TestHost;
}

/** An older build has written k-1; a newer one has all shards. */
async function rollout(
  entities: readonly (typeof LoudJournal)[] | undefined,
  store?: (store: ClusterStore) => ClusterStore,
): Promise<Rollout> {
  const cluster = new TestCluster(SHARDS);
  const old = await cluster.start('old');
  await cluster.until(() => cluster.servedBy(old));
  await cluster.done(cluster.append(old, 'k-1', 'x'));
  const next = await cluster.start('next', {
    build: 'b-2',
    ...(entities === undefined ? {} : { entities }),
    ...(store === undefined ? {} : { store }),
  });
  await cluster.until(() => cluster.servedBy(next));
  return { cluster, old, next };
}

const owns = ({ host }: TestHost, shard: number): boolean => host.member?.serves.includes(shard) ?? false;

describe('a rollout of a newer build', () => {
  it('moves all shards to it, and marks nobody dead (S29, C3)', async () => {
    const { cluster, old, next } = await rollout(undefined);
    expect([old.serves, next.serves]).toEqual([0, SHARDS]);
    expect(await cluster.read('k-1')).toEqual(['x']);
    const third = await cluster.start('third', { build: 'b-2' });
    expect(await cluster.until(() => next.serves === 2 && third.serves === 2)).toBeLessThan(10_000);
    expect([old, next, third].map((host) => host.times('marked'))).toEqual([0, 0, 0]);
  });

  it('gives a shard back, once, whose entity the newer build cannot repeat (S29)', async () => {
    const { cluster, old, next } = await rollout([LoudJournal]);
    const told = await cluster.ask(next, 'k-1');
    expect(told).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    expect(await cluster.until(() => owns(old, SHARD))).toBeLessThan(5_000);
    expect(await cluster.read('k-1')).toEqual(['x']);
    expect(await cluster.done(cluster.append(old, 'k-1', 'y'))).toMatchObject({ ok: true });
    expect([old.serves, next.serves, next.times('offered')]).toEqual([1, SHARDS - 1, 1]);
    await cluster.done(old.host.drain());
    await cluster.until(() => owns(next, SHARD));
    expect(await cluster.ask(next, 'k-1')).toMatchObject({
      ok: false,
      error: { code: 'internal', reason: 'divergence' },
    });
    expect(next.times('offered')).toBe(1);
  });

  it('keeps a shard of which it has written a record, and holds the entity that diverges (S25, S29)', async () => {
    const { cluster, old, next } = await rollout([LoudJournal]);
    expect(await cluster.done(cluster.append(next, NEIGHBOUR, 'x'))).toMatchObject({ ok: true });
    expect(await cluster.ask(next, 'k-1')).toMatchObject({ ok: false, error: { reason: 'divergence' } });
    await cluster.run(5_000);
    expect([old.serves, next.serves, next.times('offered')]).toEqual([0, SHARDS, 0]);
  });

  it('holds the entity when no host of an older build is left (S25, S29)', async () => {
    const { cluster, old, next } = await rollout([LoudJournal]);
    await cluster.done(old.host.drain());
    await cluster.run(2_000);
    expect(await cluster.ask(next, 'k-1')).toMatchObject({ ok: false, error: { reason: 'divergence' } });
    expect(next.times('offered')).toBe(0);
  });

  it('holds what only the newer build can repeat while none of its hosts lives, and then serves it again (S29)', async () => {
    const { cluster, old, next } = await rollout([LoudJournal]);
    expect(await cluster.done(cluster.append(next, NEIGHBOUR, 'loud'))).toMatchObject({ ok: true });
    next.process.crash();
    await cluster.until(() => cluster.servedBy(old), 30_000);
    expect(await cluster.ask(old, NEIGHBOUR)).toMatchObject({
      error: {
        reason: 'divergence',
        message: expect.stringContaining("recorded by build 'b-2', run by 'b-1'") as string,
      },
    });
    const again = await cluster.start('again', { build: 'b-2', entities: [LoudJournal] });
    await cluster.until(() => again.serves === SHARDS);
    expect(await cluster.done(cluster.append(again, NEIGHBOUR, 'louder'))).toMatchObject({
      ok: true,
      value: encodeValue(2),
    });
  });

  it('leaves no shard without an owner when a host dies between its offer and the hand-over (S29)', async () => {
    let die = (): void => undefined;
    const { cluster, old, next } = await rollout([LoudJournal], (store) => {
      const write = store.writeOffer.bind(store);
      store.writeOffer = async (offer) => {
        const outcome = await write(offer);
        die();
        return outcome;
      };
      return store;
    });
    die = () => next.process.crash();
    void next.host.answer({ op: 'describe', key: { namespace: 'default', type: 'journal', id: 'k-1' } });
    expect(await cluster.until(() => cluster.servedBy(old))).toBeLessThan(HEARTBEAT_DEAD_MS + 4_000);
    const again = await cluster.start('again', { build: 'b-2', entities: [LoudJournal] });
    await cluster.until(() => again.serves === SHARDS - 1);
    expect(owns(old, SHARD)).toBe(true);
    expect(await cluster.read('k-1')).toEqual(['x']);
  });

  it('gives an offered shard to the newest build when the older hosts are dead, and it can be written again (S29)', async () => {
    const { cluster, old, next } = await rollout([LoudJournal]);
    await cluster.ask(next, 'k-1');
    old.process.crash();
    expect(await cluster.until(() => next.serves === SHARDS, 30_000)).toBeLessThan(30_000);
    expect(await cluster.done(cluster.append(next, NEIGHBOUR, 'x'))).toMatchObject({ ok: true });
  });
});

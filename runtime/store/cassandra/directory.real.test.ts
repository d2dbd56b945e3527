import type { DirectoryPart, Listing } from '../../ports/cluster-store';
import type { EntityFilter, EntityIndex, IndexedValue, ListQuery } from '../../ports/history-store';
import { Directory, directoryPart } from '../../shard/directory';
import { ClusterModel } from '../../sim/store/cluster-model.fixture';
import { cassandraFor } from './cassandra.fixture';

const given = cassandraFor();
const TYPE = { namespace: 'default', type: 'account' };
const PART: DirectoryPart = { ...TYPE, slot: 3 };
const STATUSES = ['active', 'held', 'completed'] as const;

function listingOf(id: string, fields: EntityIndex['fields'], seq = 1): Listing {
  const status = STATUSES[id.length % 3] ?? 'active';
  const index: EntityIndex = { status, wakeAt: null, open: false, fields, build: 'b', createdAt: 1, updatedAt: seq };
  return { id, index, seq, stamp: seq * 1_024 };
}

const idsOf = (listings: readonly { readonly id: string }[]): string[] => listings.map(({ id }) => id);

describe('the directory in a keyspace (C10)', () => {
  it('is found by its indexes: one read of a partition holds all of a few matches among many', async () => {
    const store = await given.open(await given.fresh());
    const name = (i: number): string => `e${String(i).padStart(4, '0')}`;
    for (let from = 0; from < 1_200; from += 100) {
      const listings = Array.from({ length: 100 }, (_, i) => {
        const n = from + i;
        return listingOf(name(n), { tier: n % 400 === 7 ? 'gold' : 'basic', points: n, vip: n === 900 });
      });
      expect(await store.writeListings(PART, listings)).toBe('ok');
    }
    const found = async (where: NonNullable<EntityFilter['where']>): Promise<unknown> => {
      const { listings, next } = await store.listings({ ...TYPE, where }, PART.slot, null, 1_000);
      return { ids: idsOf(listings), next };
    };
    expect(await found({ tier: { eq: 'gold' } })).toEqual({ ids: [name(7), name(407), name(807)], next: null });
    expect(await found({ points: { gte: 1_100, lt: 1_102 } })).toEqual({ ids: [name(1_100), name(1_101)], next: null });
    expect(await found({ vip: { eq: true } })).toEqual({ ids: [name(900)], next: null });
    expect(await found({ tier: { gt: 'c' } })).toMatchObject({ ids: [name(7), name(407)], next: name(499) });
    await store.writeListings(PART, [listingOf(name(407), { tier: null, points: 0 }, 2)]);
    expect(await found({ tier: { eq: 'gold' } })).toEqual({ ids: [name(7), name(807)], next: null });
  });

  it('answers as the model does: filters, sorting, pages and counts over all partitions', async () => {
    const store = await given.open(await given.fresh());
    const model = new ClusterModel(1);
    for (let i = 0; i < 150; i += 1) {
      const tier = [null, 'gold', 'basic', ''][i % 4] as IndexedValue;
      const listing = listingOf(`${(i * 7_919) % 1_000}${'x'.repeat(i % 3)}`, {
        tier,
        points: i % 10,
        vip: i % 2 === 0,
      });
      for (const one of [store, model]) await one.writeListings(directoryPart({ ...TYPE, id: listing.id }), [listing]);
    }
    const filters: readonly Omit<EntityFilter, 'namespace' | 'type'>[] = [
      {},
      { where: { tier: { eq: 'gold' } } },
      { where: { tier: { eq: '' }, points: { gt: 3 } } },
      { where: { tier: { eq: null } } },
      { where: { points: { gte: 3, lt: 5 }, vip: { eq: true } } },
      { status: ['held'] },
      { status: ['held', 'completed'], where: { tier: { gte: 'c' } } },
    ];
    const pages = async (directory: Directory, query: Omit<ListQuery, 'limit'>): Promise<string[]> => {
      const ids: string[] = [];
      for (let after: string | null = ''; after !== null;) {
        const page = await directory.list({ ...query, limit: 20, ...(after && { after }) });
        ids.push(...idsOf(page.entities));
        after = page.next;
      }
      return ids;
    };
    for (const filter of filters)
      for (const orderBy of [undefined, { field: 'points', descending: true }]) {
        const query = { ...TYPE, ...filter, ...(orderBy && { orderBy }) };
        expect(await pages(new Directory(store), query)).toEqual(await pages(new Directory(model), query));
        expect(await new Directory(store).count(query)).toBe(await new Directory(model).count(query));
      }
  });

  it('gives each field one column, whichever of two hosts lists it first, and finds fields without one too', async () => {
    const options = await given.fresh();
    const stores = [await given.open(options), await given.open(options)];
    const fields = (shift: number): EntityIndex['fields'] =>
      Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`f${(i + shift) % 10}`, i + shift]));
    const outcomes = stores.map((store, i) => store.writeListings(PART, [listingOf(`e${i}`, fields(i * 5))]));
    expect(await Promise.all(outcomes)).toEqual(['ok', 'ok']);
    const rows = await given.admin(`SELECT column_name, field FROM ${options.keyspace}.directory_column`);
    expect(rows).toHaveLength(8);
    expect(new Set(rows.map((row) => String(row['field']))).size).toBe(8);
    for (let i = 0; i < 10; i += 1) {
      const filter = { ...TYPE, where: { [`f${i}`]: { eq: i } } };
      for (const store of stores)
        expect(idsOf((await store.listings(filter, PART.slot, null, 10)).listings)).toEqual(
          i < 5 ? ['e0'] : ['e0', 'e1'],
        );
    }
  });

  it('of a keyspace of version 1 is written again when that is migrated, and not before that is asked for', async () => {
    const options = await given.ofVersion(1, await given.fresh({ shards: 8 }));
    const old = [
      listingOf('e1', { tier: 'gold' }, 7),
      listingOf('e22', { tier: 'basic' }, 4),
      listingOf('ä', { points: 5 }),
    ];
    for (const { id, index, seq, stamp } of old)
      await given.admin(
        `UPDATE ${options.keyspace}.directory USING TIMESTAMP ${stamp} SET listing = ` +
          `'${JSON.stringify([seq, stamp, index])}' WHERE namespace = 'default' AND type = 'account' AND slot = 3 AND id = '${id}'`,
      );
    await expect(given.open({ ...options, migrate: false })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('has schema version 1, and this build needs 2') as string,
    });
    const store = await given.open(options);
    expect(await store.shards()).toBe(8);
    const where = { tier: { eq: 'gold' } };
    expect((await store.listings({ ...TYPE, where }, PART.slot, null, 10)).listings).toEqual([old[0]]);
    expect((await store.listings({ ...TYPE, status: ['held'] }, PART.slot, null, 10)).listings).toEqual(
      old.filter(({ index }) => index.status === 'held'),
    );
    await store.writeListings(PART, [listingOf('e1', { tier: 'basic' }, 6)]);
    expect(await store.listing(PART, 'e1')).toEqual(old[0]);
    await given.open({ ...options, migrate: false });
  });
});

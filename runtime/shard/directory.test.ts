import { DIRECTORY_SORT_ENTITIES } from '../config';
import type { ClusterStore, Listing, ListingPage } from '../ports/cluster-store';
import type { EntityFilter, EntityIndex, ListQuery } from '../ports/history-store';
import { compareText, matches } from '../ports/query';
import { ClusterModel } from '../sim/store/cluster-model.fixture';
import { Directory, directoryPart } from './directory';

const QUERY: ListQuery = { namespace: 'default', type: 'account', limit: 7 };
const INDEX: EntityIndex = {
  status: 'active',
  wakeAt: null,
  open: false,
  fields: {},
  build: 'b',
  createdAt: 1,
  updatedAt: 2,
};

function listingOf(id: string, points: number): Listing {
  return { id, index: { ...INDEX, fields: { points } }, seq: 1, stamp: 1_024 };
}

async function modelOf(listings: readonly Listing[]): Promise<ClusterStore> {
  const model = new ClusterModel(1);
  for (const listing of listings)
    await model.writeListings(directoryPart({ namespace: 'default', type: 'account', id: listing.id }), [listing]);
  return model;
}

/** Looks at two listings a call, whether they match or not. */
function sparse(store: ClusterStore): Pick<ClusterStore, 'listings'> {
  return {
    listings: async (filter: EntityFilter, slot: number, after: string | null, limit: number): Promise<ListingPage> => {
      const { namespace, type } = filter;
      const { listings, next } = await store.listings({ namespace, type }, slot, after, Math.min(limit, 2));
      return { listings: listings.filter(({ index }) => matches(index, filter)), next };
    },
  };
}

async function allIds(directory: Directory, query: ListQuery): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = ''; after !== null;) {
    const page = await directory.list({ ...query, ...(after && { after }) });
    expect(page.entities.length).toBeLessThanOrEqual(query.limit);
    ids.push(...page.entities.map(({ id }) => id));
    after = page.next;
  }
  return ids;
}

describe('the directory of a cluster', () => {
  const many = Array.from({ length: 300 }, (_, i) => listingOf(`${(i * 7_919) % 1_000}-ä\u{1F600}`, i % 50));

  it.each(['whole', 'sparse'])(
    'lists all that matches, once, in the order of ids, from a %s store (C10)',
    async (kind) => {
      const store = await modelOf(many);
      const directory = new Directory(kind === 'whole' ? store : sparse(store));
      const inOrder = many.map(({ id }) => id).sort(compareText);
      expect(await allIds(directory, QUERY)).toEqual(inOrder);
      const few = many.filter(({ index }) => index.fields['points'] === 49).map(({ id }) => id);
      const where = { points: { eq: 49 } };
      expect(await allIds(directory, { ...QUERY, where })).toEqual(few.sort(compareText));
      expect(await directory.count({ ...QUERY, where })).toBe(few.length);
      expect(await directory.count(QUERY)).toBe(300);
    },
  );

  it('hands out a short page with a token when few of many match (C10)', async () => {
    const directory = new Directory(sparse(await modelOf(many)));
    const page = await directory.list({ ...QUERY, where: { points: { eq: -1 } } });
    expect(page.entities).toEqual([]);
    const rest = Array.from({ length: 700 }, (_, i) => listingOf(`z${i}`, 1));
    const longer = new Directory(sparse(await modelOf([...many, ...rest])));
    const first = await longer.list({ ...QUERY, where: { points: { eq: -1 } } });
    expect(first.entities).toEqual([]);
    expect(first.next).not.toBeNull();
    expect(await allIds(longer, { ...QUERY, where: { points: { eq: -1 } } })).toEqual([]);
  });

  it('sorts by a field, ties by id, and pages through it (C10)', async () => {
    const directory = new Directory(sparse(await modelOf(many)));
    const byPoints = [...many].sort(
      (a, b) => Number(b.index.fields['points']) - Number(a.index.fields['points']) || compareText(b.id, a.id),
    );
    const query = { ...QUERY, limit: 90, orderBy: { field: 'points', descending: true } };
    expect(await allIds(directory, query)).toEqual(byPoints.map(({ id }) => id));
  });

  it('refuses to sort more than its bound, and names the remedy (C10)', async () => {
    const part = (slot: number): { namespace: string; type: string; slot: number } => ({ ...QUERY, slot });
    const model = new ClusterModel(1);
    const half = DIRECTORY_SORT_ENTITIES / 2;
    const each = (slot: number): Listing[] => Array.from({ length: half }, (_, i) => listingOf(`${slot}-${i}`, i));
    await model.writeListings(part(0), each(0));
    await model.writeListings(part(1), each(1));
    const directory = new Directory(model);
    const query = { ...QUERY, orderBy: { field: 'points', descending: false } };
    expect((await directory.list(query)).entities).toHaveLength(7);
    await model.writeListings(part(2), [listingOf('one-more', 1)]);
    await expect(directory.list(query)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('narrow it') as string,
    });
    expect((await directory.list({ ...query, where: { points: { eq: 3 } } })).entities).toHaveLength(2);
    expect((await directory.list(QUERY)).entities).toHaveLength(7);
  });
});

/**
 * Cluster store contract: what any store that hosts share must do, over two of its clients.
 *
 * Owns: random operations of all kinds, each compared with plain maps (`ClusterModel`), and the rules for what comes late.
 * An adapter's test calls `describeClusterStore`.
 */

import type { EntityKey } from '../../framework/model/identity';
import type { Beat, ClusterStore, IndexEntry, IndexPart, Lease, Listing, Pointer } from '../ports/cluster-store';
import type { EntityFilter, EntityIndex, FieldTest, IndexedValue, Row } from '../ports/history-store';
import { ClusterModel } from '../sim/store/cluster-model.fixture';
import { SimRandom } from '../sim/world/random';
import type { SimStream } from '../sim/world/random';

/** An empty store, and how a promise of it comes to its end. */
export interface ClusterSubject {
  readonly stores: readonly [ClusterStore, ClusterStore];
  readonly shards: number;
  complete<T>(promise: Promise<T>): Promise<T>;
}

const IDS = ['a', 'b\0c', 'ä\u{1F600}', 'ä\uFFFD', 'x'.repeat(512)];
const KEY: EntityKey = { namespace: 'default', type: 'account', id: 'a' };
const PART: IndexPart = { kind: 'timer', epoch: 1, bucket: 'm1' };

type Operation = (store: ClusterStore) => Promise<unknown>;

const keyOf = (draw: SimStream): EntityKey => ({ namespace: 'default', type: draw.of(['t', 'u']), id: draw.of(IDS) });
const partOf = (draw: SimStream): IndexPart => ({
  kind: draw.of(['timer', 'work', 'touch']),
  epoch: draw.below(3),
  bucket: draw.of(['m1', 'h2']),
});
const entriesOf = (draw: SimStream): IndexEntry[] =>
  Array.from({ length: 1 + draw.below(3) }, () => ({ at: draw.below(20), key: keyOf(draw) }));

/** The bytes follow from the place: a place has one byte string for ever (C5). */
function rowOf(seq: number, epoch: number, id: string): Row {
  return { seq, epoch, kind: 1 + (seq % 3), bytes: new Uint8Array(Buffer.from(`${seq}.${epoch}.${id.slice(0, 5)}`)) };
}

function pointerTo(seq: number, epoch: number, bucket: number): Pointer {
  return { seq, epoch, bucket, rows: 2, bytes: 200, kept: 1, gone: 0 };
}

function drawRows(draw: SimStream): Operation {
  const key = keyOf(draw);
  const bucket = draw.below(2);
  const place = { seq: draw.below(30), epoch: draw.below(3) };
  if (draw.below(40) === 0) return (store) => store.deleteBucket(key, bucket);
  if (draw.below(2) === 0) {
    const limit = 1 + draw.below(6);
    return (store) => store.readRows(key, bucket, place, limit);
  }
  const rows = Array.from({ length: 1 + draw.below(3) }, (_, i) => rowOf(place.seq + i, place.epoch, key.id));
  return (store) => store.writeRows(key, bucket, rows);
}

function drawIndex(draw: SimStream, shards: number): Operation {
  const shard = draw.below(shards);
  const part = partOf(draw);
  const entries = entriesOf(draw);
  const at = draw.below(1_000);
  const after = draw.below(3) === 0 ? null : (entries[0] as IndexEntry);
  return draw.of<Operation>([
    (store) => store.writeParts(shard, [part]),
    (store) => store.parts(shard),
    (store) => store.writeEntries(shard, part, entries),
    (store) => store.deleteEntries(shard, part, entries),
    (store) => store.entries(shard, part, after, 1 + (at % 4)),
    (store) => store.deleteParts(shard, [part]),
    (store) => store.clearPart(shard, { ...part, bucket: `c${at % 7}` }),
    (store) => store.writeEntries(shard, { ...part, bucket: `c${at % 7}` }, entries),
    (store) => store.entries(shard, { ...part, bucket: `c${at % 7}` }, after, 3),
    (store) => store.writeWatermark(shard, { epoch: part.epoch, at: 1 + at }),
    (store) => store.watermarks(shard),
    (store) => store.deleteWatermarks(shard, [3 + part.epoch]),
    (store) => store.writeWatermark(shard, { epoch: 3 + part.epoch, at: 1 + at }),
  ]);
}

function drawOwnership(draw: SimStream, leases: readonly (Lease | null)[]): Operation {
  const shards = leases.length;
  const session = draw.of(['s1', 's2', 's3']);
  const shard = draw.below(shards);
  const beat = draw.below(10);
  const row: Beat = {
    session,
    beat,
    build: `b${beat}`,
    ordinal: 1,
    connected: true,
    draining: false,
    shards: [[1, beat]],
  };
  const next = { owner: session, epoch: draw.below(4), nonce: String(draw.word()) };
  const expected = draw.below(2) === 0 ? (leases[shard] ?? null) : null;
  return draw.of<Operation>([
    (store) => store.setBorn(session),
    (store) => store.setDead(session),
    (store) => store.session(session),
    (store) => store.writeBeat(row),
    (store) => store.beats(),
    (store) => store.deleteBeat('s3'),
    (store) => store.builds(),
    (store) => store.writeOffer({ shard, ordinal: 1 + (beat % 3) }),
    (store) => store.offers(),
    (store) => store.casBuild(1 + (beat % 3), row.build),
    (store) => store.lease(shard),
    (store) => store.casLease(shard, expected, next),
    (store) => store.shards(),
  ]);
}

function drawKeyed(draw: SimStream): Operation {
  const key = keyOf(draw);
  const seq = draw.below(50);
  const name = draw.of(['n1', 'n2']);
  const bytes = new Uint8Array(Buffer.from(key.id + name));
  const noted = seq % 5 === 0 ? null : bytes;
  return draw.of<Operation>([
    (store) => store.writeNote(key, name, noted, seq),
    (store) => store.notes(key),
    (store) => store.writePointer(key, pointerTo(seq, seq % 7, seq % 3)),
    (store) => store.pointer(key),
    (store) => store.writeBlob(key, name, bytes),
    (store) => store.blob(key, name),
    (store) => (seq === 0 ? store.deleteBlob(key, name) : store.blob(key, name)),
  ]);
}

const LONG = 'long'.repeat(100);
const POINTS: readonly IndexedValue[] = [0, 2.5, 7, null, -1e12];
const TIERS: readonly IndexedValue[] = ['gold', '', '-', null, `${LONG}1`, `${LONG}2`, 'ä\u{1F600}'];
const MIXED: readonly IndexedValue[] = ['gold', 7, true, false, null];

/** What a stamp writes of an entity follows from both: no two owners write the same (`lister`). */
function listingWith(id: string, stamp: number): Listing {
  const turn = stamp + id.length;
  const of = <T>(values: readonly T[]): T => values[turn % values.length] as T;
  const fields = { points: of(POINTS), tier: of(TIERS), mixed: of(MIXED), ...(turn % 2 === 0 && { odd: turn }) };
  const status = of<EntityIndex['status']>(['active', 'held', 'completed', 'unborn']);
  const seq = Math.floor(stamp / 1_024);
  const index = { status, wakeAt: null, open: false, fields, build: 'b', createdAt: 1, updatedAt: seq };
  return { id, index, seq, stamp };
}

function drawTest(draw: SimStream): FieldTest {
  const value = draw.of([...POINTS, ...TIERS, ...MIXED]);
  const bound = draw.of([2.5, 0, -0, 'gold', '', 7]);
  const other = draw.of([7, 1e300, 'h', -1]);
  return draw.of<FieldTest>([
    { eq: value },
    { gte: bound },
    { gt: bound },
    { lt: bound },
    { lte: bound, gt: other },
    { gte: bound, lt: other },
    { gt: bound, gte: other, lt: 1e300, lte: 8 },
    { eq: value, gte: bound },
  ]);
}

function drawListing(draw: SimStream): Operation {
  const { namespace, type, id } = keyOf(draw);
  const part = { namespace, type, slot: draw.below(2) };
  const listings = Array.from({ length: 1 + draw.below(3) }, (): Listing => {
    return listingWith(draw.of(IDS), (1 + draw.below(9)) * 1_024 + draw.below(2));
  });
  const unique = [...new Map(listings.map((listing) => [listing.id, listing])).values()];
  const after = draw.below(3) === 0 ? draw.of(IDS) : null;
  const where = Object.fromEntries(
    ['points', 'tier', 'mixed', 'odd', 'none']
      .filter(() => draw.below(4) === 0)
      .map((field) => [field, drawTest(draw)]),
  );
  const status = draw.of<EntityFilter['status']>([undefined, ['active'], ['held', 'active'], ['unborn'], []]);
  const filter = { namespace, type, where, ...(status && { status }) };
  const limit = 1 + draw.below(3);
  return draw.of<Operation>([
    (store) => store.writeListings(part, unique),
    (store) => store.listing(part, id),
    (store) => store.listings(filter, part.slot, after, limit),
    (store) => store.listings(filter, part.slot, after, 100),
  ]);
}

/** What an order writes follows from it. */
function drawRunning(draw: SimStream, shards: number): Operation {
  const place = { shard: draw.below(shards), epoch: 1 + draw.below(4) };
  const order = draw.below(9);
  const running = { key: { ...KEY, id: IDS[order % IDS.length] as string }, input: `timer ${order}`, build: 'b1' };
  return draw.of<Operation>([
    (store) => store.writeRunning(place, order, order % 2 === 0 ? running : null),
    (store) => store.running(place.shard),
    (store) => store.writeStable(place.shard, place.epoch),
    (store) => store.stable(place.shard),
  ]);
}

/** `open` gives an empty store; so many operations are compared per seed. */
export function describeClusterStore(
  name: string,
  open: () => Promise<ClusterSubject>,
  { seeds, operations }: { readonly seeds: readonly number[]; readonly operations: number },
): void {
  describe(`${name}, as any store that hosts share`, () => {
    it.each(seeds)('agrees with plain maps on random operations of two hosts, seed %d', async (seed) => {
      const { stores, shards, complete } = await open();
      const model = new ClusterModel(shards);
      const draw = new SimRandom(seed).stream('operations');
      for (let i = 0; i < operations; i += 1) {
        const leases = await Promise.all(Array.from({ length: shards }, (_, shard) => model.lease(shard)));
        const kinds = [
          drawRows,
          (d: SimStream) => drawIndex(d, shards),
          drawKeyed,
          drawListing,
          (d: SimStream) => drawRunning(d, shards),
          (d: SimStream) => drawOwnership(d, leases),
        ];
        const operation = draw.of(kinds)(draw);
        const answer = await complete(operation(draw.of(stores)));
        expect({ i, answer }).toEqual({ i, answer: await operation(model) });
      }
    });

    it('shares no bytes with whoever writes or reads', async () => {
      const { stores, complete } = await open();
      const [store] = stores;
      const row = rowOf(1, 1, 'a');
      const written = { ...row, bytes: row.bytes.slice() };
      const pending = store.writeRows(KEY, 0, [written]);
      written.bytes.fill(0);
      await complete(pending);
      const first = await complete(store.readRows(KEY, 0, { seq: 0, epoch: 0 }, 10));
      first.rows[0]?.bytes.fill(0);
      const second = await complete(store.readRows(KEY, 0, { seq: 0, epoch: 0 }, 10));
      expect(second.rows).toEqual([row]);
    });

    it('keeps deleted what was deleted, though what was written comes again later (C8, C8a, C9)', async () => {
      const { stores, complete } = await open();
      const [store] = stores;
      const row = rowOf(1, 1, 'a');
      const entry = { at: 5, key: KEY };
      const cleared = { ...PART, bucket: 'm2' };
      const write = async (): Promise<void> => {
        await complete(store.writeRows(KEY, 0, [row]));
        await complete(store.writeBlob(KEY, 'n', row.bytes));
        await complete(store.writeEntries(1, PART, [entry]));
        await complete(store.writeEntries(1, cleared, [entry]));
        await complete(store.writeParts(1, [PART]));
        await complete(store.writeWatermark(1, { epoch: 3, at: 8.64e15 }));
      };
      await write();
      await complete(store.deleteBucket(KEY, 0));
      await complete(store.deleteBlob(KEY, 'n'));
      await complete(store.deleteEntries(1, PART, [entry]));
      await complete(store.clearPart(1, cleared));
      await complete(store.deleteParts(1, [PART]));
      await complete(store.deleteWatermarks(1, [3]));
      await write();
      expect((await complete(store.readRows(KEY, 0, { seq: 0, epoch: 0 }, 10))).rows).toEqual([]);
      expect(await complete(store.blob(KEY, 'n'))).toBeNull();
      expect(await complete(store.entries(1, PART, null, 10))).toEqual([]);
      expect(await complete(store.entries(1, cleared, { at: 4, key: KEY }, 10))).toEqual([]);
      expect(await complete(store.parts(1))).toEqual([]);
      expect(await complete(store.watermarks(1))).toEqual([]);
      await complete(store.writeRows(KEY, 1, [row]));
      expect((await complete(store.readRows(KEY, 1, { seq: 0, epoch: 0 }, 10))).rows).toEqual([row]);
    });

    it('keeps the listing with the greater stamp, whichever is written last (C8a, C10)', async () => {
      const { stores, complete } = await open();
      const [store] = stores;
      const part = { namespace: 'default', type: 'account', slot: 3 };
      const index = { status: 'active', wakeAt: null, open: false, fields: {}, build: 'b', createdAt: 1, updatedAt: 1 };
      const listing = (seq: number, build: string): Listing =>
        ({ id: 'a', index: { ...index, build }, seq, stamp: seq * 1_024 }) as Listing;
      await complete(store.writeListings(part, [listing(7, 'new')]));
      await complete(store.writeListings(part, [listing(6, 'old')]));
      expect(await complete(store.listing(part, 'a'))).toEqual(listing(7, 'new'));
    });

    it('keeps one whole listing of two with one stamp, whichever is written last (C8a)', async () => {
      const { stores, complete } = await open();
      const [store] = stores;
      const part = { namespace: 'default', type: 'account', slot: 4 };
      const [a, b] = [listingWith('a', 1_024).index, listingWith('a', 2_048).index];
      const of = (id: string, index: EntityIndex): Listing => ({ id, index, seq: 1, stamp: 1_024 });
      for (const index of [a, b]) await complete(store.writeListings(part, [of('one', index)]));
      for (const index of [b, a]) await complete(store.writeListings(part, [of('other', index)]));
      const [one, other] = [await complete(store.listing(part, 'one')), await complete(store.listing(part, 'other'))];
      expect([a, b]).toContainEqual(one?.index);
      expect(other?.index).toEqual(one?.index);
    });
  });
}

import type { EntityKey } from '../../../framework/model/identity';
import type { Beat, ClusterStore, IndexEntry, IndexPart, Lease, Listing, Pointer } from '../../ports/cluster-store';
import type { EntityIndex, Row } from '../../ports/history-store';
import { ClusterModel } from './cluster-model.fixture';
import type { ProfileName } from '../faults/fault-profile';
import { PROFILES, profileOf } from '../faults/fault-profile';
import type { SimStream } from '../world/random';
import { freshSeed, SHARDS, storeWorld } from '../world/sim-world.fixture';
import { watchRows } from './store-workload.fixture';

const OPERATIONS = 1_500;
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

function drawIndex(draw: SimStream): Operation {
  const shard = draw.below(SHARDS);
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
  const session = draw.of(['s1', 's2', 's3']);
  const shard = draw.below(SHARDS);
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

/** Stamps come again, with other content too. */
function drawListing(draw: SimStream): Operation {
  const { namespace, type, id } = keyOf(draw);
  const part = { namespace, type, slot: draw.below(2) };
  const listings = Array.from({ length: 1 + draw.below(3) }, (): Listing => {
    const seq = 1 + draw.below(5);
    const status = draw.of<EntityIndex['status']>(['active', 'held', 'completed']);
    const fields = { points: draw.below(4) };
    const index = { status, wakeAt: null, open: false, fields, build: 'b', createdAt: 1, updatedAt: seq };
    return { id: draw.of(IDS), index, seq, stamp: seq * 1_024 + draw.below(2) };
  });
  const unique = [...new Map(listings.map((listing) => [listing.id, listing])).values()];
  const after = draw.below(2) === 0 ? null : draw.of(IDS);
  const filter = { namespace, type, where: { points: { gte: draw.below(3) } } };
  const limit = 1 + draw.below(3);
  return draw.of<Operation>([
    (store) => store.writeListings(part, unique),
    (store) => store.listing(part, id),
    (store) => store.listings(filter, part.slot, after, limit),
  ]);
}

/** What an order writes follows from it. */
function drawRunning(draw: SimStream): Operation {
  const place = { shard: draw.below(SHARDS), epoch: 1 + draw.below(4) };
  const order = draw.below(9);
  const running = { key: { ...KEY, id: IDS[order % IDS.length] as string }, input: `timer ${order}`, build: 'b1' };
  return draw.of<Operation>([
    (store) => store.writeRunning(place, order, order % 2 === 0 ? running : null),
    (store) => store.running(place.shard),
    (store) => store.writeStable(place.shard, place.epoch),
    (store) => store.stable(place.shard),
  ]);
}

describe('simulated store without faults', () => {
  it.each([1, 2, 3, freshSeed()])('agrees with plain maps on random operations of two hosts, seed %d', async (seed) => {
    const { world, storeOf, processOf } = storeWorld({ seed });
    const stores = ['a', 'b'].map((name) => storeOf(processOf(name))) as [ClusterStore, ClusterStore];
    const model = new ClusterModel(SHARDS);
    const draw = world.random.stream('operations');
    for (let i = 0; i < OPERATIONS; i += 1) {
      const leases = await Promise.all(Array.from({ length: SHARDS }, (_, shard) => model.lease(shard)));
      const draws = [
        drawRows,
        drawIndex,
        drawKeyed,
        drawListing,
        drawRunning,
        (d: SimStream) => drawOwnership(d, leases),
      ];
      const operation = draw.of(draws)(draw);
      const answer = await world.complete(operation(draw.of(stores)));
      expect({ i, answer }).toEqual({ i, answer: await operation(model) });
    }
    expect([...world.counts.keys()].filter((name) => name !== 'store.cas-refused')).toEqual([]);
  });

  it('shares no bytes with whoever writes or reads', async () => {
    const { world, storeOf, processOf } = storeWorld({ seed: 1 });
    const store = storeOf(processOf('a'));
    const row = rowOf(1, 1, 'a');
    const written = { ...row, bytes: row.bytes.slice() };
    const pending = store.writeRows(KEY, 0, [written]);
    written.bytes.fill(0);
    await world.complete(pending);
    const first = await world.complete(store.readRows(KEY, 0, { seq: 0, epoch: 0 }, 10));
    first.rows[0]?.bytes.fill(0);
    const second = await world.complete(store.readRows(KEY, 0, { seq: 0, epoch: 0 }, 10));
    expect(second.rows).toEqual([row]);
  });

  it('keeps a bucket and a blob deleted, though a row or the blob comes again later (C8, C8a)', async () => {
    const { world, storeOf, processOf } = storeWorld({ seed: 1 });
    const store = storeOf(processOf('a'));
    const row = rowOf(1, 1, 'a');
    for (const act of ['write', 'delete', 'write'] as const) {
      await world.complete(act === 'write' ? store.writeRows(KEY, 0, [row]) : store.deleteBucket(KEY, 0));
      await world.complete(act === 'write' ? store.writeBlob(KEY, 'n', row.bytes) : store.deleteBlob(KEY, 'n'));
    }
    expect((await world.complete(store.readRows(KEY, 0, { seq: 0, epoch: 0 }, 10))).rows).toEqual([]);
    expect(await world.complete(store.blob(KEY, 'n'))).toBeNull();
    await world.complete(store.writeRows(KEY, 1, [row]));
    expect((await world.complete(store.readRows(KEY, 1, { seq: 0, epoch: 0 }, 10))).rows).toEqual([row]);
  });

  it('keeps an entry deleted, though its insertion comes again later (C8a, C9)', async () => {
    const { world, storeOf, processOf } = storeWorld({ seed: 1 });
    const store = storeOf(processOf('a'));
    const entry = { at: 5, key: KEY };
    for (const write of ['writeEntries', 'deleteEntries', 'writeEntries'] as const)
      await world.complete(store[write](1, PART, [entry]));
    expect(await world.complete(store.entries(1, PART, null, 10))).toEqual([]);
  });

  it('keeps a part cleared and a watermark deleted, though what was written to them comes again later (C8a, C9)', async () => {
    const { world, storeOf, processOf } = storeWorld({ seed: 1 });
    const store = storeOf(processOf('a'));
    await world.complete(store.clearPart(1, PART));
    await world.complete(store.writeEntries(1, PART, [{ at: 5, key: KEY }]));
    expect(await world.complete(store.entries(1, PART, null, 10))).toEqual([]);
    expect(await world.complete(store.entries(1, PART, { at: 4, key: KEY }, 10))).toEqual([]);
    await world.complete(store.deleteWatermarks(1, [3]));
    await world.complete(store.writeWatermark(1, { epoch: 3, at: 8.64e15 }));
    expect(await world.complete(store.watermarks(1))).toEqual([]);
  });
});

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
      await world.complete(storeOf(processOf('a')).writeRows(KEY, 0, [rowOf(1, 1, text)]));
      return world.trace.hash;
    };
    expect(await hashOf('x')).toBe(await hashOf('x'));
    expect(await hashOf('x')).not.toBe(await hashOf('y'));
  });

  it('keeps the listing with the greater stamp, whichever is written last (C8a, C10)', async () => {
    const { world, storeOf, processOf } = storeWorld({ seed: 1 });
    const store = storeOf(processOf('a'));
    const part = { namespace: 'default', type: 'account', slot: 3 };
    const index = { status: 'active', wakeAt: null, open: false, fields: {}, build: 'b', createdAt: 1, updatedAt: 1 };
    const listing = (seq: number, build: string): Listing =>
      ({ id: 'a', index: { ...index, build }, seq, stamp: seq * 1_024 }) as Listing;
    await world.complete(store.writeListings(part, [listing(7, 'new')]));
    await world.complete(store.writeListings(part, [listing(6, 'old')]));
    expect(await world.complete(store.listing(part, 'a'))).toEqual(listing(7, 'new'));
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

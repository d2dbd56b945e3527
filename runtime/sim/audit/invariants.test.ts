import { encodeValue } from '../../../framework/codec/value';
import { PerdureError } from '../../../framework/errors';
import { Ledger } from '../../../framework/core/ledger';
import { ROW_KIND } from '../../../framework/core/history';
import type { Row } from '../../ports/history-store';
import { apply, HandHistory, HandMade, KEY, message, put, sleeps, T0 } from './hand-history.fixture';
import { readOwn, readShared } from './read-history';
import { ClusterModel } from '../store/cluster-model.fixture';
import { Invariants } from './invariants';
import { States } from './states';
import type { Told } from '../network/witness';
import type { Caller } from '../workloads/workload';

const OPTIONS = {
  entities: [HandMade],
  ids: [KEY.id],
  told: [],
  states: new States(),
  attempts: [],
  notesKept: true,
  isUnseen: () => false,
};

/** Asked for `whole`, the entity answers so; null: it does not exist. */
function auditorTold(live: readonly string[] | null): Caller {
  const whole = async () => {
    if (live === null) throw new PerdureError('not_found', 'nothing has created it');
    return live;
  };
  const client = { entity: () => ({}), call: () => ({ whole }) };
  return { name: 'auditor', client, clock: { now: () => T0 + 60_000 }, patienceMs: 1 } as unknown as Caller;
}

async function judged(
  rows: readonly Row[],
  live: readonly string[] | null,
  { told = [], unseen = false }: { readonly told?: readonly Told[]; readonly unseen?: boolean } = {},
): Promise<string | null> {
  const invariants = new Invariants({ ...OPTIONS, told, states: new States(), isUnseen: () => unseen });
  await invariants.gather(auditorTold(live), async () => rows);
  return invariants.judge();
}

describe('the invariants of an entity', () => {
  const { rows } = new HandHistory().turn([put(1, 1)]).turn([put(2, 2)]);

  it('hold of a live state that its history adds up to, and of an entity that is not there', async () => {
    expect(await judged(rows, ['i-1', 'i-2'])).toBeNull();
    expect(await judged([], null)).toBeNull();
  });

  it('complain about a live state of which the history says otherwise (S24)', async () => {
    expect(await judged(rows, ['i-1'])).toContain('answers otherwise than its history says');
    expect(await judged(rows, null)).toContain('has a history, and its host says that it does not exist');
    expect(await judged([], ['i-1'])).toContain('is there, and has no history');
  });

  it('let a host not know a first turn that it may not have found and nobody was told of, and no other (C6)', async () => {
    const { rows } = new HandHistory().turn([put(1, 1)]);
    const request = { op: 'message', key: KEY, message: 'update', method: 'put', attempt: 1, submit: false } as const;
    const id = { session: 's', n: 1, doneBelow: 0 };
    const reply = { ok: true, value: encodeValue(1), seq: 1, duplicate: false } as const;
    const told: Told = { caller: 'c', request: { ...request, args: encodeValue([]), id }, reply };
    expect(await judged(rows, null, { unseen: true })).toBeNull();
    expect(await judged(rows, null)).toContain('its host says that it does not exist');
    expect(await judged(rows, null, { unseen: true, told: [told] })).toContain('its host says that it does not exist');
    expect(await judged(rows, ['i-2'], { unseen: true })).toContain('answers otherwise than its history says');
  });

  it('do not ask that the timer of such a turn fires (C9)', async () => {
    const { rows } = new HandHistory().turn([apply(message('nap', 1, [500]), [sleeps(1, 2, T0 + 500)])]);
    expect(await judged(rows, null, { unseen: true })).toBeNull();
    expect(await judged(rows, [], { unseen: true })).toContain('timer 2 was due 49500 ms ago and has not fired');
  });

  it('complain about a last snapshot that does not lead to where all records lead (S24)', async () => {
    const lossy = await new HandHistory().turn([put(1, 1)]).snapshot((fields, image) => {
      const ledger = Ledger.fromImage(image);
      ledger.born = false;
      return [fields, ledger.image()];
    });
    expect(await judged(lossy.rows, ['i-1'])).toContain('snapshot 2 has other birth');
  });

  it('know where the history has a message, as a hint for the search', async () => {
    const invariants = new Invariants(OPTIONS);
    const request = { op: 'message', key: KEY, message: 'update', method: 'put', attempt: 1, submit: false } as const;
    const at = (n: number) =>
      invariants.positionOf({ ...request, args: encodeValue([]), id: { session: 's', n, doneBelow: 0 } });
    expect(at(2)).toBeUndefined();
    await invariants.gather(auditorTold(['i-1', 'i-2']), async () => rows);
    await invariants.judge();
    expect(at(2)).toBe(2);
    expect(at(3)).toBeNull();
  });
});

const PLACE = { epoch: 1, bucket: 0, rows: 0, bytes: 0, kept: 0, gone: 0 };

describe('an auditor of a shared store', () => {
  const store = async (rows: readonly Row[], bucketOf: (row: Row) => number = () => 0): Promise<ClusterModel> => {
    const model = new ClusterModel(1);
    for (const row of rows) await model.writeRows(KEY, bucketOf(row), [row]);
    return model;
  };
  const snapped = () => new HandHistory().turn([put(1, 1)]).snapshot((fields, ledger) => [fields, ledger]);

  it('reads all rows from the first on, whatever the pointer says (C6)', async () => {
    const { rows } = await snapped();
    const model = await store(rows);
    await model.writePointer(KEY, { ...PLACE, seq: 2 });
    expect((await readShared(model, KEY)).map(({ kind }) => kind)).toEqual([ROW_KIND.turn, ROW_KIND.snapshot]);
    expect(await readShared(new ClusterModel(1), KEY)).toEqual([]);
  });

  it('complains about rows of which none leads back, and a pointer to what is no snapshot (C6)', async () => {
    const { rows } = await snapped();
    await expect(readShared(await store(rows.slice(1)), KEY)).rejects.toThrow('no row leads back to a first one');
    const model = await store(rows);
    await model.writePointer(KEY, { ...PLACE, seq: 1 });
    await expect(readShared(model, KEY)).rejects.toThrow('its pointer names 1.1, no snapshot of its chain');
  });

  it('complains about a row in another bucket than its predecessor without a SEAL (C8)', async () => {
    const { rows } = await snapped();
    await expect(readShared(await store(rows, ({ seq }) => seq - 1), KEY)).rejects.toThrow('row 2 stands in bucket 1');
  });

  it('reads page after page of a store of its own (C13)', async () => {
    const { rows } = new HandHistory().turn([put(1, 1)]).turn([put(2, 2)]);
    const session = {
      rows: async (_key: typeof KEY, from: number) => ({ rows: rows.slice(from - 1, from), next: from < 2 ? 2 : null }),
    };
    expect(await readOwn(session, KEY)).toEqual(rows);
  });
});

import { encodeRecord, recordHash } from '../../../framework/codec/record';
import type { Link } from '../../../framework/core/history';
import { ROW_KIND } from '../../../framework/core/history';
import type { Cancel, Clock } from '../../ports/clock';
import type { ClusterStore, Pointer } from '../../ports/cluster-store';
import type { Row } from '../../ports/history-store';
import { EpochWrites } from './epoch-writes';
import { firstTouch } from './first-touch';
import type { PlantedBug } from '../../../framework/planted-bugs';
import { plantBug } from '../../../framework/planted-bugs';
import { SessionGuard } from './session-guard';

/** Fires in the next turn of the event loop, whatever the delay. */
function soon(_delayMs: number, fire: () => void): Cancel {
  const immediate = setImmediate(fire);
  return () => clearImmediate(immediate);
}

const KEY = { namespace: 'default', type: 'journal', id: 'J-1' };

interface Made extends Link {
  readonly row: Row;
}

/** A turn whose build tells it from others. */
function turn(seq: number, epoch: number, before: Link | null, build = 'b'): Made {
  const prev = before && { seq: before.seq, epoch: before.epoch, hash: before.hash };
  const shared = { compared: 1, birth: null, entries: [], digest: null, schema: null };
  const bytes = encodeRecord({ kind: 'turn', seq, epoch, prev, build, ...shared });
  return { seq, epoch, hash: recordHash(bytes), row: { seq, epoch, kind: ROW_KIND.turn, bytes } };
}

/** Three replicas without read repair; a read sees the two that are told, a write reaches the two that are told. */
class Replicas {
  readonly rows: Row[][] = [[], [], []];
  quorum: readonly number[] = [0, 1];
  pointed: Pointer | null = null;
  writes = 0;

  put(row: Row, ...replicas: number[]): void {
    for (const at of replicas) this.rows[at]?.push(row);
  }

  /** What an owner of that epoch adopts when it reaches the two replicas. */
  async touch(epoch: number, ...quorum: number[]): Promise<string[] | null> {
    this.quorum = quorum;
    const store = this.store();
    const clock = { after: soon, monotonicMs: () => 0 } as unknown as Clock;
    const guard = new SessionGuard('s', store, clock);
    const writes = new EpochWrites(guard, clock);
    const touched = await firstTouch({ store, guard, writes, epoch, build: 'b' }, KEY);
    return touched && touched.rows.map(({ row }) => `${row.seq}.${row.epoch}`);
  }

  private store(): ClusterStore {
    const read = (): Row[] => {
      const seen = new Map<string, Row>();
      for (const at of this.quorum) for (const row of this.rows[at] ?? []) seen.set(`${row.seq}.${row.epoch}`, row);
      return [...seen.values()].sort((a, b) => a.seq - b.seq || a.epoch - b.epoch);
    };
    return {
      session: async () => ({ born: true, dead: false }),
      pointer: async () => this.pointed,
      readRows: async (_: unknown, bucket: number) => ({ rows: bucket === 0 ? read() : [], next: null }),
      writeRows: async (_: unknown, __: number, rows: readonly Row[]) => {
        this.writes += 1;
        for (const row of rows) this.put(row, ...this.quorum);
        return 'ok';
      },
    } as unknown as ClusterStore;
  }
}

/** Row 1 is everywhere; `a` of epoch 1 and `b` of epoch 2 each reached one replica before their hosts died. */
function twoZombies(): Replicas {
  const replicas = new Replicas();
  const first = turn(1, 1, null);
  replicas.put(first.row, 0, 1, 2);
  replicas.put(turn(2, 1, first, 'a').row, 0);
  replicas.put(turn(2, 2, first, 'b').row, 2);
  return replicas;
}

describe('the first touch of a key in an epoch', () => {
  afterEach(() => plantBug(null));

  it('leaves an empty partition empty (C6)', async () => {
    const replicas = new Replicas();
    expect(await replicas.touch(3, 0, 1)).toBeNull();
    expect(replicas.writes).toBe(0);
  });

  it('neither writes again nor fences a tail of its own epoch (C6)', async () => {
    const replicas = new Replicas();
    replicas.put(turn(1, 3, null).row, 0, 1);
    expect(await replicas.touch(3, 1, 2)).toEqual(['1.3']);
    expect(replicas.writes).toBe(0);
  });

  it('keeps for ever what one owner has adopted, though a later row of an older owner turns up (C6, C7)', async () => {
    const replicas = twoZombies();
    expect(await replicas.touch(3, 0, 1)).toEqual(['1.1', '2.1', '3.3']);
    expect(await replicas.touch(4, 1, 2)).toEqual(['1.1', '2.1', '3.3', '4.4']);
  });

  it.each<[PlantedBug, string[]]>([
    ['skip-fence-row', ['1.1', '2.2']],
    ['skip-tail-rewrite', ['1.1', '2.2', '3.4']],
  ])('goes back on what it has adopted with the planted bug %s (C7)', async (bug, second) => {
    plantBug(bug);
    const replicas = twoZombies();
    expect((await replicas.touch(3, 0, 1))?.slice(0, 2)).toEqual(['1.1', '2.1']);
    expect(await replicas.touch(4, 1, 2)).toEqual(second);
  });

  it('never takes a key whose base is missing for an empty one (C6)', async () => {
    const replicas = new Replicas();
    replicas.pointed = { seq: 5, epoch: 1, bucket: 0, rows: 4, bytes: 400, kept: 0, gone: 0 };
    await expect(replicas.touch(3, 0, 1)).rejects.toMatchObject({ code: 'internal', reason: 'corrupt' });
    expect(replicas.writes).toBe(0);
  });

  it('gives up when the tail is of a greater epoch: it is the older owner (C6)', async () => {
    const replicas = new Replicas();
    replicas.put(turn(1, 4, null).row, 0, 1);
    await expect(replicas.touch(3, 0, 1)).rejects.toMatchObject({ code: 'unavailable' });
    expect(replicas.writes).toBe(0);
  });
});

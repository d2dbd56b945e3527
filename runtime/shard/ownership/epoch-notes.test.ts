import type { Cancel, Clock } from '../../ports/clock';
import type { WriteOutcome } from '../../ports/cluster-store';
import { ClusterModel } from '../../sim/store/cluster-model.fixture';
import { EpochNotes } from './epoch-notes';
import { EpochWrites } from './epoch-writes';
import { SessionGuard } from './session-guard';

/** Fires in the next turn of the event loop, whatever the delay. */
function soon(_delayMs: number, fire: () => void): Cancel {
  const immediate = setImmediate(fire);
  return () => clearImmediate(immediate);
}

const KEY = { namespace: 'default', type: 'journal', id: 'J-1' };
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** Notes that reach the store only when they are let go; the write before has an unknown outcome. */
class HeldStore extends ClusterModel {
  readonly held: (() => void)[] = [];
  attempts = 0;

  override async writeNote(...args: Parameters<ClusterModel['writeNote']>): Promise<WriteOutcome> {
    this.attempts += 1;
    if (this.attempts > 1) return super.writeNote(...args);
    this.held.push(() => void super.writeNote(...args));
    return 'unknown';
  }
}

function notesOf(store: ClusterModel, epoch: number): { notes: EpochNotes; writes: EpochWrites } {
  const clock = { after: soon, monotonicMs: () => 0 } as unknown as Clock;
  const writes = new EpochWrites(new SessionGuard(`s${epoch}`, store, clock), clock);
  return { notes: new EpochNotes(store, writes, epoch), writes };
}

async function read(store: ClusterModel): Promise<string[]> {
  return (await store.notes(KEY)).map(({ name, bytes }) => `${name}=${Buffer.from(bytes).toString()}`);
}

describe('notes of an epoch', () => {
  it('lose to those of a later epoch and to its deletions, though they come last (C8a)', async () => {
    const store = new ClusterModel(1);
    const [older, newer] = [notesOf(store, 1).notes, notesOf(store, 2).notes];
    for (const text of ['1', '2', '3']) await older.write(KEY, 'activity-7', bytesOf(text));
    await newer.write(KEY, 'activity-7', bytesOf('4'));
    await newer.write(KEY, 'activity-8', bytesOf('1'));
    await newer.write(KEY, 'activity-8', null);
    await older.write(KEY, 'activity-7', bytesOf('late'));
    await older.write(KEY, 'activity-8', bytesOf('late'));
    expect(await read(store)).toEqual(['activity-7=4']);
  });

  it('are kept as they were when they were written, the newest of a name at last (C5, C8a)', async () => {
    const store = new HeldStore(1);
    const { notes } = notesOf(store, 1);
    const bytes = bytesOf('1');
    const first = notes.write(KEY, 'activity-7', bytes);
    bytes.fill(0);
    await notes.write(KEY, 'activity-7', bytesOf('2'));
    await first;
    for (const letGo of store.held) letGo();
    expect(await read(store)).toEqual(['activity-7=2']);
    expect(store.attempts).toBe(2);
  });

  it('are not written once the epoch is closed (C4)', async () => {
    const store = new ClusterModel(1);
    const { notes, writes } = notesOf(store, 1);
    writes.close();
    await notes.write(KEY, 'activity-7', bytesOf('1'));
    expect(await read(store)).toEqual([]);
  });
});

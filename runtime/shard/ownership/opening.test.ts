import { PerdureError } from '../../../framework/errors';
import type { IndexPart, WriteOutcome } from '../../ports/cluster-store';
import type { RunningRow } from '../../ports/watchdog';
import { ClusterModel } from '../../sim/store/cluster-model.fixture';
import { ManualClock } from '../../testing/manual-clock';
import { OwnedSession } from './owned-session';
import { SessionGuard } from './session-guard';

const SHARD = 0;
const LEFT = { kind: 'work', epoch: 1, bucket: 'g0' } as const;
const KEY = { namespace: 'default', type: 't', id: 'a' };

/** Its rows of running steps cannot be read, and what is written of parts is kept back. */
class HalfStore extends ClusterModel {
  readonly kept: (() => void)[] = [];
  keeping = false;

  override running(): Promise<readonly RunningRow[]> {
    return Promise.reject(new PerdureError('unavailable', 'the store has no quorum'));
  }

  override async writeParts(shard: number, parts: readonly IndexPart[]): Promise<WriteOutcome> {
    if (this.keeping) await new Promise<void>((go) => this.kept.push(go));
    return super.writeParts(shard, parts);
  }
}

async function opening(keeping: boolean) {
  const store = new HalfStore(1);
  const clock = new ManualClock();
  await store.setBorn('s-2');
  await store.writeParts(SHARD, [LEFT]);
  await store.writeEntries(SHARD, LEFT, [{ at: 0, key: KEY }]);
  store.keeping = keeping;
  const guard = new SessionGuard('s-2', store, clock);
  let outcome = 'none';
  const told = (how: string) => () => void (outcome = how);
  void OwnedSession.open({ store, guard, clock, shard: SHARD, epoch: 2, build: 'b' }).then(
    told('open'),
    told('failed'),
  );
  await clock.advance(100);
  return { store, clock, outcome: () => outcome };
}

describe('a shard that cannot be opened', () => {
  it('leaves the index to whoever opens it next (C4, C9)', async () => {
    const { store, clock, outcome } = await opening(false);
    expect(outcome()).toBe('failed');
    await clock.advance(60_000);
    expect((await store.parts(SHARD)).filter(({ kind }) => kind === 'work')).toEqual([LEFT]);
    expect(await store.entries(SHARD, LEFT, null, 10)).toEqual([{ at: 0, key: KEY }]);
  });

  it('is not told to be so while something that it has written is on its way (C4)', async () => {
    const { store, clock, outcome } = await opening(true);
    await clock.advance(60_000);
    expect(outcome()).toBe('none');
    for (const go of store.kept) go();
    await clock.advance(100);
    expect(outcome()).toBe('failed');
  });
});

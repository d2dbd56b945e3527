import { PerdureError } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import type { Activation } from '../activation/activation';
import { RECOVERY_PAUSE_MS } from '../config';
import type { StoreSession } from '../ports/history-store';
import { silentLog } from '../ports/telemetry';
import { ManualClock } from '../testing/manual-clock';
import type { Recovered } from './recovery';
import { Recovery } from './recovery';

const keyOf = (id: string): EntityKey => ({ namespace: 'default', type: 't', id });

/** A shard with open work, whose store cannot be read for a while, and of which some entities cannot be loaded. */
function shardOf({ open = [] as string[], unread = 0, broken = [] as string[], indexed = true } = {}) {
  const clock = new ManualClock();
  const looked: string[] = [];
  const broke = new Set(broken);
  const unreadable = new PerdureError('unavailable', 'no quorum');
  const session = {
    openWork: async (_namespace: string, after: EntityKey | null) => {
      if (unread-- > 0) throw unreadable;
      return after === null ? open.map(keyOf) : [];
    },
    index: () => (indexed ? Promise.reject(unreadable) : Promise.resolve(null)),
    ...(indexed ? {} : { adopted: () => Promise.resolve() }),
  } as unknown as StoreSession;
  const activation = (key: EntityKey): Activation => {
    looked.push(key.id);
    const inspect = (look: (instance: unknown) => void, failed: () => void): void =>
      broke.has(key.id) ? failed() : look(null);
    return { key, name: key.id, instance: {}, inspect } as unknown as Activation;
  };
  const definition = (): never => ({}) as never;
  const shard: Recovered = { session, clock, log: silentLog, definition, activation, due: () => undefined };
  return { clock, looked, recovery: new Recovery(shard, 'default') };
}

describe('recovery of open work', () => {
  it('waits for a store that cannot be read, as long as that takes (C9)', async () => {
    const { clock, looked, recovery } = shardOf({ open: ['a', 'b'], unread: 3 });
    const done = recovery.all();
    await clock.advance(2 * RECOVERY_PAUSE_MS);
    expect([looked, recovery.running]).toEqual([[], true]);
    await clock.advance(RECOVERY_PAUSE_MS);
    await done;
    expect([looked, recovery.running]).toEqual([['a', 'b'], false]);
  });

  it('goes on with the others when one entity cannot be loaded, or its mark cannot be read (C9)', async () => {
    const { looked, recovery } = shardOf({ open: ['a', 'b', 'c'], broken: ['a'] });
    await recovery.all();
    expect(looked).toEqual(['a', 'b', 'c']);
  });

  it('ends with its shard (C4)', async () => {
    const { clock, looked, recovery } = shardOf({ open: ['a'], unread: 1 });
    const done = recovery.all();
    await clock.advance(1);
    recovery.end();
    await clock.advance(RECOVERY_PAUSE_MS);
    await done;
    expect(looked).toEqual([]);
  });

  it('loads an entity again after a failure that may pass, where its index is known only once it is loaded (C9)', async () => {
    const { clock, looked, recovery } = shardOf({ indexed: false });
    recovery.again(keyOf('a'));
    await clock.advance(RECOVERY_PAUSE_MS);
    expect(looked).toEqual(['a']);
  });
});

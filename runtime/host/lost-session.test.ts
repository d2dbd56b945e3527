import 'reflect-metadata';
import { Entity, Query, Update } from '../../framework';
import { PerdureError } from '../../framework/errors';
import type { Append, AppendResult, HistoryStore, StoreSession } from '../ports/history-store';
import { memoryStore } from '../store/memory-store';
import { StagedHost } from './staged-host.fixture';

@Entity('tally')
class Tally {
  marks: number[] = [];
  @Update() mark(n: number): number {
    return this.marks.push(n);
  }
  @Query() all(): number[] {
    return this.marks;
  }
}

/** A store whose sessions die at a given append: its outcome is unknown, with the rows kept or lost. */
function frailStore(dieAt: number, kept: boolean): HistoryStore & { sessions: number } {
  const inner = memoryStore();
  let appends = 0;
  const store = {
    sessions: 0,
    open: async (): Promise<StoreSession> => {
      const session = await inner.open();
      store.sessions += 1;
      let die: (reason: PerdureError) => void = () => undefined;
      let dead = false;
      const lost = new Promise<PerdureError>((resolve) => (die = resolve));
      const append = async (batch: readonly Append[]): Promise<AppendResult[]> => {
        if (!dead && (appends += 1) === dieAt) {
          if (kept) await session.append(batch);
          dead = true;
          await session.close();
          die(new PerdureError('unavailable', 'the disk is gone', { reason: 'io_error' }));
        }
        return dead ? batch.map(() => 'unknown') : session.append(batch);
      };
      return new Proxy(session, {
        get: (target, name) => {
          if (name === 'append') return append;
          if (name === 'lost') return lost;
          if (name === 'fence') return async () => !dead;
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
        },
      });
    },
  };
  return store;
}

describe.each([true, false])('a write whose outcome is unknown, its rows kept: %s (C5, C13)', (kept) => {
  it('answers nobody; a new session begins, and resends of the same id are applied once', async () => {
    const store = frailStore(4, kept);
    const staged = await StagedHost.start({ entities: [Tally], store });
    const tally = staged.client.entity(Tally, 'T');
    const calls: Promise<number>[] = [];
    for (let n = 1; n <= 8; n += 1) {
      calls.push(tally.mark(n));
      await staged.settle();
    }
    expect(store.sessions).toBe(1);
    await staged.advance(10_000);
    expect(store.sessions).toBe(2);
    expect([...(await Promise.all(calls))].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...(await tally.all())].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await staged.client.describe(tally)).epoch).toBe(2);
    expect(staged.errors.map(({ message }) => message).join()).toContain('a new one begins');
    await staged.stop();
  });
});

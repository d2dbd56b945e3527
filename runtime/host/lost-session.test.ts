import 'reflect-metadata';
import { Entity, promise, Query, Update } from '../../framework';
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

const hook = { run: (): void => undefined };

@Entity('request')
class PurchaseRequest {
  by = '';
  @Update() async approved(): Promise<string> {
    const by = await promise<string>('approval');
    hook.run();
    return (this.by = by);
  }
}

describe('a session that is lost in the middle of a step', () => {
  it('acknowledges nothing of what the step was for: it is asked for again (C5, S8)', async () => {
    const inner = memoryStore();
    let lose: (reason: PerdureError) => void = () => undefined;
    const open = async (): Promise<StoreSession> => {
      const session = await inner.open();
      const lost = new Promise<PerdureError>((resolve) => (lose = resolve));
      return new Proxy(session, {
        get: (target, name) => {
          if (name === 'lost') return lost;
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
        },
      });
    };
    const staged = await StagedHost.start({ entities: [PurchaseRequest], store: { open } });
    const request = staged.client.entity(PurchaseRequest, 'R');
    const waiting = request.approved();
    await staged.settle();
    let steps = 0;
    hook.run = () => {
      steps += 1;
      if (steps === 1) lose(new PerdureError('unavailable', 'the disk is gone', { reason: 'io_error' }));
    };
    const completed = staged.client.completePromise(request, 'approval', 'ann');
    await staged.advance(10_000);
    await completed;
    expect(await waiting).toBe('ann');
    expect(steps).toBe(2);
    await staged.stop();
  });
});

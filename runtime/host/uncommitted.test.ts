import 'reflect-metadata';
import { condition, Entity, Query, Update } from '../../framework';
import { encodeValue } from '../../framework/codec/value';
import type { PerdureError } from '../../framework/errors';
import type { Append, AppendResult, HistoryStore, StoreSession } from '../ports/history-store';
import { memoryStore } from '../store/memory-store';
import { CONDITIONS, Poison } from '../activation/poison';
import { StagedHost } from './staged-host.fixture';

@Entity('tally')
class Tally {
  marks: number[] = [];
  @Update() mark(n: number): number {
    return this.marks.push(n);
  }
  @Update() async waitFor(n: number): Promise<void> {
    await condition(() => this.marks.includes(n));
  }
  @Query() all(): number[] {
    return this.marks;
  }
}

/** A store whose appends wait for the word. */
function slowStore(): HistoryStore & { held: (() => void)[]; slow: boolean } {
  const inner = memoryStore();
  const store = {
    held: [] as (() => void)[],
    slow: false,
    open: async (): Promise<StoreSession> => {
      const session = await inner.open();
      const append = async (batch: readonly Append[]): Promise<AppendResult[]> => {
        if (store.slow) await new Promise<void>((go) => store.held.push(go));
        return session.append(batch);
      };
      return new Proxy(session, {
        get: (target, name) => {
          if (name === 'append') return append;
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
        },
      });
    },
  };
  return store;
}

async function breathe({ clock }: StagedHost): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await clock.breathe();
}

async function letGo(staged: StagedHost, store: { held: (() => void)[]; slow: boolean }): Promise<void> {
  store.slow = false;
  for (const go of store.held.splice(0)) go();
  await staged.settle();
}

describe('while a turn is being written (S8)', () => {
  it('a message under the id of one in it is told of the conflict only when it is durable (S12)', async () => {
    const store = slowStore();
    const staged = await StagedHost.start({ entities: [Tally], store });
    const tally = staged.client.entity(Tally, 'T');
    await tally.mark(0);
    store.slow = true;
    const told: string[] = [];
    const mark = (n: number): Promise<void> =>
      staged.client
        .call(tally, { messageId: 'm' })
        .mark(n)
        .then(
          (count) => void told.push(`${n}: ${count}`),
          ({ code }: PerdureError) => void told.push(`${n}: ${code}`),
        );
    const calls = [mark(1)];
    await breathe(staged);
    calls.push(mark(2));
    await breathe(staged);
    expect(store.held).toHaveLength(1);
    expect(told).toEqual([]);
    await letGo(staged, store);
    await Promise.all(calls);
    expect(told).toEqual(['1: 2', '2: conflict']);
    await staged.stop();
  });

  it('who follows an operation is not told that its entity has ended in it (S16, S23)', async () => {
    const store = slowStore();
    const staged = await StagedHost.start({ entities: [Tally], store });
    const tally = staged.client.entity(Tally, 'T');
    const operation = await staged.client.submit(tally).waitFor(7);
    store.slow = true;
    const ended = staged.client.terminate(tally, 'enough');
    await breathe(staged);
    const told: string[] = [];
    const asked = [
      operation.status().then((status) => void told.push(status)),
      operation.result().catch(({ code }: PerdureError) => void told.push(code)),
    ];
    await breathe(staged);
    expect([store.held.length, told]).toEqual([1, []]);
    await letGo(staged, store);
    await Promise.all([ended, ...asked]);
    expect(told.sort()).toEqual(['failed', 'terminated']);
    await staged.stop();
  });
});

describe('a full entity (S13)', () => {
  it('answers what it has taken in, and refuses a message for good only at its first sending', async () => {
    const staged = await StagedHost.start({ entities: [Tally], limits: { admitted: 1 } });
    const tally = staged.client.entity(Tally, 'T');
    await tally.mark(0);
    await staged.client.hold(tally, 'inventory');
    const key = { namespace: 'default', type: 'tally', id: 'T' };
    const told = async (given: string, attempt: number): Promise<string> => {
      const shared = { op: 'message', message: 'update', method: 'mark', submit: false } as const;
      const request = { ...shared, key, args: encodeValue([1]), id: { given }, attempt };
      const reply = await staged.transport.request(request, null);
      return reply.ok ? 'ok' : reply.error.code;
    };
    expect(await told('m-1', 1)).toBe('held');
    expect(await told('m-1', 2)).toBe('held');
    expect(await told('m-2', 1)).toBe('resource_exhausted');
    expect(await told('m-2', 2)).toBe('unavailable');
    await staged.stop();
  });
});

describe('predicates of conditions (S20)', () => {
  it('run under the eyes of the watchdog wherever the index asks them', async () => {
    const aside = jest.spyOn(Poison.prototype, 'aside');
    const staged = await StagedHost.start({ entities: [Tally], limits: { turnSteps: 1 } });
    const tally = staged.client.entity(Tally, 'T');
    const waiting = tally.waitFor(2);
    await tally.mark(1);
    await tally.mark(2);
    await waiting;
    expect(aside.mock.calls.map(([, input]) => input)).toContain(CONDITIONS);
    aside.mockRestore();
    await staged.stop();
  });
});

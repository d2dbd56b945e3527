import type { EntityKey } from '../../framework/model/identity';
import { silentLog } from '../ports/telemetry';
import { ManualClock } from '../testing/manual-clock';
import { TimerService } from './timers';
import type { TimerServiceOptions } from './timers';

const START = 1_000_000_000;
const YEAR_MS = 365 * 24 * 3_600_000;

/** An index of due times as a store keeps it, and a service that fires into a list and moves what it fired. */
function bench(due: Record<string, number>, more: Partial<TimerServiceOptions> = {}) {
  const clock = new ManualClock({ now: START });
  const index = new Map(Object.entries(due));
  const fired: { id: string; at: number }[] = [];
  const reads = { due: 0, next: 0 };
  const key = (id: string): EntityKey => ({ namespace: 'default', type: 'cart', id });
  const session: TimerServiceOptions['session'] = {
    async due(_namespace, until, limit) {
      reads.due += 1;
      const rows = [...index].filter(([, wakeAt]) => wakeAt <= until).sort((a, b) => a[1] - b[1]);
      return rows.slice(0, limit).map(([id, wakeAt]) => ({ key: key(id), wakeAt }));
    },
    async nextDue(_namespace, after) {
      reads.next += 1;
      const least = [...index.values()].reduce((a, b) => (b > after && b < a ? b : a), Infinity);
      return least === Infinity ? null : least;
    },
  };
  const set = (id: string, wakeAt: number | null): void => {
    if (wakeAt === null) index.delete(id);
    else index.set(id, wakeAt);
    service.changed(key(id), wakeAt);
  };
  const fire = async ({ id }: EntityKey): Promise<void> => {
    fired.push({ id, at: clock.now() - START });
    set(id, null);
  };
  const options = { clock, log: silentLog, session, namespace: 'default', fire, recheckMs: Infinity, ...more };
  const service = new TimerService(options);
  const settle = async (): Promise<void> => {
    do await clock.breathe();
    while (service.busy);
  };
  const start = async (): Promise<void> => {
    service.start();
    await settle();
  };
  const advance = (byMs: number) => clock.advance(byMs, settle);
  return { clock, index, fired, reads, service, set, settle, start, advance, ids: () => fired.map(({ id }) => id) };
}

describe('timers', () => {
  it('wakes entities at their due times, in order, never early', async () => {
    const t = bench({ b: START + 2_000, a: START + 1_000, c: START + 90_000 });
    await t.start();
    await t.advance(999);
    expect(t.fired).toEqual([]);
    await t.advance(120_000);
    expect(t.fired).toEqual([
      { id: 'a', at: 1_000 },
      { id: 'b', at: 2_000 },
      { id: 'c', at: 90_000 },
    ]);
  });

  it('keeps a timer of 30 years for one read and no timer of its own', async () => {
    const t = bench({ old: START + 30 * YEAR_MS });
    await t.start();
    await t.advance(30 * YEAR_MS - 1);
    expect([t.fired, t.reads]).toEqual([[], { due: 1, next: 1 }]);
    await t.advance(1);
    expect(t.ids()).toEqual(['old']);
    expect(t.clock.pending).toBe(0);
  });

  it('follows what commits say: earlier, later, gone, new', async () => {
    const t = bench({ earlier: START + 50_000, later: START + 10_000, gone: START + 20_000 });
    await t.start();
    t.set('earlier', START + 5_000);
    t.set('later', START + 3_600_000);
    t.set('gone', null);
    t.set('new', START + 7_000);
    await t.advance(3_599_999);
    expect(t.ids()).toEqual(['earlier', 'new']);
    await t.advance(1);
    expect(t.ids()).toEqual(['earlier', 'new', 'later']);
  });

  it('does not lose a commit that comes while a page is being read', async () => {
    let during: () => void = () => undefined;
    const t = bench({ a: START + 1_000, b: START + 2_000 });
    const session: TimerServiceOptions['session'] = {
      async due() {
        const rows = [...t.index].map(([id, wakeAt]) => ({ key: { namespace: 'default', type: 'cart', id }, wakeAt }));
        await Promise.resolve();
        during();
        return rows;
      },
      nextDue: async () => null,
    };
    const fired: [string, number][] = [];
    const service = new TimerService({
      clock: t.clock,
      log: silentLog,
      session,
      namespace: 'default',
      recheckMs: Infinity,
      fire: async (key, wakeAt) => {
        fired.push([key.id, wakeAt - START]);
        service.changed(key, null);
      },
    });
    during = () => {
      service.changed({ namespace: 'default', type: 'cart', id: 'a' }, START + 3_000);
      service.changed({ namespace: 'default', type: 'cart', id: 'b' }, null);
      service.changed({ namespace: 'default', type: 'cart', id: 'c' }, START + 500);
    };
    service.start();
    const settle = async (): Promise<void> => {
      do await t.clock.breathe();
      while (service.busy);
    };
    await t.clock.advance(10_000, settle);
    expect(fired).toEqual([
      ['c', 500],
      ['a', 3_000],
    ]);
  });

  it('wakes an overdue backlog in order, page by page, few at a time (C9)', async () => {
    const due: Record<string, number> = {};
    for (let i = 0; i < 1_000; i += 1) due[`e${i}`] = START - 5_000 + ((i * 7) % 1_000);
    let running = 0;
    let most = 0;
    const order: number[] = [];
    const t = bench(due, {
      page: 100,
      inFlight: 8,
      fire: async (key, wakeAt) => {
        most = Math.max(most, (running += 1));
        order.push(wakeAt);
        await t.clock.breathe();
        running -= 1;
        t.set(key.id, null);
      },
    });
    await t.start();
    expect(order).toHaveLength(1_000);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(most).toBe(8);
    expect(t.reads.due).toBeLessThan(20);
  });

  it('wakes more entities of one due time than a page holds', async () => {
    const due: Record<string, number> = {};
    for (let i = 0; i < 250; i += 1) due[`e${i}`] = START + 1_000;
    const t = bench(due, { page: 20, inFlight: 4 });
    await t.start();
    await t.advance(1_000);
    expect(new Set(t.ids()).size).toBe(250);
    expect(t.fired).toHaveLength(250);
  });

  it('lets other work proceed between the batches of a backlog (S4)', async () => {
    const due: Record<string, number> = {};
    for (let i = 0; i < 100; i += 1) due[`e${i}`] = START - 1;
    const t = bench(due, { inFlight: 10 });
    let turns = 0;
    t.service.start();
    while (t.fired.length < 100) {
      await t.clock.breathe();
      turns += 1;
    }
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  it('wakes an entity again after a growing pause when its timer stayed, and reads past it', async () => {
    const at: number[] = [];
    const t = bench(
      { stuck: START + 1_000, failing: START + 1_000, fine: START + 2_000 },
      {
        page: 1,
        fire: async ({ id }) => {
          if (id === 'failing') throw new Error('no');
          if (id === 'stuck') at.push(t.clock.now() - START);
          else t.set(id, null);
        },
      },
    );
    await t.start();
    await t.advance(20_000);
    expect(at).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
    expect([...t.index.keys()]).toEqual(['stuck', 'failing']);
    t.set('stuck', START + 21_000);
    await t.advance(2_000);
    expect(at.slice(5)).toEqual([21_000, 22_000]);
  });

  it('stays right when the wall clock jumps either way', async () => {
    const t = bench({ a: START + 30_000, b: START + 200_000 }, { recheckMs: 10_000 });
    await t.start();
    t.clock.jump(-20_000);
    await t.advance(49_999);
    expect(t.fired).toEqual([]);
    await t.advance(1);
    expect(t.ids()).toEqual(['a']);
    t.clock.jump(500_000);
    await t.advance(10_000);
    expect(t.ids()).toEqual(['a', 'b']);
  });

  it('keeps only the near window of many timers in memory', async () => {
    const due: Record<string, number> = {};
    for (let i = 0; i < 5_000; i += 1) due[`e${i}`] = START + 3_600_000 + i;
    const t = bench(due, { page: 100 });
    await t.start();
    for (let i = 0; i < 5_000; i += 1) t.set(`far${i}`, START + 7_200_000 + i);
    expect([t.reads.due, t.clock.pending]).toEqual([1, 1]);
    for (let i = 0; i < 5_000; i += 1) t.set(`near${i}`, START + 50_000 - i);
    await t.advance(50_000);
    expect(t.fired).toHaveLength(5_000);
    expect(t.fired.every(({ id, at }) => id === `near${50_000 - at}`)).toBe(true);
  });

  it('tries again when the store cannot be read', async () => {
    let broken = true;
    const due: TimerServiceOptions['session']['due'] = async () => {
      if (broken) throw new Error('busy');
      return [{ key: { namespace: 'default', type: 'cart', id: 'a' }, wakeAt: START }];
    };
    const fired: string[] = [];
    const t = bench({}, { session: { due, nextDue: async () => null }, fire: async (key) => void fired.push(key.id) });
    t.service.start();
    const settle = () => t.clock.breathe();
    await t.clock.advance(2_500, settle);
    expect(fired).toEqual([]);
    broken = false;
    await t.clock.advance(1_000, settle);
    expect(fired).toEqual(['a']);
  });

  it('fires nothing once it is stopped', async () => {
    const t = bench({ a: START + 1_000 });
    await t.start();
    t.service.stop();
    t.set('b', START + 500);
    await t.advance(10_000);
    expect([t.fired, t.clock.pending, t.service.busy]).toEqual([[], 0, false]);
  });
});

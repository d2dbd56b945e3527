import timers from 'node:timers';
import { systemClock } from './clock';
import { systemEntropy } from './entropy';
import type { Clock } from '../ports/clock';

const YEAR_MS = 365 * 24 * 3600 * 1000;

describe('the system clock', () => {
  afterEach(() => jest.useRealTimers());

  it('fires a timer at or after its delay, never before, by its own monotonic time', async () => {
    const start = systemClock.monotonicMs();
    await new Promise<void>((resolve) => void systemClock.after(3, resolve));
    expect(systemClock.monotonicMs() - start).toBeGreaterThanOrEqual(3);
  });

  it('arms a timer of 30 years in pieces that setTimeout takes, and cancels it', () => {
    const delays: unknown[] = [];
    const real = timers.setTimeout;
    let clock: Clock | undefined;
    timers.setTimeout = ((fire: () => void, delay: number) => {
      delays.push(delay);
      return real(fire, delay);
    }) as typeof timers.setTimeout;
    try {
      jest.isolateModules(() => {
        clock = jest.requireActual<typeof import('./clock')>('./clock').systemClock;
      });
    } finally {
      timers.setTimeout = real;
    }
    clock?.after(30 * YEAR_MS, () => fail('30 years have not passed'))();
    expect(delays).toEqual([2_147_483_647]);
  });

  it('drains after every microtask and before immediates (S4)', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        order.push('immediate');
        resolve();
      });
      systemClock.drain(() => order.push('drained'));
      void (async () => {
        for (let i = 0; i < 50; i += 1) await Promise.resolve();
        order.push('microtasks');
      })();
    });
    expect(order).toEqual(['microtasks', 'drained', 'immediate']);
  });

  it('keeps real time under fake timers that were installed before its import (S4)', async () => {
    jest.useFakeTimers({ now: 0 });
    let clock: Clock | undefined;
    jest.isolateModules(() => {
      clock = jest.requireActual<typeof import('./clock')>('./clock').systemClock;
    });
    if (clock === undefined) throw new Error('not loaded');
    const here = clock;
    expect(Date.now()).toBe(0);
    expect(here.now()).toBeGreaterThan(1_700_000_000_000);
    await new Promise<void>((resolve) => here.drain(resolve));
    await new Promise<void>((resolve) => void here.after(1, resolve));
    await here.breathe();
  });

  it('refuses delays that never end', () => {
    expect(() => systemClock.after(Infinity, () => undefined)).toThrow('finite');
    expect(() => systemClock.after(-1, () => undefined)).toThrow('finite');
  });
});

describe('the system entropy', () => {
  it('gives as many bytes as asked, 1 to 64, and floats in [0, 1)', () => {
    expect(systemEntropy.bytes(64)).toHaveLength(64);
    expect(systemEntropy.bytes(16)).not.toEqual(systemEntropy.bytes(16));
    expect(() => systemEntropy.bytes(65)).toThrow('1 to 64');
    const float = systemEntropy.float();
    expect(float >= 0 && float < 1).toBe(true);
  });
});

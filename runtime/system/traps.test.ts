import crypto from 'node:crypto';
import perfHooks from 'node:perf_hooks';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import type { RunningStep } from '../../framework/core/running';
import { runAsync, runSync, runUntrapped } from '../../framework/core/running';
import { systemClock } from './clock';
import { ensureTraps, installTraps } from './traps';

const STEP_MS = Date.UTC(2001, 1, 3, 4, 5, 6, 789);
const before = { prototype: Date.prototype, made: new Date(0) };

/** A step at STEP_MS whose random numbers repeat for each new step. */
function step(muted = false): RunningStep {
  let drawn = 0;
  return {
    now: () => STEP_MS,
    random: () => (((drawn += 1) * 0x9e3779b1) >>> 0) / 2 ** 32,
    fault: (what, cure) => new Error(`${what}: ${cure}`),
    muted,
  };
}
const inStep = <T>(body: () => T): T => runSync(step(), body);

beforeAll(() => {
  installTraps();
  installTraps();
});

describe('traps: time', () => {
  it('gives the time of the step to every way of asking (S3)', () => {
    const text = new Date(STEP_MS).toString();
    const now = inStep(() => [
      new Date().getTime(),
      Date.now(),
      performance.now(),
      performance.timeOrigin,
      process.uptime(),
    ]);
    expect(now).toEqual([STEP_MS, STEP_MS, STEP_MS, 0, STEP_MS / 1000]);
    expect(inStep(() => Date())).toBe(text);
    expect(inStep(() => perfHooks.performance.now())).toBe(STEP_MS);
    expect(inStep(() => process.hrtime.bigint())).toBe(BigInt(STEP_MS) * 1_000_000n);
    expect(inStep(() => process.hrtime([981_173_100, 0]))).toEqual([6, 789_000_000]);
  });

  it('formats the time of the step where no date is given', () => {
    const format = new Intl.DateTimeFormat('en', { dateStyle: 'short', timeZone: 'UTC' });
    const made = format.format;
    expect(format.format).toBe(made);
    expect(inStep(() => [format.format(), made(), format.format(0)])).toEqual(['2/3/01', '2/3/01', '1/1/70']);
    expect(inStep(() => format.formatToParts()).at(-1)).toEqual({ type: 'year', value: '01' });
    expect(format.format()).not.toBe('2/3/01');
  });

  it('leaves dates as they were: instanceof, constructor, subclasses, statics, arguments', () => {
    class Day extends Date {
      readonly extra = 1;
    }
    const dates = inStep(() => [
      new Date(2020, 1, 2),
      new Date('2020-02-02T00:00:00Z'),
      new Date(5),
      new Day(7),
      new Day(),
    ]);
    expect(dates.map((date) => date instanceof Date)).toEqual([true, true, true, true, true]);
    expect(dates[0]?.getMonth()).toBe(1);
    expect(dates[1]?.toISOString()).toBe('2020-02-02T00:00:00.000Z');
    expect([dates[2]?.getTime(), dates[3]?.getTime(), dates[4]?.getTime()]).toEqual([5, 7, STEP_MS]);
    expect(dates[4]).toBeInstanceOf(Day);
    expect([Date.prototype, Date.name, Date.length]).toEqual([before.prototype, 'Date', 7]);
    expect([before.made instanceof Date, before.made.constructor === Date]).toEqual([true, true]);
    expect([Date.UTC(1970, 0), Date.parse('1970-01-01T00:00:00Z')]).toEqual([0, 0]);
    expect(structuredClone(new Date(3)).getTime()).toBe(3);
  });

  it('gives the present outside steps and inside sideEffect (S10)', () => {
    const wall = systemClock.now();
    expect(Date.now() - wall).toBeLessThan(60_000);
    expect(new Date().getTime() - wall).toBeLessThan(60_000);
    expect(inStep(() => runUntrapped(() => Date.now()))).toBeGreaterThanOrEqual(wall);
    expect(inStep(() => systemClock.now())).toBeGreaterThanOrEqual(wall);
    expect(performance.now()).toBeLessThan(STEP_MS);
  });

  it('follows the continuations of a step and nothing else (S3)', async () => {
    const inside = runAsync(step(), async () => {
      await Promise.resolve();
      return Date.now();
    });
    expect(Date.now()).not.toBe(STEP_MS);
    expect(await inside).toBe(STEP_MS);
    expect(Date.now()).not.toBe(STEP_MS);
  });
});

describe('traps: randomness', () => {
  const draws: Record<string, () => unknown> = {
    'Math.random': () => Math.random(),
    'crypto.randomUUID': () => crypto.randomUUID(),
    'globalThis.crypto.randomUUID': () => globalThis.crypto.randomUUID(),
    'crypto.getRandomValues': () => [...crypto.getRandomValues(new Uint16Array(5))],
    'globalThis.crypto.getRandomValues': () => [...globalThis.crypto.getRandomValues(new BigInt64Array(2))].join(),
    randomBytes: () => crypto.randomBytes(13).toString('hex'),
    randomInt: () => [crypto.randomInt(10 ** 9), crypto.randomInt(-(10 ** 9), 10 ** 9)],
    randomFillSync: () => [...crypto.randomFillSync(new Uint32Array(4), 1, 2)],
  };

  it.each(Object.keys(draws))('draws the same from %s in the same step, and something else outside (S17)', (name) => {
    const draw = draws[name] as () => unknown;
    expect(inStep(draw)).toEqual(inStep(draw));
    expect(draw()).not.toEqual(inStep(draw));
  });

  it('keeps the shapes of the originals', () => {
    expect(inStep(() => crypto.randomUUID())).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    const filled = inStep(() => crypto.randomFillSync(new Uint32Array(4), 1, 2));
    expect([filled[0], filled[3]]).toEqual([0, 0]);
    expect(filled[1]).not.toBe(0);
    const numbers = inStep(() => Array.from({ length: 200 }, () => crypto.randomInt(3, 6)));
    expect([...new Set(numbers)].sort()).toEqual([3, 4, 5]);
    expect(Buffer.isBuffer(inStep(() => crypto.randomBytes(0)))).toBe(true);
  });

  it('answers callbacks after the call and within the step', async () => {
    const results = await runAsync(step(), () =>
      Promise.all([
        promisify((size: number, done: (error: Error | null, bytes: Buffer) => void) => crypto.randomBytes(size, done))(
          2,
        ),
        new Promise((resolve) => crypto.randomInt(5, 6, (_error, n) => resolve(n))),
        new Promise((resolve) => crypto.randomFill(new Uint8Array(3), (_error, bytes) => resolve(bytes.length))),
      ]),
    );
    expect(results).toEqual([expect.any(Buffer), 5, 3]);
  });

  it('leaves refusals to the originals', () => {
    expect(() => inStep(() => crypto.randomBytes(-1))).toThrow('out of range');
    expect(() => inStep(() => crypto.randomInt(5, 5))).toThrow('out of range');
    expect(() => inStep(() => crypto.randomFillSync(new Uint8Array(2), 3))).toThrow('out of range');
    expect(() => inStep(() => crypto.getRandomValues(new Uint8Array(65_537)))).toThrow(/65,?536/);
  });
});

describe('traps: effects', () => {
  const refused: [string, () => unknown, string][] = [
    ['setTimeout', () => setTimeout(() => undefined, 1), 'use sleep()'],
    ['setInterval', () => setInterval(() => undefined, 1), '@Every'],
    ['setImmediate', () => setImmediate(() => undefined), 'leave it out'],
    ['timers.setTimeout', () => timers.setTimeout(() => undefined, 1), 'use sleep()'],
    ['timers/promises', () => timersPromises.setTimeout(1), 'use sleep()'],
    ['scheduler.wait', () => timersPromises.scheduler.wait(1), 'use sleep()'],
    ['promisify(setTimeout)', () => promisify(setTimeout)(1), 'use sleep()'],
    ['AbortSignal.timeout', () => AbortSignal.timeout(1), 'condition()'],
    ['fetch', () => fetch('http://127.0.0.1:9/'), 'move it into an activity'],
  ];

  it.each(refused)('refuses %s inside a step, naming the cure (S3)', (_name, call, cure) => {
    expect(() => inStep(call)).toThrow(cure);
  });

  it('refuses the present of Temporal inside a step, where there is a Temporal', () => {
    const holder = globalThis as { Temporal?: unknown };
    const own = Object.getOwnPropertyDescriptor(globalThis, 'Temporal');
    const Now = { instant: () => 'now', timeZoneId: () => 'UTC' };
    Object.defineProperty(holder, 'Temporal', { value: { Now }, configurable: true, writable: true });
    try {
      installTraps();
      expect([Now.instant(), inStep(() => Now.timeZoneId())]).toEqual(['now', 'UTC']);
      expect(() => inStep(() => Now.instant())).toThrow('use now()');
    } finally {
      delete holder.Temporal;
      if (own !== undefined) Object.defineProperty(globalThis, 'Temporal', own);
    }
  });

  it('leaves timers and microtasks alone outside steps', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    await promisify(setImmediate)();
    expect(await timersPromises.setTimeout(0, 'done')).toBe('done');
    let ran = false;
    inStep(() => queueMicrotask(() => (ran = true)));
    await Promise.resolve();
    expect(ran).toBe(true);
  });

  it('writes the console of a live step and is silent on replay', () => {
    const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    ensureTraps();
    try {
      runSync(step(), () => console.log('live'));
      runSync(step(true), () => console.log('replayed'));
      console.log('outside');
      expect(log.mock.calls).toEqual([['live'], ['outside']]);
      expect(console.log).toHaveBeenCalledTimes(2);
    } finally {
      log.mockRestore();
    }
  });
});

describe('traps beside fake timers', () => {
  afterEach(() => jest.useRealTimers());

  it('holds inside steps and shows the fake time outside, when the fakes come after the traps (S4)', () => {
    jest.useFakeTimers({ now: 777 });
    ensureTraps();
    expect([Date.now(), new Date().getTime()]).toEqual([777, 777]);
    expect(inStep(() => [Date.now(), new Date().getTime(), performance.now()])).toEqual([STEP_MS, STEP_MS, STEP_MS]);
    expect(inStep(() => Date())).toBe(new Date(STEP_MS).toString());
    const utc = { timeZone: 'UTC', dateStyle: 'short' } as const;
    expect(inStep(() => new Intl.DateTimeFormat('en', utc).format())).toBe('2/3/01');
    expect(() => inStep(() => setTimeout(() => undefined, 1))).toThrow('use sleep()');
    const fired = jest.fn();
    setTimeout(fired, 50);
    jest.advanceTimersByTime(50);
    expect(fired).toHaveBeenCalledTimes(1);
    expect(Date.now()).toBe(827);
  });

  it('holds after the fakes have gone again', () => {
    jest.useFakeTimers({ now: 777 });
    ensureTraps();
    jest.useRealTimers();
    ensureTraps();
    expect(Date.now()).toBeGreaterThan(1_700_000_000_000);
    expect(inStep(() => [Date.now(), new Date().getTime()])).toEqual([STEP_MS, STEP_MS]);
    expect(() => inStep(() => setInterval(() => undefined, 1))).toThrow('@Every');
    jest.useFakeTimers({ now: 888 });
    expect(Date.now()).toBe(888);
  });

  it('finds spies that were put over a trap', () => {
    const spies = [jest.spyOn(Date, 'now').mockReturnValue(1), jest.spyOn(Math, 'random').mockReturnValue(0.5)];
    ensureTraps();
    expect([Date.now(), Math.random()]).toEqual([1, 0.5]);
    expect(inStep(() => Date.now())).toBe(STEP_MS);
    expect(inStep(() => Math.random())).not.toBe(0.5);
    for (const spy of spies) spy.mockRestore();
    ensureTraps();
    expect(inStep(() => Date.now())).toBe(STEP_MS);
    expect(Date.now()).toBeGreaterThan(1_700_000_000_000);
  });

  it('changes nothing when nothing was replaced', () => {
    const now = [Date, Date.now, setTimeout, crypto.randomUUID, console.log];
    ensureTraps();
    installTraps();
    expect([Date, Date.now, setTimeout, crypto.randomUUID, console.log]).toEqual(now);
  });
});

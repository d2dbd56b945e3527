import { ManualClock } from './manual-clock';

describe('ManualClock', () => {
  it('fires timers by due time, ties in the order they were set', async () => {
    const clock = new ManualClock({ now: 1_000 });
    const fired: string[] = [];
    clock.after(30, () => fired.push(`c@${clock.now()}`));
    clock.after(10, () => fired.push(`a@${clock.now()}`));
    clock.after(30, () => fired.push(`d@${clock.now()}`));
    clock.after(20, () => fired.push(`b@${clock.now()}`));
    expect(clock.nextDue()).toBe(1_010);
    await clock.advanceTo(1_029);
    expect(fired).toEqual(['a@1010', 'b@1020']);
    await clock.advance(1);
    expect(fired).toEqual(['a@1010', 'b@1020', 'c@1030', 'd@1030']);
    expect([clock.now(), clock.monotonicMs(), clock.pending]).toEqual([1_030, 30, 0]);
  });

  it('fires in one advance what continuations of firing timers set within its reach', async () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
    const loop = (async () => {
      for (let round = 0; round < 4; round += 1) {
        await wait(10);
        at.push(clock.now());
      }
    })();
    await clock.advanceTo(35);
    expect(at).toEqual([10, 20, 30]);
    await clock.advanceTo(40);
    await loop;
    expect(at).toEqual([10, 20, 30, 40]);
  });

  it('never fires a cancelled timer, nor counts it', async () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    const cancels = Array.from({ length: 100 }, (_, i) => clock.after(100 - i, () => fired.push(100 - i)));
    cancels.forEach((cancel, i) => {
      if (i % 2 === 0) cancel();
    });
    cancels[0]?.();
    expect(clock.pending).toBe(50);
    await clock.advance(1_000);
    expect(fired).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i + 1));
  });

  it('moves wall time alone on a jump: no timer fires or moves', async () => {
    const clock = new ManualClock({ now: 500 });
    let fired = 0;
    clock.after(10, () => (fired += 1));
    clock.jump(100_000);
    await clock.advance(9);
    expect(fired).toBe(0);
    await clock.advance(1);
    expect([fired, clock.now(), clock.monotonicMs()]).toEqual([1, 100_510, 10]);
  });

  it('drains and breathes with real scheduling although fake timers are on (S4)', async () => {
    jest.useFakeTimers();
    try {
      const clock = new ManualClock();
      const order: string[] = [];
      const drained = new Promise<void>((resolve) =>
        clock.drain(() => {
          order.push('drained');
          resolve();
        }),
      );
      void Promise.resolve()
        .then(() => order.push('one'))
        .then(() => order.push('two'));
      await drained;
      await clock.breathe();
      expect(order).toEqual(['one', 'two', 'drained']);
    } finally {
      jest.useRealTimers();
    }
  });
});

import { AsyncLocalStorage } from 'node:async_hooks';
import { activityInfo, heartbeat } from '../../framework/activity';
import { ActivitySlots } from './activity-slots';
import { bench, never } from './activity-bench.fixture';

describe('activity runner: limits', () => {
  it('aborts an attempt that outlasts startToClose, counts it as failed, and ignores its late result', async () => {
    const finish: ((text: string) => void)[] = [];
    const signals: AbortSignal[] = [];
    const t = bench({
      send() {
        signals.push(activityInfo().signal);
        return new Promise((resolve) => finish.push(resolve));
      },
    });
    t.schedule(1, 'send', [], { startToCloseMs: 5_000 });
    await t.clock.advance(5_000);
    expect(signals[0]?.reason).toMatchObject({ name: 'TimeoutFailure', code: 'start_to_close' });
    expect(t.describe()).toMatchObject([{ attempt: 2, running: false, lastFailure: { code: 'start_to_close' } }]);
    await t.clock.advance(1_000);
    finish[0]?.('late');
    await t.settle();
    expect(t.outcomes.size).toBe(0);
    finish[1]?.('second');
    await t.settle();
    expect(t.value(1)).toBe('second');
    expect(signals[1]?.aborted).toBe(false);
  });

  it('surfaces scheduleToClose at once, with the last failure as cause, while it runs and while it waits', async () => {
    const t = bench({ send: () => Promise.reject(new Error('down')), hang: never });
    t.schedule(1, 'send', [], { scheduleToCloseMs: 10_000 });
    t.schedule(2, 'hang', [], { scheduleToCloseMs: 10_000 });
    await t.clock.advance(9_999);
    expect(t.outcomes.size).toBe(0);
    await t.clock.advance(1);
    expect(t.failure(1)).toMatchObject({
      name: 'TimeoutFailure',
      code: 'schedule_to_close',
      cause: { message: 'down' },
    });
    expect(t.failure(2)).toMatchObject({ name: 'TimeoutFailure', code: 'schedule_to_close' });
    expect([t.runner.running, t.describe()]).toEqual([0, []]);
  });

  it('surfaces scheduleToStart when no attempt could start in time', async () => {
    const t = bench({ hang: never }, { slots: new ActivitySlots(1) });
    t.schedule(1, 'hang', [], { startToCloseMs: 0 });
    t.schedule(2, 'hang', [], { scheduleToStartMs: 2_000 });
    await t.clock.advance(2_000);
    expect(t.failure(2)).toMatchObject({ name: 'TimeoutFailure', code: 'schedule_to_start' });
    expect([t.runner.running, t.runner.queued]).toEqual([1, 0]);
  });

  it('aborts an attempt that falls silent; its last details reach the next attempt', async () => {
    const seen: unknown[] = [];
    const t = bench({
      async render() {
        const info = activityInfo();
        seen.push(info.lastHeartbeat);
        if (info.attempt === 2) return 'done';
        for (let page = 1; page <= 3; page += 1) {
          heartbeat({ page });
          await new Promise<void>((resolve) => void t.clock.after(900, resolve));
        }
        return never();
      },
    });
    t.schedule(1, 'render', [], { heartbeatMs: 1_000 });
    await t.clock.advance(2_799);
    expect(t.describe()).toMatchObject([{ attempt: 1, running: true }]);
    await t.clock.advance(1);
    expect(t.describe()).toMatchObject([{ attempt: 2, running: false, lastFailure: { code: 'heartbeat' } }]);
    await t.clock.advance(1_000);
    expect([seen, t.value(1)]).toEqual([[undefined, { page: 3 }], 'done']);
  });

  it('refuses heartbeat details that cannot be encoded, and ignores heartbeats of an ended attempt', async () => {
    let beat: () => void = () => undefined;
    const t = bench({
      async send() {
        const end = new Promise<void>((resolve) => void t.clock.after(10, resolve));
        beat = AsyncLocalStorage.bind(() => heartbeat('late'));
        heartbeat(() => undefined);
        await end;
      },
    });
    t.schedule(1, 'send', [], { attempts: 1 });
    await t.settle();
    expect(t.failure(1)?.cause).toMatchObject({ code: 'invalid_argument' });
    t.noted.length = 0;
    beat();
    expect(t.noted).toEqual([]);
  });
});

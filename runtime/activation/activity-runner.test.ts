import { AsyncLocalStorage } from 'node:async_hooks';
import { activityInfo, heartbeat, NonRetryable } from '../../framework/activity';
import { decodeValue, encodeValue } from '../../framework/codec/value';
import { ActivitySlots } from './activity-slots';
import { bench, KEY, never, OPTIONS } from './activity-bench.fixture';
import { idempotencyKey } from './activity-attempt';
import { decodeNote, encodeNote } from './activity-note';

describe('activity runner: an attempt', () => {
  it('runs a method with its arguments, as a method of its group, and encodes what it returns (S10)', async () => {
    class Mailer {
      readonly from = 'shop';
      send(to: string, at: Date) {
        return { line: `${this.from} to ${to}`, at };
      }
    }
    const t = bench(new Mailer());
    t.schedule(1, 'send', ['ann', new Date(5)]);
    expect(t.runner.queued).toBe(1);
    await t.settle();
    expect(t.value(1)).toEqual({ line: 'shop to ann', at: new Date(5) });
    expect([t.runner.running, t.runner.queued, t.clock.pending, t.describe()]).toEqual([0, 0, 0, []]);
  });

  it('tells the code which activity it is (S15)', async () => {
    const t = bench({ send: () => ({ ...activityInfo(), signal: activityInfo().signal.aborted }) });
    t.schedule(7, 'send', [], { startToCloseMs: 500 });
    await t.settle();
    expect(t.value(7)).toEqual({
      idempotencyKey: 'default/cart/C-1/7',
      entity: KEY,
      group: 'mail',
      method: 'send',
      attempt: 1,
      scheduledAt: 1_000_000,
      deadline: 1_000_500,
      signal: false,
      lastHeartbeat: undefined,
    });
  });

  it('gives no two activities one idempotency key, whatever their ids contain (S15)', () => {
    const key = (id: string, effect: number) => idempotencyKey({ ...KEY, id }, effect);
    expect(key('a/1', 2)).toBe('default/cart/a%2F1/2');
    expect(key('a', 1)).not.toBe(key('a/1', 1));
    expect(key('é %2F', 3)).toBe('default/cart/%C3%A9%20%252F/3');
  });

  it('gives each attempt fresh arguments (S10)', async () => {
    const seen: unknown[] = [];
    const t = bench({
      send(order: { lines: string[] }) {
        seen.push([...order.lines]);
        order.lines.push('changed');
        if (seen.length < 3) throw new Error('again');
      },
    });
    t.schedule(1, 'send', [{ lines: ['a'] }]);
    await t.clock.advance(10_000);
    expect(seen).toEqual([['a'], ['a'], ['a']]);
    expect(t.value(1)).toBeUndefined();
    expect(t.outcomes.get(1)?.ok).toBe(true);
  });

  it('runs outside the async context of whoever scheduled it', async () => {
    const storage = new AsyncLocalStorage<string>();
    const t = bench({ send: () => storage.getStore() ?? 'none' });
    storage.run('step', () => t.schedule(1, 'send'));
    await t.settle();
    expect(t.value(1)).toBe('none');
  });

  it('fails at once, naming the path, when the result cannot be encoded or is too large', async () => {
    const t = bench(
      { send: () => ({ socket: { write: () => 1 } }), dump: () => 'x'.repeat(101) },
      { maxResultBytes: 100 },
    );
    t.schedule(1, 'send');
    t.schedule(2, 'dump');
    await t.settle();
    expect(t.failure(1)).toMatchObject({ name: 'ActivityFailure', code: 'invalid_result' });
    expect(t.failure(1)?.message).toContain('result of mail.send.socket.write');
    expect(t.failure(2)).toMatchObject({ name: 'ActivityFailure', code: 'too_large' });
  });
});

describe('activity runner: retries', () => {
  it('tries again after pauses that grow up to the maximum, and says so in describe', async () => {
    const at: number[] = [];
    const t = bench({
      send() {
        at.push(t.clock.now() - 1_000_000);
        throw new Error(`failure ${at.length}`);
      },
    });
    t.schedule(1, 'send', [], { retryMaximumMs: 3_000 });
    await t.clock.advance(10_000);
    expect(at).toEqual([0, 1_000, 3_000, 6_000, 9_000]);
    expect(t.describe()).toMatchObject([
      { effect: 1, group: 'mail', method: 'send', attempt: 6, running: false, nextAttemptAt: 1_012_000 },
    ]);
    expect(t.describe()[0]?.lastFailure?.message).toBe('failure 5');
  });

  it('takes the jitter off the pause, never more than a tenth', async () => {
    const t = bench(
      { send: () => Promise.reject(new Error('no')) },
      { entropy: { bytes: () => new Uint8Array(), float: () => 0.99 } },
    );
    t.schedule(1, 'send');
    await t.settle();
    expect(t.describe()[0]?.nextAttemptAt).toBeCloseTo(1_000_901, 3);
  });

  it('ends with the last failure as cause when the attempts are used up (S18)', async () => {
    const t = bench({ send: () => Promise.reject(new TypeError(`attempt ${activityInfo().attempt}`)) });
    t.schedule(1, 'send', [], { attempts: 3 });
    await t.clock.advance(2_999);
    expect(t.outcomes.size).toBe(0);
    await t.clock.advance(1);
    expect(t.failure(1)).toMatchObject({ name: 'ActivityFailure', code: 'out_of_attempts' });
    expect(t.failure(1)?.cause).toMatchObject({ name: 'TypeError', message: 'attempt 3' });
  });

  it('ends at once on NonRetryable, with its code and details, of whichever copy of the package', async () => {
    const foreign = Object.assign(new Error('gone'), { nonRetryable: true });
    const t = bench({
      charge: () => Promise.reject(new NonRetryable('declined', { code: 'card_declined', details: { card: 4 } })),
      send: () => Promise.reject(foreign),
    });
    t.schedule(1, 'charge');
    t.schedule(2, 'send');
    await t.settle();
    expect(t.failure(1)).toMatchObject({ name: 'ActivityFailure', code: 'non_retryable' });
    expect(t.failure(1)?.cause).toMatchObject({ name: 'EntityFailure', code: 'card_declined', details: { card: 4 } });
    expect(t.failure(2)).toMatchObject({ name: 'ActivityFailure', code: 'non_retryable' });
  });

  it('keeps asking for a method that this build does not have, without counting it as an attempt', async () => {
    const group: Record<string, unknown> = {};
    const t = bench(group);
    t.schedule(1, 'send', [], { attempts: 1 });
    t.schedule(2, 'constructor', [], { attempts: 1 });
    t.schedule(3, 'toString', [], { attempts: 1 });
    await t.clock.advance(5_000);
    expect(t.outcomes.size).toBe(0);
    expect(t.describe()).toMatchObject([{ attempt: 1 }, { attempt: 1 }, { attempt: 1 }]);
    expect(t.describe()[0]?.lastFailure?.message).toContain("group 'mail' has no method 'send'");
    group['send'] = () => 'sent';
    await t.clock.advance(60_000);
    expect(t.value(1)).toBe('sent');
  });

  it('serves as many at a time as it may, the others in the order they came', async () => {
    const order: number[] = [];
    const release: (() => void)[] = [];
    const t = bench(
      {
        send(n: number) {
          order.push(n);
          return new Promise<void>((resolve) => release.push(resolve));
        },
      },
      { slots: new ActivitySlots(2) },
    );
    for (let n = 1; n <= 4; n += 1) t.schedule(n, 'send', [n]);
    await t.settle();
    expect([order, t.runner.running, t.runner.queued]).toEqual([[1, 2], 2, 2]);
    release[0]?.();
    await t.settle();
    expect([order, t.runner.running, t.runner.queued]).toEqual([[1, 2, 3], 2, 1]);
  });

  it('keeps 20,000 activities waiting for a retry on one timer', async () => {
    const down = new Error('down');
    const t = bench({ send: () => Promise.reject(down) }, { slots: new ActivitySlots(20_000) });
    for (let n = 1; n <= 20_000; n += 1) t.schedule(n, 'send');
    await t.settle();
    expect([t.runner.running, t.runner.queued, t.noted.length, t.clock.pending]).toEqual([0, 0, 20_000, 1]);
    t.runner.stop();
    expect(t.clock.pending).toBe(0);
  });
});

describe('activity runner: notes', () => {
  it('lets a restart go on counting, keep the pause and know the last heartbeat', async () => {
    const before = bench({
      send() {
        heartbeat({ page: 9 });
        throw new Error('down');
      },
    });
    before.schedule(1, 'send', [], { attempts: 3, retryInitialMs: 4_000 });
    await before.settle();
    before.runner.stop();
    const seen: unknown[] = [];
    const after = bench({
      send() {
        seen.push([after.clock.now() - 1_000_000, activityInfo().attempt, activityInfo().lastHeartbeat]);
        throw new Error('still down');
      },
    });
    after.schedule(1, 'send', [], { attempts: 3, retryInitialMs: 4_000 }, before.notes.get(1));
    expect(after.describe()).toMatchObject([
      { attempt: 2, lastFailure: { message: 'down' }, nextAttemptAt: 1_004_000 },
    ]);
    await after.clock.advance(12_000);
    expect(seen).toEqual([
      [4_000, 2, { page: 9 }],
      [12_000, 3, { page: 9 }],
    ]);
    expect(after.failure(1)).toMatchObject({ code: 'out_of_attempts' });
  });

  it('notes the newest heartbeat at most once per five seconds', async () => {
    const t = bench({
      async send() {
        for (let page = 1; page <= 60; page += 1) {
          heartbeat(page);
          await new Promise<void>((resolve) => void t.clock.after(100, resolve));
        }
        return never();
      },
    });
    t.schedule(1, 'send');
    await t.clock.advance(20_000);
    expect(t.noted).toHaveLength(3);
    expect(decodeValue(decodeNote(t.notes.get(1) as Uint8Array)?.heartbeat as Uint8Array)).toBe(60);
  });

  it('deletes the note only after the outcome was taken, and keeps it when it was not', async () => {
    const t = bench({ send: () => (activityInfo().attempt === 1 ? Promise.reject(new Error('no')) : 1) });
    const taking: ((taken: boolean) => void)[] = [];
    const activity = {
      key: KEY,
      effect: 1,
      group: 'mail',
      method: 'send',
      args: encodeValue([]),
      options: OPTIONS,
      scheduledAt: t.clock.now(),
      note: null,
    };
    const take = (): Promise<boolean> => new Promise((resolve) => taking.push(resolve));
    t.runner.schedule(activity, take);
    t.runner.schedule({ ...activity, effect: 2 }, () => Promise.reject(new Error('store lost')));
    t.runner.schedule({ ...activity, effect: 3 }, take);
    await t.clock.advance(1_000);
    expect([...t.notes.keys()]).toEqual([1, 2, 3]);
    for (const [at, tell] of taking.entries()) tell(at === 0);
    await t.settle();
    expect([...t.notes.keys()]).toEqual([2, 3]);
  });

  it('counts a note that cannot be read as none', async () => {
    const good = { failures: 1, lastFailure: null, nextAttemptAt: null, heartbeat: null };
    expect(decodeNote(encodeNote(good))).toEqual(good);
    const bad = [
      new Uint8Array([255, 1]),
      encodeValue('text'),
      encodeValue([2, 1, null, null, null]),
      encodeValue([1, -1, null, null, null]),
    ];
    for (const bytes of bad) expect(decodeNote(bytes)).toBeNull();
    const t = bench({ send: () => activityInfo().attempt });
    t.schedule(1, 'send', [], {}, bad[0]);
    await t.settle();
    expect([t.value(1), t.notes.size]).toEqual([1, 0]);
  });
});

describe('activity runner: the end', () => {
  it('tells a cancelled attempt through its signal and never reports it', async () => {
    let signal: AbortSignal | undefined;
    const t = bench({
      hang() {
        ({ signal } = activityInfo());
        return never();
      },
    });
    t.schedule(1, 'hang');
    t.schedule(
      2,
      'hang',
      [],
      {},
      encodeNote({ failures: 1, lastFailure: null, nextAttemptAt: 1_009_000, heartbeat: null }),
    );
    await t.settle();
    t.runner.cancel(KEY, 1, 'skip');
    expect(signal?.reason).toMatchObject({ name: 'CancelledFailure', message: expect.stringContaining('skip') });
    t.runner.cancelAll(KEY, 'terminate');
    t.runner.cancel(KEY, 99, 'skip');
    await t.clock.advance(100_000);
    expect([t.outcomes.size, t.describe(), t.clock.pending, t.noted]).toEqual([0, [], 0, [2]]);
  });

  it('drains: starts nothing more, takes what still succeeds, counts nothing that the drain cut short', async () => {
    const t = bench({
      quick: () => new Promise((resolve) => void t.clock.after(100, () => resolve('kept'))),
      polite: () =>
        new Promise((_resolve, reject) => {
          const { signal } = activityInfo();
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    });
    t.schedule(1, 'quick');
    t.schedule(2, 'polite', [], { attempts: 1 });
    await t.settle();
    let drained = false;
    void t.runner.drain().then(() => (drained = true));
    t.schedule(3, 'quick');
    await t.clock.advance(99);
    expect(drained).toBe(false);
    await t.clock.advance(1);
    expect([drained, t.value(1), [...t.outcomes.keys()], t.notes.size]).toEqual([true, 'kept', [1], 0]);
    expect(t.clock.pending).toBe(0);
  });

  it('drains within its bound when an attempt does not listen', async () => {
    const t = bench({ hang: never }, { drainMs: 3_000 });
    t.schedule(1, 'hang');
    await t.settle();
    let drained = false;
    void t.runner.drain().then(() => (drained = true));
    await t.clock.advance(2_999);
    expect(drained).toBe(false);
    await t.clock.advance(1);
    expect([drained, t.runner.running]).toEqual([true, 0]);
  });
});

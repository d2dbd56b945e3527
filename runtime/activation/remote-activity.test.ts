import { encodeValue } from '../../framework/codec/value';
import type { Failure } from '../../framework/core/history';
import type { Task, TaskEars, TaskQueues } from '../ports/task-queues';
import { bench, never } from './activity-bench.fixture';
import { ActivitySlots } from './activity-slots';

interface OfferedTask {
  readonly task: Task;
  readonly ears: TaskEars;
  readonly told: string[];
}

/** A runner whose host serves `mail` with this object, and has task queues that the test plays. */
function remoteBench(
  group: object = { send: () => 'here' },
  groups = new Map([['mail', group]]),
  slots = new ActivitySlots(8),
) {
  const offered: OfferedTask[] = [];
  const tasks: TaskQueues = {
    offer: (task, ears) => {
      const told: string[] = [];
      offered.push({ task, ears, told });
      return { stop: (why) => void told.push(`stop: ${why}`), drop: (why) => void told.push(`drop: ${why}`) };
    },
  };
  return { ...bench(group, { tasks, groups, slots }), offered };
}

const boom: Failure = { kind: 'bug', code: 'Error', message: 'boom', details: null, cause: null, stack: '' };
const value = (of: unknown) => ({ kind: 'value', value: encodeValue(of) }) as const;

describe('activity runner: attempts of workers (C17)', () => {
  it('offers what has a queue, and groups that are not served here; all else runs here', async () => {
    const t = remoteBench();
    t.schedule(1, 'send', ['a'], { queue: 'gpu-7' });
    t.schedule(2, 'send');
    await t.settle();
    expect(t.value(2)).toBe('here');
    expect(t.offered.map(({ task }) => task)).toMatchObject([
      { queue: 'gpu-7', group: 'mail', method: 'send', effect: 1, attempt: 1, limitMs: 30_000, heartbeat: null },
    ]);
    const other = remoteBench({}, new Map());
    other.schedule(1, 'send');
    await other.settle();
    expect(other.offered.map(({ task }) => task.queue)).toEqual(['']);
  });

  it('counts as running once a worker has begun it, and takes its result', async () => {
    const t = remoteBench();
    t.schedule(1, 'send', [], { queue: 'q' });
    await t.settle();
    expect([t.runner.running, t.describe()[0]?.running]).toEqual([0, false]);
    t.offered[0]!.ears.began();
    expect([t.runner.running, t.describe()[0]?.running]).toEqual([1, true]);
    t.offered[0]!.ears.ended(value('there'));
    await t.settle();
    expect([t.value(1), t.runner.running, t.offered[0]!.told]).toEqual(['there', 0, []]);
  });

  it('takes no slot of the host', async () => {
    const t = remoteBench(undefined, undefined, new ActivitySlots(1));
    for (const effect of [1, 2]) t.schedule(effect, 'send', [], { queue: 'q' });
    await t.settle();
    for (const { ears } of t.offered) ears.began();
    t.schedule(3, 'send');
    await t.settle();
    expect([t.value(3), t.runner.running]).toEqual(['here', 2]);
    for (const { ears } of t.offered) ears.ended(value(0));
    t.schedule(4, 'send');
    await t.settle();
    expect(t.value(4)).toBe('here');
  });

  it('offers a failed attempt again by its policy, with the last heartbeat of the one before', async () => {
    const t = remoteBench();
    t.schedule(1, 'send', [], { queue: 'q', attempts: 2 });
    await t.settle();
    t.offered[0]!.ears.began();
    t.offered[0]!.ears.beat(Uint8Array.of(1));
    t.offered[0]!.ears.ended({ kind: 'failed', failure: boom, final: false });
    await t.clock.advance(2_000);
    expect(t.offered[1]?.task).toMatchObject({ attempt: 2, heartbeat: Uint8Array.of(1) });
    t.offered[1]!.ears.ended({ kind: 'failed', failure: boom, final: false });
    expect(t.failure(1)).toMatchObject({ code: 'out_of_attempts' });
  });

  it('gives up at once what is final, or no result at all', async () => {
    const t = remoteBench();
    for (const effect of [1, 2]) t.schedule(effect, 'send', [], { queue: 'q' });
    await t.settle();
    t.offered[0]!.ears.ended({ kind: 'failed', failure: boom, final: true });
    t.offered[1]!.ears.ended({ kind: 'unusable', code: 'too_large', failure: boom });
    expect([t.failure(1), t.failure(2)]).toMatchObject([{ code: 'non_retryable' }, { code: 'too_large' }]);
  });

  it('offers again what was lost, or that the worker does not know; neither counts against attempts', async () => {
    const t = remoteBench();
    t.schedule(1, 'send', [], { queue: 'q', attempts: 1 });
    await t.settle();
    t.offered[0]!.ears.began();
    t.offered[0]!.ears.ended({ kind: 'lost', why: 'its worker w is gone' });
    expect(t.describe()[0]).toMatchObject({ running: false, lastFailure: { code: 'worker_lost' } });
    await t.clock.advance(1_000);
    t.offered[1]!.ears.ended({ kind: 'unknown' });
    expect(t.describe()[0]?.lastFailure?.message).toBe('a worker has no mail.send: deploy one');
    await t.clock.advance(2_000);
    t.offered[2]!.ears.ended(value('at last'));
    await t.settle();
    expect([t.value(1), t.offered[2]?.task.attempt]).toEqual(['at last', 1]);
  });

  it('keeps every limit, and tells the worker', async () => {
    const t = remoteBench();
    t.schedule(1, 'send', [], { queue: 'q', scheduleToStartMs: 500 });
    t.schedule(2, 'send', [], { queue: 'q', startToCloseMs: 500, attempts: 1 });
    t.schedule(3, 'send', [], { queue: 'q', heartbeatMs: 500, attempts: 1 });
    await t.settle();
    await t.clock.advance(400);
    for (const { ears } of t.offered.slice(1)) ears.began();
    await t.clock.advance(400);
    t.offered[2]!.ears.beat(Uint8Array.of(1));
    expect(t.failure(1)).toMatchObject({ code: 'schedule_to_start' });
    expect([t.failure(2), t.failure(3)]).toEqual([null, null]);
    await t.clock.advance(400);
    expect(t.failure(2)).toMatchObject({ code: 'out_of_attempts', cause: { code: 'start_to_close' } });
    expect(t.failure(3)).toBeNull();
    await t.clock.advance(400);
    expect(t.failure(3)).toMatchObject({ cause: { code: 'heartbeat' } });
    expect(t.offered.map(({ told }) => told.map((line) => line.slice(0, 5)))).toEqual([
      ['drop:'],
      ['drop:'],
      ['drop:'],
    ]);
    t.offered[1]!.ears.ended(value('late'));
    expect(t.failure(2)).toMatchObject({ code: 'out_of_attempts' });
  });

  it('drops what is cancelled, and at a drain what no worker has begun; what runs is told to stop and waited for', async () => {
    const t = remoteBench();
    for (const effect of [1, 2, 3]) t.schedule(effect, 'send', [], { queue: 'q' });
    await t.settle();
    t.runner.cancelAll({ namespace: 'other', type: 'x', id: 'y' }, 'terminate');
    t.runner.cancel({ namespace: 'default', type: 'cart', id: 'C-1' }, 1, 'skip');
    t.offered[0]!.ears.began();
    expect(t.runner.running).toBe(0);
    t.offered[1]!.ears.began();
    const drained = t.runner.drain();
    t.offered[1]!.ears.ended(value('in time'));
    await drained;
    expect(t.value(2)).toBe('in time');
    expect(t.offered.map(({ told }) => told)).toEqual([
      ['drop: the activity was dropped (skip)'],
      ['stop: the host drains'],
      ['drop: the host stops'],
    ]);
    t.offered[2]!.ears.began();
    expect(t.runner.running).toBe(0);
  });

  it('lets no worker begin while it drains', async () => {
    const t = remoteBench({ send: never });
    t.schedule(1, 'send', [], { queue: 'q' });
    t.schedule(2, 'send');
    await t.settle();
    const drained = t.runner.drain(1_000);
    t.offered[0]!.ears.began();
    expect(t.offered[0]!.told).toEqual(['drop: the host drains']);
    await t.clock.advance(1_000);
    await drained;
  });
});

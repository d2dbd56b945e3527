import { TASK_LOOK_MS, TASK_RESEND_MS, TASK_WARN_MS, WORKER_BEAT_MS, WORKER_SILENT_MS } from '../../config';
import { silentLog } from '../../ports/telemetry';
import { FaultDial, PROFILES } from '../../sim/faults/fault-profile';
import { SimSubjects } from '../../sim/network/sim-messenger';
import { SimNetwork } from '../../sim/network/sim-network';
import { pump } from '../../sim/world/pump.fixture';
import { SimClock } from '../../sim/world/sim-clock';
import { SimProcess } from '../../sim/world/sim-process';
import { World } from '../../sim/world/world';
import { ManualClock } from '../../testing/manual-clock';
import type { Frame } from '../../wire/frame';
import type { NewsFrame } from '../../wire/task-frame';
import { ScriptedMessenger } from '../scripted-messenger.fixture';
import { Dispatcher } from './dispatcher';
import { TaskWorker } from './task-worker';
import { Desk, Ears, TASK, VALUE, tasksContract } from './tasks.contract';

tasksContract('the simulated network without faults', async () => {
  const world = new World({ seed: 1 });
  const subjects = new SimSubjects(new SimNetwork(world, new FaultDial(PROFILES.calm)));
  let n = 0;
  return {
    end: async () => {
      const process = new SimProcess(world, `p${(n += 1)}`);
      return { messenger: subjects.messengerOf(process), clock: new SimClock(process) };
    },
    close: pump(world),
  };
});

const order = (frame: Frame): string => (frame.kind === 'order' ? `${frame.order} ${frame.n}` : frame.kind);

describe('a dispatcher (C17)', () => {
  function dispatching() {
    const messenger = new ScriptedMessenger();
    const clock = new ManualClock({ now: 0 });
    const warnings: unknown[] = [];
    const log = { ...silentLog, warn: (fields: unknown) => void warnings.push(fields) };
    const dispatcher = new Dispatcher({ messenger, clock, log, namespace: 'n', name: 'h' });
    const room = (worker: string, more = 1): void =>
      messenger.hear('room.n.=', { kind: 'room', worker, queue: '', groups: ['render'], room: more });
    const news = (worker: string, n: number, told: NewsFrame['news']): void =>
      messenger.hear('dispatch.h', { kind: 'news', worker, n, news: told });
    const sent = (): string[] => messenger.sent.splice(0).map(({ subject, frame }) => `${order(frame)} to ${subject}`);
    return { messenger, clock, dispatcher, warnings, room, news, sent };
  }

  it('sends a task again to the same worker while it hears nothing of it, and begins it once', async () => {
    const { clock, dispatcher, room, news, sent } = dispatching();
    const ears = new Ears();
    dispatcher.offer(TASK, ears);
    room('w');
    expect(sent()).toEqual(['task to worker.w']);
    await clock.advance(TASK_RESEND_MS);
    expect(sent()).toEqual(['task to worker.w']);
    news('w', 1, { kind: 'began' });
    news('w', 1, { kind: 'began' });
    await clock.advance(TASK_RESEND_MS);
    expect([sent(), ears.told]).toEqual([[], ['began']]);
  });

  it('takes a task back from a worker that nobody listens for, or that is full, and from no other', async () => {
    const { messenger, dispatcher, room, news, sent } = dispatching();
    dispatcher.offer(TASK, new Ears());
    room('gone');
    messenger.sent[0]!.unheard();
    room('full', 5);
    news('full', 1, { kind: 'busy' });
    room('w');
    expect(sent()).toEqual(['task to worker.gone', 'task to worker.full', 'task to worker.w']);
  });

  it('sends no more than there is room for, and first what was offered first, though it came back', async () => {
    const { messenger, clock, dispatcher, room, news } = dispatching();
    for (const effect of [1, 2, 3]) dispatcher.offer({ ...TASK, effect }, new Ears());
    await clock.advance(0);
    room('full');
    news('full', 1, { kind: 'busy' });
    room('w', 2);
    const numbers = messenger.sent.map(({ subject, frame }) => [subject, frame.kind === 'task' ? frame.n : 0]);
    expect(numbers).toEqual([
      ['worker.full', 1],
      ['worker.w', 1],
      ['worker.w', 2],
    ]);
  });

  it('says that a task is lost when its worker is silent for too long, but not for its own deafness', async () => {
    const { messenger, clock, dispatcher, room, news, sent } = dispatching();
    const ears = new Ears();
    dispatcher.offer(TASK, ears);
    room('w');
    news('w', 1, { kind: 'began' });
    Object.assign(messenger, { connected: false });
    await clock.advance(WORKER_SILENT_MS * 2);
    Object.assign(messenger, { connected: true });
    await clock.advance(WORKER_SILENT_MS - TASK_LOOK_MS);
    expect(ears.told).toEqual(['began']);
    await clock.advance(TASK_LOOK_MS * 3);
    expect(ears.told).toMatchObject(['began', { kind: 'lost', why: 'its worker w is gone' }]);
    sent();
    news('w', 1, { kind: 'ended', end: VALUE });
    news('w', 1, { kind: 'began' });
    expect([sent(), ears.told.length]).toEqual([['heard 1 to worker.w', 'drop 1 to worker.w'], 2]);
  });

  it('warns once when tasks wait and no worker is there, and keeps no timer without tasks', async () => {
    const { clock, dispatcher, warnings } = dispatching();
    const offered = dispatcher.offer(TASK, new Ears());
    await clock.advance(TASK_WARN_MS * 3);
    expect(warnings).toEqual([{ queue: '', group: 'render' }]);
    offered.drop('');
    await clock.advance(TASK_LOOK_MS);
    expect(clock.pending).toBe(0);
  });

  it('refuses for good what no frame can hold, and never within the offer', async () => {
    const { clock, dispatcher } = dispatching();
    const ears = new Ears();
    dispatcher.offer({ ...TASK, args: new Uint8Array(1_000_000) }, ears);
    expect(ears.told).toEqual([]);
    await clock.advance(0);
    expect(ears.told).toMatchObject([{ kind: 'failed', final: true, failure: { code: 'too_large' } }]);
  });
});

describe('a task worker (C17)', () => {
  function working(most = 8) {
    const messenger = new ScriptedMessenger();
    const clock = new ManualClock({ now: 0 });
    const desk = new Desk();
    const options = { namespace: 'n', queues: ['', 'x'], groups: ['render'], most, name: 'w', execute: desk.execute };
    const worker = new TaskWorker({ messenger, clock, ...options });
    const give = (n: number): void => messenger.hear('worker.w', { kind: 'task', from: 'dispatch.h', n, task: TASK });
    const tell = (n: number, what: 'stop' | 'drop' | 'heard'): void =>
      messenger.hear('worker.w', { kind: 'order', from: 'dispatch.h', n, order: what, reason: what });
    const news = (): string[] =>
      messenger.sent.splice(0).flatMap(({ frame }) => (frame.kind === 'news' ? [`${frame.news.kind} ${frame.n}`] : []));
    const rooms = (): unknown[] =>
      messenger.sent.splice(0).flatMap(({ subject, frame }) => (frame.kind === 'room' ? [[subject, frame.room]] : []));
    const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    return { messenger, clock, desk, worker, give, tell, news, rooms, settle };
  }

  it('runs a task that comes again once, and tells its end until it was heard', async () => {
    const { clock, desk, give, tell, news, settle } = working();
    give(1);
    give(1);
    expect([desk.taken.length, news()]).toEqual([1, ['began 1', 'began 1']]);
    desk.ends[0]!(VALUE);
    await settle();
    await clock.advance(WORKER_BEAT_MS);
    give(1);
    expect(news()).toEqual(['ended 1', 'ended 1', 'ended 1']);
    tell(1, 'heard');
    await clock.advance(WORKER_BEAT_MS);
    expect([news(), desk.taken.length, desk.stops]).toEqual([[], 1, []]);
  });

  it('says how much room it has, at each beat and when it changes, and takes no more than that', async () => {
    const { clock, desk, give, news, rooms, settle } = working(1);
    expect(rooms()).toEqual([
      ['room.n.=', 1],
      ['room.n.x', 1],
    ]);
    give(1);
    give(2);
    expect(news()).toEqual(['began 1', 'busy 2']);
    await clock.advance(WORKER_BEAT_MS);
    expect(rooms()).toEqual([
      ['room.n.=', 0],
      ['room.n.x', 0],
    ]);
    desk.ends[0]!(VALUE);
    await settle();
    await clock.advance(0);
    expect(rooms()).toEqual([
      ['room.n.=', 1],
      ['room.n.x', 1],
    ]);
  });

  it('stops what its host has dropped, and what it runs for a host that is gone', async () => {
    const { messenger, desk, give, tell, news, settle } = working();
    give(1);
    give(2);
    tell(1, 'drop');
    messenger.sent.filter(({ frame }) => frame.kind === 'news')[1]!.unheard();
    expect(desk.stops).toEqual(['drop', 'its host is gone']);
    news();
    for (const end of desk.ends) end(VALUE);
    await settle();
    expect(news()).toEqual([]);
  });

  it('makes an end of what no frame can hold, and refuses a heartbeat that none can', async () => {
    const { messenger, desk, give, settle } = working();
    give(1);
    expect(() => desk.beats[0]!(new Uint8Array(1_000_000))).toThrow('heartbeat details have 1000000 bytes');
    desk.ends[0]!({ kind: 'value', value: new Uint8Array(1_000_000) });
    await settle();
    const ends = messenger.sent.flatMap(({ frame }) =>
      frame.kind === 'news' && frame.news.kind === 'ended' ? [frame.news.end] : [],
    );
    expect(ends).toMatchObject([{ kind: 'unusable', code: 'too_large' }]);
  });
});

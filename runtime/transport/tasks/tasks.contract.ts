/**
 * Tasks contract: what task queues must do, whatever carries their frames (C17).
 */

import { silentLog } from '../../ports/telemetry';
import type { Clock } from '../../ports/clock';
import type { Messenger } from '../../ports/messenger';
import type { Execute, Task, TaskEars, TaskEnd } from '../../ports/task-queues';
import { Dispatcher } from './dispatcher';
import type { TaskWorkerOptions } from './task-worker';
import { TaskWorker } from './task-worker';

export interface TaskBench {
  /** Of another process each. */
  end(): Promise<{ readonly messenger: Messenger; readonly clock: Clock }>;
  close(): Promise<void>;
}

export const TASK: Task = {
  queue: '',
  key: { namespace: 'default', type: 'cart', id: 'ü 1' },
  effect: 7,
  group: 'render',
  method: 'frame',
  args: Uint8Array.of(1, 2),
  attempt: 1,
  scheduledAt: 5,
  limitMs: null,
  heartbeat: Uint8Array.of(9),
};

export const VALUE: TaskEnd = { kind: 'value', value: Uint8Array.of(3) };

/** Remembers what it is told, and can be waited for. */
export class Ears implements TaskEars {
  readonly told: unknown[] = [];

  began(): void {
    this.told.push('began');
  }
  beat(details: Uint8Array): void {
    this.told.push(['beat', [...details]]);
  }
  ended(end: TaskEnd): void {
    this.told.push(end);
  }
  async until(count: number): Promise<unknown[]> {
    while (this.told.length < count) await aMoment();
    return this.told;
  }
}

/** An execution that the test ends. */
export class Desk {
  readonly taken: Task[] = [];
  readonly stops: string[] = [];
  readonly ends: ((end: TaskEnd) => void)[] = [];
  readonly beats: ((details: Uint8Array) => void)[] = [];

  readonly execute: Execute = (task, beat) => {
    this.taken.push(task);
    this.beats.push(beat);
    return {
      ended: new Promise((resolve) => this.ends.push(resolve)),
      stop: (reason) => void this.stops.push(reason),
    };
  };
  async until(count: number): Promise<void> {
    while (this.taken.length < count) await aMoment();
  }
}

/** Simulated time runs ahead while a test waits. */
const A_LONG_TIME_MS = 1_000_000_000;

const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

export function tasksContract(name: string, open: () => Promise<TaskBench>): void {
  describe(`${name} as task queues (C17)`, () => {
    let bench: TaskBench;
    let n = 0;
    const open_: { close(): void }[] = [];
    const host = async (): Promise<Dispatcher> => {
      const dispatcher = new Dispatcher({
        ...(await bench.end()),
        log: silentLog,
        namespace: 'n',
        name: `h${(n += 1)}`,
      });
      open_.push(dispatcher);
      return dispatcher;
    };
    const worker = async (desk: Desk, more: Partial<TaskWorkerOptions> = {}): Promise<TaskWorker> => {
      const options = { namespace: 'n', queues: [''], groups: ['render'], most: 8, name: `w${(n += 1)}` };
      const made = new TaskWorker({ ...(await bench.end()), ...options, execute: desk.execute, ...more });
      open_.push(made);
      return made;
    };
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(async () => {
      for (const one of open_.splice(0)) one.close();
      await bench.close();
    });

    it('run a task with equal content at a worker, whichever was there first, and tell how it goes', async () => {
      const [desk, ears, later] = [new Desk(), new Ears(), new Ears()];
      const dispatcher = await host();
      dispatcher.offer(TASK, ears);
      await worker(desk);
      await desk.until(1);
      expect(desk.taken).toEqual([TASK]);
      desk.beats[0]!(Uint8Array.of(4));
      desk.ends[0]!(VALUE);
      expect(await ears.until(3)).toEqual(['began', ['beat', [4]], VALUE]);
      dispatcher.offer({ ...TASK, effect: 8 }, later);
      await desk.until(2);
      const failure = { kind: 'bug', code: 'Error', message: 'm', details: null, cause: null, stack: 's' } as const;
      desk.ends[1]!({ kind: 'failed', failure, final: true });
      expect(await later.until(2)).toEqual(['began', { kind: 'failed', failure, final: true }]);
    });

    it('hand a task to a worker of its queue, its group and its namespace alone', async () => {
      const [plain, gpu, other, elsewhere] = [new Desk(), new Desk(), new Desk(), new Desk()];
      await worker(plain);
      await worker(gpu, { queues: ['gpu 7', 'x'] });
      await worker(other, { groups: ['mail'] });
      await worker(elsewhere, { namespace: 'm' });
      const dispatcher = await host();
      for (const queue of ['gpu 7', '', 'gpu 7']) dispatcher.offer({ ...TASK, queue }, new Ears());
      dispatcher.offer({ ...TASK, group: 'mail' }, new Ears());
      await Promise.all([gpu.until(2), plain.until(1), other.until(1)]);
      expect([gpu.taken.length, plain.taken.length, other.taken.length, elsewhere.taken.length]).toEqual([2, 1, 1, 0]);
    });

    it('give a worker no more than it has room for, over all hosts, in the order of each', async () => {
      const desk = new Desk();
      await worker(desk, { most: 2 });
      const hosts = [await host(), await host()];
      const ears = hosts.flatMap((dispatcher, h) =>
        [1, 2, 3].map((i) => {
          const made = new Ears();
          dispatcher.offer({ ...TASK, effect: 10 * h + i }, made);
          return made;
        }),
      );
      for (let taken = 1; taken <= 6; taken += 1) {
        await desk.until(taken);
        expect(desk.taken.length - Math.max(0, taken - 2)).toBeLessThanOrEqual(2);
        if (taken >= 2) desk.ends[taken - 2]!(VALUE);
      }
      desk.ends[5]!(VALUE);
      for (const one of ears) expect(await one.until(2)).toEqual(['began', VALUE]);
      const effects = desk.taken.map(({ effect }) => effect);
      expect(effects.filter((effect) => effect < 10)).toEqual([1, 2, 3]);
      expect(effects.filter((effect) => effect > 10)).toEqual([11, 12, 13]);
    });

    it('tell the code to stop, and with drop hear no more of it', async () => {
      const [desk, stopped, dropped] = [new Desk(), new Ears(), new Ears()];
      await worker(desk);
      const dispatcher = await host();
      const first = dispatcher.offer(TASK, stopped);
      const second = dispatcher.offer({ ...TASK, effect: 8 }, dropped);
      await desk.until(2);
      await Promise.all([stopped.until(1), dropped.until(1)]);
      first.stop('enough');
      second.drop('too late');
      while (desk.stops.length < 2) await aMoment();
      expect(desk.stops).toEqual(['enough', 'too late']);
      for (const end of desk.ends) end(VALUE);
      expect(await stopped.until(2)).toEqual(['began', VALUE]);
      expect(dropped.told).toEqual(['began']);
    });

    it('wait for what a draining worker runs, and go to the next with the rest', async () => {
      const [first, second, ears, next] = [new Desk(), new Desk(), new Ears(), new Ears()];
      const leaving = await worker(first);
      const dispatcher = await host();
      dispatcher.offer(TASK, ears);
      await first.until(1);
      const drained = leaving.drain(A_LONG_TIME_MS);
      while (first.stops.length === 0) await aMoment();
      dispatcher.offer({ ...TASK, effect: 8 }, next);
      await worker(second);
      await second.until(1);
      first.ends[0]!(VALUE);
      await drained;
      expect(await ears.until(2)).toEqual(['began', VALUE]);
      expect(first.taken).toHaveLength(1);
    });
  });
}

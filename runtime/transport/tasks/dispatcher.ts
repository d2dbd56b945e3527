/**
 * Dispatcher: a host's end of task queues: finds a worker for each task and hears how it ends (C17).
 *
 * Owns: which workers are there and have room, sending, sending again, what is lost. Does not own: attempts, limits and
 * retries (`activation/activity-runner`), running a task (`task-worker`).
 *
 * Invariants:
 * 1. A task is with one worker at a time. Its frame may be sent again, to that worker, which knows it by its number; to
 *    another only after nobody has received it, its worker has declined it, or is gone.
 * 2. A worker that was not heard for WORKER_SILENT_MS is gone, and what it had begun is `lost`. Time in which this host
 *    itself was cut off does not count.
 * 3. Tasks of a queue go out in the order in which they were offered, as far as there is a worker for their group.
 * 4. Without tasks there is no timer.
 */

import { toFailure } from '../../../framework/codec/failure';
import { TASK_LOOK_MS, TASK_RESEND_MS, TASK_WARN_MS, WORKER_SILENT_MS } from '../../config';
import type { Cancel, Clock } from '../../ports/clock';
import type { Ear, Messenger } from '../../ports/messenger';
import type { Offered, Task, TaskEars, TaskEnd, TaskQueues } from '../../ports/task-queues';
import type { Log } from '../../ports/telemetry';
import type { Frame } from '../../wire/frame';
import { sizeOf } from '../../wire/size';
import type { NewsFrame, OrderFrame, RoomFrame } from '../../wire/task-frame';
import { dispatchSubject, roomSubject, workerSubject } from '../../wire/task-frame';
import { FrameLimit } from '../frame-limit';

export interface DispatcherOptions {
  readonly messenger: Messenger;
  readonly clock: Clock;
  readonly log: Log;
  readonly namespace: string;
  /** That no other process has. */
  readonly name: string;
  readonly maxFrameBytes?: number;
}

interface Worker {
  readonly name: string;
  groups: readonly string[];
  room: number;
  heardMs: number;
}

interface Queue {
  readonly name: string;
  readonly ear: Ear;
  readonly workers: Map<string, Worker>;
  readonly waiting: Set<Offer>;
  /** Since when tasks wait and no worker was there; infinite once that has been told. */
  desertedMs: number;
}

interface Offer {
  readonly n: number;
  readonly task: Task;
  readonly ears: TaskEars;
  readonly queue: Queue;
  state: 'waiting' | 'sent' | 'running';
  worker: Worker | null;
  sentMs: number;
}

export class Dispatcher implements TaskQueues {
  private readonly queues = new Map<string, Queue>();
  private readonly offers = new Map<number, Offer>();
  private readonly limit: FrameLimit;
  private readonly ear: Ear;
  private n = 0;
  private looking: Cancel | null = null;
  private backMs = -Infinity;

  constructor(private readonly options: DispatcherOptions) {
    const { messenger, name, maxFrameBytes } = options;
    this.limit = new FrameLimit(messenger, maxFrameBytes);
    this.ear = messenger.listen(dispatchSubject(name), (frame) => frame.kind === 'news' && this.hear(frame));
  }

  offer(task: Task, ears: TaskEars): Offered {
    const queue = this.queueOf(task.queue);
    const offer: Offer = { n: (this.n += 1), task, ears, queue, state: 'waiting', worker: null, sentMs: 0 };
    this.offers.set(offer.n, offer);
    const bytes = sizeOf(task);
    if (bytes > this.limit.room) this.options.clock.drain(() => this.end(offer, this.tooLarge(task, bytes)));
    else {
      queue.waiting.add(offer);
      this.options.clock.drain(() => this.match(queue));
    }
    this.lookLater();
    return {
      stop: (reason) => this.order(offer, 'stop', reason),
      drop: (reason) => {
        this.order(offer, 'drop', reason);
        this.forget(offer);
      },
    };
  }

  /** Offers nothing more, and hears nothing. */
  close(): void {
    this.looking?.();
    this.looking = null;
    this.ear.close();
    for (const { ear } of this.queues.values()) ear.close();
    this.queues.clear();
    this.offers.clear();
  }

  private queueOf(name: string): Queue {
    const known = this.queues.get(name);
    if (known !== undefined) return known;
    const { messenger, namespace, clock } = this.options;
    const hear = (frame: Frame): void => void (frame.kind === 'room' && this.hearRoom(queue, frame));
    const ear = messenger.listen(roomSubject(namespace, name), hear);
    const queue: Queue = { name, ear, workers: new Map(), waiting: new Set(), desertedMs: clock.monotonicMs() };
    this.queues.set(name, queue);
    return queue;
  }

  private hearRoom(queue: Queue, { worker: name, groups, room }: RoomFrame): void {
    const heardMs = this.options.clock.monotonicMs();
    const known = queue.workers.get(name);
    if (known === undefined) queue.workers.set(name, { name, groups, room, heardMs });
    else Object.assign(known, { groups, room, heardMs });
    this.match(queue);
  }

  private match(queue: Queue): void {
    if (![...queue.workers.values()].some(({ room }) => room > 0)) return;
    for (const offer of queue.waiting) {
      const worker = this.workerFor(queue, offer.task.group);
      if (worker === null) continue;
      queue.waiting.delete(offer);
      worker.room -= 1;
      offer.worker = worker;
      offer.state = 'sent';
      this.send(offer, worker);
    }
  }

  /** The one with the most room. */
  private workerFor({ workers }: Queue, group: string): Worker | null {
    let best: Worker | null = null;
    for (const worker of workers.values()) {
      if (worker.room > (best?.room ?? 0) && worker.groups.includes(group)) best = worker;
    }
    return best;
  }

  private send(offer: Offer, worker: Worker): void {
    const { messenger, clock } = this.options;
    offer.sentMs = clock.monotonicMs();
    const frame = { kind: 'task', from: this.ear.subject, n: offer.n, task: offer.task } as const;
    messenger.send(workerSubject(worker.name), frame, () => this.gone(offer.queue, worker));
  }

  private hear({ worker, n, news }: NewsFrame): void {
    const offer = this.offers.get(n);
    if (offer === undefined || offer.worker?.name !== worker) {
      const order = news.kind === 'ended' ? 'heard' : 'drop';
      if (news.kind !== 'busy') this.tell(worker, n, order, 'nobody waits for it any more');
      return;
    }
    offer.worker.heardMs = this.options.clock.monotonicMs();
    if (news.kind === 'busy') return this.declined(offer);
    if (offer.state === 'sent') {
      offer.state = 'running';
      offer.ears.began();
    }
    if (news.kind === 'beat') offer.ears.beat(news.details);
    if (news.kind !== 'ended') return;
    this.tell(worker, n, 'heard', '');
    this.end(offer, news.end);
  }

  private declined(offer: Offer): void {
    if (offer.state !== 'sent') return;
    if (offer.worker !== null) offer.worker.room = 0;
    this.wait(offer);
    this.match(offer.queue);
  }

  /** Ahead of those that were offered later. */
  private wait(offer: Offer): void {
    offer.state = 'waiting';
    offer.worker = null;
    const { waiting } = offer.queue;
    const all = [...waiting, offer].sort((a, b) => a.n - b.n);
    waiting.clear();
    for (const one of all) waiting.add(one);
  }

  /** Nobody listens where it was, or it says nothing any more. */
  private gone(queue: Queue, worker: Worker): void {
    if (queue.workers.get(worker.name) === worker) queue.workers.delete(worker.name);
    for (const offer of [...this.offers.values()]) {
      if (offer.worker !== worker) continue;
      if (offer.state === 'running') this.end(offer, { kind: 'lost', why: `its worker ${worker.name} is gone` });
      else this.wait(offer);
    }
    this.match(queue);
  }

  private end(offer: Offer, end: TaskEnd): void {
    if (!this.offers.has(offer.n)) return;
    this.forget(offer);
    offer.ears.ended(end);
  }

  private forget(offer: Offer): void {
    this.offers.delete(offer.n);
    offer.queue.waiting.delete(offer);
  }

  private order({ n, worker }: Offer, order: OrderFrame['order'], reason: string): void {
    if (worker !== null && this.offers.has(n)) this.tell(worker.name, n, order, reason);
  }

  private tell(worker: string, n: number, order: OrderFrame['order'], reason: string): void {
    const frame = { kind: 'order', from: this.ear.subject, n, order, reason } as const;
    this.options.messenger.send(workerSubject(worker), frame, nothing);
  }

  private lookLater(): void {
    this.looking ??= this.options.clock.after(TASK_LOOK_MS, () => this.look());
  }

  private look(): void {
    this.looking = null;
    const { messenger, clock } = this.options;
    const now = clock.monotonicMs();
    if (!messenger.connected) this.backMs = now;
    for (const queue of this.queues.values()) {
      for (const worker of [...queue.workers.values()]) {
        if (now - Math.max(worker.heardMs, this.backMs) > WORKER_SILENT_MS) this.gone(queue, worker);
      }
      this.warn(queue, now);
    }
    for (const offer of this.offers.values()) {
      if (offer.state === 'sent' && offer.worker !== null && now - offer.sentMs >= TASK_RESEND_MS)
        this.send(offer, offer.worker);
    }
    if (this.offers.size > 0) this.lookLater();
  }

  /** Once, until a worker comes. */
  private warn(queue: Queue, now: number): void {
    const [first] = queue.waiting;
    if (first === undefined || queue.workers.size > 0) queue.desertedMs = now;
    else if (now - queue.desertedMs >= TASK_WARN_MS) {
      queue.desertedMs = Infinity;
      const { group } = first.task;
      this.options.log.warn({ queue: queue.name, group }, 'activities wait, and no worker of their queue is there');
    }
  }

  private tooLarge({ group, method }: Task, bytes: number): TaskEnd {
    const fact = `arguments of ${group}.${method} have ${bytes} bytes, and a frame has room for ${this.limit.room}`;
    const error = new Error(`${fact}: hand over a reference instead, or raise max_payload of the server`);
    return { kind: 'failed', failure: { ...toFailure(error), code: 'too_large' }, final: true };
  }
}

function nothing(): void {}

/**
 * Task worker: a worker's end of task queues: says that it has room, takes tasks, tells how they end (C17).
 *
 * Owns: which tasks are here, telling until it was heard. Does not own: running one (`Execute`), finding a worker
 * (`dispatcher`).
 *
 * Invariants:
 * 1. A task that comes again is not run again: it is known until its host has heard how it ended, or is gone.
 * 2. It takes no more than it has room for, and says so at once.
 */

import { toFailure } from '../../../framework/codec/failure';
import { PerdureError } from '../../../framework/errors';
import { WORKER_BEAT_MS } from '../../config';
import type { Cancel, Clock } from '../../ports/clock';
import type { Ear, Messenger } from '../../ports/messenger';
import type { Execute, Execution, TaskEnd } from '../../ports/task-queues';
import type { Frame } from '../../wire/frame';
import { sizeOf } from '../../wire/size';
import type { NewsFrame, OrderFrame, TaskFrame } from '../../wire/task-frame';
import { roomSubject, workerSubject } from '../../wire/task-frame';
import { FrameLimit } from '../frame-limit';

export interface TaskWorkerOptions {
  readonly messenger: Messenger;
  readonly clock: Clock;
  readonly namespace: string;
  /** Empty: the one without a name. */
  readonly queues: readonly string[];
  readonly groups: readonly string[];
  /** Tasks that run at a time. */
  readonly most: number;
  /** That no other process has. */
  readonly name: string;
  readonly execute: Execute;
  readonly maxFrameBytes?: number;
}

interface Known {
  readonly from: string;
  readonly n: number;
  /** Null until it has begun. */
  execution: Execution | null;
  end: TaskEnd | null;
}

export class TaskWorker {
  private readonly known = new Map<string, Known>();
  private readonly ear: Ear;
  private readonly limit: FrameLimit;
  private running = 0;
  private beating: Cancel | null = null;
  private telling = false;
  private taking = true;
  private quiet: (() => void) | null = null;

  constructor(private readonly options: TaskWorkerOptions) {
    const { messenger, name, maxFrameBytes } = options;
    this.limit = new FrameLimit(messenger, maxFrameBytes);
    this.ear = messenger.listen(workerSubject(name), (frame) => this.hear(frame));
    this.beat();
  }

  /** Takes nothing more, and tells what runs to stop; resolves when that has ended and was heard, at most so long after. */
  async drain(atMostMs: number, reason = 'the worker drains'): Promise<void> {
    this.taking = false;
    this.sayRoom();
    for (const { execution, end } of this.known.values()) if (end === null) execution?.stop(reason);
    if (this.known.size > 0) {
      await new Promise<void>((resolve) => {
        const giveUp = this.options.clock.after(atMostMs, resolve);
        this.quiet = () => {
          giveUp();
          resolve();
        };
      });
    }
    this.close();
  }

  /** Hears and tells nothing more. */
  close(): void {
    this.taking = false;
    this.beating?.();
    this.ear.close();
    for (const { execution } of this.known.values()) execution?.stop('the worker stops');
    this.known.clear();
  }

  private get room(): number {
    return this.taking ? this.options.most - this.running : 0;
  }

  private hear(frame: Frame): void {
    if (frame.kind === 'task') this.take(frame);
    else if (frame.kind === 'order') this.obey(frame);
  }

  private take({ from, n, task }: TaskFrame): void {
    const name = nameOf(from, n);
    const before = this.known.get(name);
    if (before !== undefined) return this.report(before);
    if (this.room <= 0) return this.tell(from, n, { kind: 'busy' });
    this.running += 1;
    const known: Known = { from, n, execution: null, end: null };
    this.known.set(name, known);
    this.report(known);
    const isHere = (): boolean => this.known.get(name) === known;
    known.execution = this.options.execute(task, (details) => {
      this.checkBeat(details);
      if (isHere()) this.tell(from, n, { kind: 'beat', details });
    });
    void known.execution.ended.then((end) => {
      known.end = this.fitting(end, `${task.group}.${task.method}`);
      this.running -= 1;
      if (isHere()) this.report(known);
      this.sayRoomSoon();
    });
  }

  /** What no frame can hold would never be heard. */
  private fitting(end: TaskEnd, where: string): TaskEnd {
    const bytes = sizeOf(end);
    if (bytes <= this.limit.room) return end;
    const fact = `what ${where} came to has ${bytes} bytes, and a frame has room for ${this.limit.room}`;
    const error = new PerdureError('too_large', `${fact}: return a reference, or raise max_payload of the server`);
    return { kind: 'unusable', code: 'too_large', failure: toFailure(error) };
  }

  private checkBeat({ length }: Uint8Array): void {
    if (length <= this.limit.room) return;
    const fact = `heartbeat details have ${length} bytes, and a frame has room for ${this.limit.room}`;
    throw new PerdureError('too_large', `${fact}: say less`);
  }

  private obey({ from, n, order, reason }: OrderFrame): void {
    const known = this.known.get(nameOf(from, n));
    if (known === undefined) return;
    if (order !== 'heard') known.execution?.stop(reason);
    if (order !== 'stop') this.forget(known);
  }

  private report(known: Known): void {
    const { from, n, end } = known;
    this.tell(from, n, end === null ? { kind: 'began' } : { kind: 'ended', end }, () => this.abandoned(known));
  }

  /** Its host is gone: the next one offers the task anew. */
  private abandoned(known: Known): void {
    known.execution?.stop('its host is gone');
    this.forget(known);
  }

  private forget({ from, n }: Known): void {
    this.known.delete(nameOf(from, n));
    if (this.known.size === 0) this.quiet?.();
  }

  private tell(to: string, n: number, news: NewsFrame['news'], unheard: () => void = nothing): void {
    const { messenger, name } = this.options;
    messenger.send(to, { kind: 'news', worker: name, n, news }, unheard);
  }

  private beat(): void {
    this.sayRoom();
    for (const known of this.known.values()) this.report(known);
    this.beating = this.options.clock.after(WORKER_BEAT_MS, () => this.beat());
  }

  private sayRoomSoon(): void {
    if (this.telling) return;
    this.telling = true;
    this.options.clock.drain(() => {
      this.telling = false;
      this.sayRoom();
    });
  }

  private sayRoom(): void {
    const { messenger, namespace, queues, groups, name: worker } = this.options;
    for (const queue of queues)
      messenger.send(roomSubject(namespace, queue), { kind: 'room', worker, queue, groups, room: this.room }, nothing);
  }
}

function nameOf(from: string, n: number): string {
  return `${from}\0${n}`;
}

function nothing(): void {}

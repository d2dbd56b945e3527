/**
 * Task frame: what hosts and workers send each other, as plain data (C17).
 *
 * Owns: the shapes and the subjects. Does not own: their bytes, who sends them when (`transport/tasks`).
 *
 * A task is named by the host's subject and a number that is unique for it, over all its sends.
 */

import type { Task, TaskEnd } from '../ports/task-queues';

/** To all hosts that have asked for the queue: a worker is there, and takes so many more tasks of these groups. */
export interface RoomFrame {
  readonly kind: 'room';
  readonly worker: string;
  readonly queue: string;
  readonly groups: readonly string[];
  readonly room: number;
}

/** To a worker: run this. */
export interface TaskFrame {
  readonly kind: 'task';
  readonly from: string;
  readonly n: number;
  readonly task: Task;
}

/** To a host: what has become of its task; `busy`: the worker has not taken it. */
export interface NewsFrame {
  readonly kind: 'news';
  readonly worker: string;
  readonly n: number;
  readonly news:
    | { readonly kind: 'busy' }
    | { readonly kind: 'began' }
    | { readonly kind: 'beat'; readonly details: Uint8Array }
    | { readonly kind: 'ended'; readonly end: TaskEnd };
}

/** To a worker: `stop`: tell the code to stop; `drop`: as that, and say nothing more; `heard`: its end is known. */
export interface OrderFrame {
  readonly kind: 'order';
  readonly from: string;
  readonly n: number;
  readonly order: 'stop' | 'drop' | 'heard';
  readonly reason: string;
}

export type TaskFrames = RoomFrame | TaskFrame | NewsFrame | OrderFrame;

/** Where workers of a queue say that they have room. */
export function roomSubject(namespace: string, queue: string): string {
  return `room.${token(namespace)}.${token(queue)}`;
}

export function workerSubject(worker: string): string {
  return `worker.${worker}`;
}

export function dispatchSubject(dispatcher: string): string {
  return `dispatch.${dispatcher}`;
}

const PLAIN = /^[A-Za-z0-9_-]+$/;

/** A word as one token of a subject. */
export function token(word: string): string {
  return PLAIN.test(word) ? word : `=${Buffer.from(word).toString('base64url')}`;
}

export function untoken(text: string): string {
  return text.startsWith('=') ? Buffer.from(text.slice(1), 'base64url').toString() : text;
}

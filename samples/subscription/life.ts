/**
 * Life: one process that serves the subscriptions, from its start until it is done or killed.
 */

import type { Serializable } from 'node:child_process';
import { fork } from 'node:child_process';
import { join } from 'node:path';

/** What the process is told: see `serve.ts`. */
export interface Task {
  readonly data: string;
  readonly version: 1 | 2;
  readonly count: number;
  /** Virtual days since the first task. */
  readonly untilDay: number;
}

/** What it found at the end. */
export interface Report {
  readonly kind: 'report';
  readonly held: number;
  readonly completed: number;
  readonly all: number;
  /** One that is held, as `describe` shows it. */
  readonly example: { readonly id: string; readonly since: number; readonly failure: string } | null;
}

/** What it says on the way. */
export type Message = Report | { readonly kind: 'day'; readonly day: number } | { readonly kind: 'delivered' };

export interface Watch {
  readonly day: (day: number) => void;
  /** Killed with SIGKILL after so many deliveries to payment or mail; null: never. */
  readonly killAfter: number | null;
}

/** The report; null for a process that was killed. Rejects for one that failed. */
export function live(task: Task, { day, killAfter }: Watch): Promise<Report | null> {
  const child = fork(join(__dirname, 'serve.js'), [JSON.stringify(task)]);
  let delivered = 0;
  let report: Report | null = null;
  child.on('message', (raw: Serializable) => {
    const message = raw as Message;
    if (message.kind === 'day') day(message.day);
    else if (message.kind === 'report') report = message;
    else if (++delivered === killAfter) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (killAfter !== null && signal === 'SIGKILL') resolve(null);
      else if (code === 0 && report !== null) resolve(report);
      else reject(new Error(`the process that served version ${task.version} ended with ${signal ?? code}`));
    });
  });
}

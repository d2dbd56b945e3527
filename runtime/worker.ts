/**
 * Composition root of a worker: a process that runs activities for hosts elsewhere, and opens no port (C17).
 *
 * Owns: options and their defaults, running one task. Does not own: attempts and retries, which are the host's
 * (`activation/activity-runner`), queues (`transport/tasks`).
 */

import './node-floor';
import { checkId } from '../framework/model/identity';
import { CancelledFailure, PerdureError } from '../framework/errors';
import { activityMethod, Attempt } from './activation/activity-attempt';
import { endOf } from './activation/activity-end';
import { ACTIVITY_DRAIN_MS, MAX_RESULT_BYTES, MAX_RUNNING_ACTIVITIES } from './config';
import type { ServedGroup } from './host/hosted-code';
import { checkGroups } from './node';
import type { Execute, TaskEnd } from './ports/task-queues';
import type { SharedTransport } from './ports/transport';
import { systemClock } from './system/clock';

export interface WorkerOptions {
  /** The groups it runs, `serve(render, new Renderer())`. */
  readonly activities: readonly ServedGroup[];
  /** `nats({ servers })`, closed with the worker. */
  readonly transport: SharedTransport;
  readonly namespace?: string;
  /**
   * The queues it takes tasks from, as in `render.with({ queue: 'gpu-7' })`: a queue that one machine alone takes from is
   * bound to it. By default those without a queue of their own.
   */
  readonly queues?: readonly string[];
  /** Activities that run at a time, 256 by default. */
  readonly runningActivities?: number;
}

export interface RunningWorker {
  /** Takes nothing more, tells what runs to stop, waits for it at most 10 s, and stops. */
  drain(): Promise<void>;
  /** Stops at once; what ran is run again elsewhere. */
  stop(): Promise<void>;
}

/** Options of a worker as a module's default export. */
export function defineWorker(options: WorkerOptions): WorkerOptions {
  return options;
}

/** Resolves once it takes tasks. Rejects with the transport's own error when that cannot be opened. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { transport, namespace = 'default', queues = [''], runningActivities = MAX_RUNNING_ACTIVITIES } = options;
  checkId(namespace, 'namespace');
  if (!Number.isSafeInteger(runningActivities) || runningActivities < 1)
    throw new PerdureError('invalid_argument', `runningActivities is ${runningActivities}: give a whole number from 1`);
  if (queues.length === 0)
    throw new PerdureError('invalid_argument', 'a worker without queues takes nothing: name one, or leave queues out');
  const groups = new Map(checkGroups(options.activities).map(({ group, target }) => [group, target]));
  await transport.open();
  const taken = transport.takeTasks({
    namespace,
    queues: [...new Set(queues)],
    groups: [...groups.keys()],
    most: runningActivities,
    execute: executeIn(groups),
  });
  return {
    drain: async () => {
      await taken.drain(ACTIVITY_DRAIN_MS);
      await transport.close();
    },
    stop: async () => {
      taken.close();
      await transport.close();
    },
  };
}

function executeIn(groups: ReadonlyMap<string, object>): Execute {
  return (task, beat) => {
    const { limitMs, ...asked } = task;
    const target = groups.get(task.group);
    const code = activityMethod(target, task.method);
    if (target === undefined || code === null) return { ended: Promise.resolve(UNKNOWN), stop: () => undefined };
    const deadline = limitMs === null ? null : systemClock.now() + limitMs;
    const attempt = new Attempt({ ...asked, deadline }, beat);
    const where = `${task.group}.${task.method}`;
    return {
      ended: endOf(() => attempt.run(target, code), where, MAX_RESULT_BYTES),
      stop: (reason) => attempt.abort(new CancelledFailure('cancelled', reason)),
    };
  };
}

const UNKNOWN: TaskEnd = { kind: 'unknown' };

/**
 * Remote attempt: one execution of an activity's method by a worker, as the runner sees it.
 *
 * Owns: that it was offered. Does not own: finding a worker (`ports/task-queues`), what comes after (`activity-runner`).
 *
 * Invariant: it takes no slot of this host and counts as running only once a worker has begun it.
 */

import type { Offered, Task, TaskEars, TaskQueues } from '../ports/task-queues';

export class RemoteAttempt {
  private readonly offered: Offered;

  constructor(tasks: TaskQueues, task: Task, ears: TaskEars) {
    this.offered = tasks.offer(task, ears);
  }

  /** Nobody listens to it any more; with a reason the worker is told. */
  end(reason: Error | null): void {
    if (reason !== null) this.offered.drop(reason.message);
  }

  abort(reason: Error): void {
    this.offered.stop(reason.message);
  }
}

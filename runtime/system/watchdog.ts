/**
 * Watchdog of the operating system: a thread that sees when the main thread's step does not end (S20).
 *
 * Owns: the life of the thread. Does not own: what it does (`watchdog-thread`), which steps it is told of
 * (`activation/poison`).
 */

import { Worker } from 'node:worker_threads';
import type { RunningWriter, Watchdog } from '../ports/watchdog';
import type { Log } from '../ports/telemetry';
import { workerFile } from '../worker-file';
import { StepSlot } from './step-slot';
import type { WatchBounds } from './step-watch';

export type { WatchBounds };

export interface WatchdogThreadData {
  readonly memory: SharedArrayBuffer;
  readonly bounds: WatchBounds;
  readonly writer: RunningWriter;
}

export interface SystemWatchdog extends Watchdog {
  /** Resolves when no row of a step that has ended is left, and the thread is gone. */
  stop(): Promise<void>;
}

/** Watches from the time on at which its thread runs, some 50 ms later. The thread does not keep the process alive. */
export function startWatchdog(writer: RunningWriter, bounds: WatchBounds, log: Log): SystemWatchdog {
  const slot = new StepSlot();
  const workerData: WatchdogThreadData = { memory: slot.memory, bounds, writer };
  const thread = new Worker(workerFile(__filename, 'watchdog-thread'), { workerData, name: 'perdure watchdog' });
  thread.unref();
  thread.on('error', (error) => log.error({ error }, 'the watchdog has failed: a step that does not end is not seen'));
  const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  return {
    begin: (step) => slot.begin(step),
    end: () => slot.end(),
    stop: () => {
      thread.ref();
      thread.postMessage('stop');
      return ended;
    },
  };
}

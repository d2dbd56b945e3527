/**
 * Real caller: a process with a client, as the simulator's workloads see it.
 */

import type { PerdureClient } from 'perdure/client';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../runtime/system/clock';
import { SimRandom } from '../runtime/sim/world/random';
import { PAUSE_MS } from '../runtime/sim/workloads/calling';
import type { Caller } from '../runtime/sim/workloads/workload';

export interface RealCallerOptions {
  readonly name: string;
  readonly client: PerdureClient;
  readonly patienceMs: number;
  /** Between two operations, on the average. */
  readonly pauseMs: number;
}

const MEAN_MS = (PAUSE_MS[0] + PAUSE_MS[1]) / 2;
const SEEDS = 2 ** 32;

export function realCaller({ name, client, patienceMs, pauseMs }: RealCallerOptions): Caller {
  const draw = new SimRandom(Math.floor(Math.random() * SEEDS)).stream(name);
  const wait = async (ms: number): Promise<void> => void (await pause(ms));
  return {
    ...{ name, client, patienceMs, draw },
    clock: systemClock,
    pause: (range) => wait((draw.between(range) * pauseMs) / MEAN_MS),
  };
}

/**
 * Workloads: all of them by name.
 */

import type { MakeWorkload } from './workload';
import { Counters } from './workloads/counter';
import { ListAppend } from './workloads/list-append';

export const WORKLOADS = {
  counter: (run) => new Counters(run),
  'list-append': (run) => new ListAppend(run),
} as const satisfies Record<string, MakeWorkload>;

export type WorkloadName = keyof typeof WORKLOADS;

export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as readonly WorkloadName[];

/**
 * Workloads: all of them by name.
 */

import { ListAppend } from './list-append';
import type { MakeWorkload } from './workload';

export const WORKLOADS = {
  'list-append': (run) => new ListAppend(run),
} as const satisfies Record<string, MakeWorkload>;

export type WorkloadName = keyof typeof WORKLOADS;

export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as readonly WorkloadName[];

/**
 * Workloads: all of them by name.
 */

import type { MakeWorkload } from './workload';
import { Accounts } from './workloads/accounts';
import { Bursts } from './workloads/bursts';
import { Conditions } from './workloads/conditions';
import { Counters } from './workloads/counter';
import { Effects } from './workloads/effects';
import { GivenIds } from './workloads/given-ids';
import { Holds } from './workloads/holds';
import { ListAppend } from './workloads/list-append';
import { Promises } from './workloads/promises';
import { Registers } from './workloads/registers';
import { Reminders } from './workloads/reminders';
import { RoundsAgain } from './workloads/rounds';
import { Submits } from './workloads/submits';
import { Timers } from './workloads/timers';
import { Transfers } from './workloads/transfers';
import { Visits } from './workloads/visits';

export const WORKLOADS = {
  account: (run) => new Accounts(run),
  bursts: (run) => new Bursts(run),
  conditions: (run) => new Conditions(run),
  counter: (run) => new Counters(run),
  effects: (run) => new Effects(run),
  'given-ids': (run) => new GivenIds(run),
  holds: (run) => new Holds(run),
  'list-append': (run) => new ListAppend(run),
  promises: (run) => new Promises(run),
  register: (run) => new Registers(run),
  reminders: (run) => new Reminders(run),
  rounds: (run) => new RoundsAgain(run),
  submits: (run) => new Submits(run),
  timers: (run) => new Timers(run),
  transfers: (run) => new Transfers(run),
  visits: (run) => new Visits(run),
} as const satisfies Record<string, MakeWorkload>;

export type WorkloadName = keyof typeof WORKLOADS;

export const WORKLOAD_NAMES = Object.keys(WORKLOADS) as readonly WorkloadName[];

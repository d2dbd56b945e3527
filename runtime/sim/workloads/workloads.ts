/**
 * Workloads: all of them by name.
 */

import type { MakeWorkload } from './workload';
import { Accounts } from './accounts';
import { Bursts } from './bursts';
import { Conditions } from './conditions';
import { Counters } from './counter';
import { Effects } from './effects';
import { GivenIds } from './given-ids';
import { Holds } from './holds';
import { ListAppend } from './list-append';
import { Loners } from './loners';
import { Poison } from './poison';
import { Promises } from './promises';
import { Registers } from './registers';
import { Reminders } from './reminders';
import { RoundsAgain } from './rounds';
import { Submits } from './submits';
import { Timers } from './timers';
import { Transfers } from './transfers';
import { Visits } from './visits';

export const WORKLOADS = {
  account: (run) => new Accounts(run),
  bursts: (run) => new Bursts(run),
  conditions: (run) => new Conditions(run),
  counter: (run) => new Counters(run),
  effects: (run) => new Effects(run),
  'given-ids': (run) => new GivenIds(run),
  holds: (run) => new Holds(run),
  'list-append': (run) => new ListAppend(run),
  loners: (run) => new Loners(run),
  poison: (run) => new Poison(run),
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

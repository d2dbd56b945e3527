/**
 * Fault profile: how a simulated world misbehaves, as probabilities and lengths of time.
 *
 * Owns: the shapes, what each number means, and the named presets.
 * Does not own: the misbehaving; each part of the world reads its own section whenever it acts, so a run may heal by
 * turning the dial.
 */

import type { Range } from '../world/random';

/** Probabilities are per event in [0, 1]; ranges are milliseconds. */
export interface StoreFaults {
  /** A mutation or read does not reach one replica (a hint is kept for a mutation), or its answer does not come back. */
  readonly legLoss: number;
  /** A mutation reaches a replica a second time, after `lateMs`. */
  readonly legDuplicate: number;
  /** A mutation or read reaches a replica only after `lateMs`. */
  readonly legLate: number;
  readonly lateMs: Range;
  /** A hint is lost; else it is played back after `hintMs` and as soon as its replica can be reached. */
  readonly hintLoss: number;
  readonly hintMs: Range;
  /** The request does not reach a coordinator; its answer does not reach the host. */
  readonly requestLoss: number;
  readonly replyLoss: number;
  /** The coordinator dies in the middle of a write: each replica is sent it or is not, and no hint is kept. */
  readonly coordinatorDeath: number;
  /** Of those deaths: exactly one replica is sent it. */
  readonly oneReplica: number;
  /** Mean time for which one replica is slow, so that no read asks it that need not, and then another; 0: none is. */
  readonly slowEveryMs: number;
  /** A conditional write ends as unknown and is decided by the next serial operation: with `paxosEffect` it happens. */
  readonly paxosUnknown: number;
  readonly paxosEffect: number;
  readonly readRepair: boolean;
  /** Mean time between two crashes, and between two isolations, of one replica; 0 for never. */
  readonly crashEveryMs: number;
  readonly downMs: Range;
  readonly cutEveryMs: number;
  readonly cutMs: Range;
  /** Mean time between two cuts of one host off the store, of its requests or of its replies; 0 for never. */
  readonly hostCutEveryMs: number;
  readonly hostCutMs: Range;
  /** A replica that comes back has lost everything it held. No store survives that: it must produce failures. */
  readonly amnesia: number;
}

export interface NetworkFaults {
  /** Of each message, replies too. */
  readonly loss: number;
  readonly duplicate: number;
  readonly late: number;
  readonly lateMs: Range;
  /** A message for an address where nobody listens is answered so (NATS 503); else there is silence. */
  readonly noResponders: number;
  /** Mean time between two cuts of one machine off the others, in one direction or both; 0 for never. */
  readonly cutEveryMs: number;
  readonly cutMs: Range;
}

export interface ProcessFaults {
  /** Millionths by which clocks run fast or slow. */
  readonly driftPpm: Range;
  /** Mean time between jumps of one wall clock, 0 for never; the longest either way, each decade below as likely. */
  readonly jumpEveryMs: number;
  readonly jumpMaxMs: number;
  /** Mean time between pauses of one process, 0 for never. Their lengths are drawn by decade, 10 ms to an hour. */
  readonly pauseEveryMs: number;
  /** Longest pause. */
  readonly pauseMaxMs: number;
  /** Mean time between pauses of about the time after which others take a process for dead; 0 for never. */
  readonly stallEveryMs: number;
  readonly stallMs: Range;
}

/** Of each host of a cluster. */
export interface HostFaults {
  /** Mean time between two deaths, 0 for never; each with one of the next so many requests to a port. */
  readonly crashEveryMs: number;
  readonly crashWithin: number;
  /** Of each write of rows: its host and the coordinator die, and each replica has it or has not. */
  readonly halfWay: number;
  /** The same for rows that were written before, by this host or by another. */
  readonly halfWayAgain: number;
  /** How long a machine is down. */
  readonly downMs: Range;
  /** Mean time between two losses of the heartbeats alone, 0 for never: the others take a host for dead that serves. */
  readonly muteEveryMs: number;
  readonly muteMs: Range;
  /** Of each write that sets a session dead: it does not reach the store, and nobody knows. */
  readonly markLoss: number;
  /** Mean time between two orderly ends, 0 for never; the machine starts again with the newest code. */
  readonly drainEveryMs: number;
}

export interface DiskFaults {
  /** Of each group commit. */
  readonly ioError: number;
  readonly full: number;
  readonly fullMs: Range;
}

export interface FaultProfile {
  readonly name: string;
  readonly store: StoreFaults;
  readonly network: NetworkFaults;
  readonly process: ProcessFaults;
  readonly hosts: HostFaults;
  readonly disk: DiskFaults;
}

/** The profile in force: every part of a world reads through the dial. */
export class FaultDial {
  #told: (() => boolean)[] = [];

  constructor(private current: FaultProfile) {}

  get profile(): FaultProfile {
    return this.current;
  }

  turn(profile: FaultProfile): void {
    this.current = profile;
    this.#told = this.#told.filter((tell) => tell());
  }

  /** What is done in one go under another profile; nothing that passes by itself notices. */
  during<T>(profile: FaultProfile, act: () => T): T {
    const before = this.current;
    this.current = profile;
    const done = act();
    this.current = before;
    return done;
  }

  /** `tell` answers whether it wants to be told again. */
  onTurn(tell: () => boolean): void {
    this.#told.push(tell);
  }
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const calm: FaultProfile = {
  name: 'calm',
  store: {
    legLoss: 0,
    legDuplicate: 0,
    legLate: 0,
    lateMs: [2, 500],
    hintLoss: 0,
    hintMs: [SECOND_MS, 10 * SECOND_MS],
    requestLoss: 0,
    replyLoss: 0,
    coordinatorDeath: 0,
    oneReplica: 0,
    slowEveryMs: 0,
    paxosUnknown: 0,
    paxosEffect: 0.5,
    readRepair: true,
    crashEveryMs: 0,
    downMs: [SECOND_MS, 30 * SECOND_MS],
    cutEveryMs: 0,
    cutMs: [SECOND_MS, 30 * SECOND_MS],
    hostCutEveryMs: 0,
    hostCutMs: [SECOND_MS, 30 * SECOND_MS],
    amnesia: 0,
  },
  network: {
    loss: 0,
    duplicate: 0,
    late: 0,
    lateMs: [2, 500],
    noResponders: 1,
    cutEveryMs: 0,
    cutMs: [SECOND_MS, 20 * SECOND_MS],
  },
  process: {
    driftPpm: [0, 0],
    jumpEveryMs: 0,
    jumpMaxMs: HOUR_MS,
    pauseEveryMs: 0,
    pauseMaxMs: HOUR_MS,
    stallEveryMs: 0,
    stallMs: [7 * SECOND_MS, 14 * SECOND_MS],
  },
  hosts: {
    crashEveryMs: 0,
    crashWithin: 40,
    halfWay: 0,
    halfWayAgain: 0,
    downMs: [100, 5 * SECOND_MS],
    muteEveryMs: 0,
    muteMs: [7 * SECOND_MS, 20 * SECOND_MS],
    markLoss: 0,
    drainEveryMs: 0,
  },
  disk: { ioError: 0, full: 0, fullMs: [SECOND_MS, MINUTE_MS] },
};

interface Changes {
  readonly store?: Partial<StoreFaults>;
  readonly network?: Partial<NetworkFaults>;
  readonly process?: Partial<ProcessFaults>;
  readonly hosts?: Partial<HostFaults>;
  readonly disk?: Partial<DiskFaults>;
}

/** A profile that differs from `base`, by default the calm one, as told. */
export function profileOf(name: string, changes: Changes, base: FaultProfile = calm): FaultProfile {
  return {
    name,
    store: { ...base.store, ...changes.store },
    network: { ...base.network, ...changes.network },
    process: { ...base.process, ...changes.process },
    hosts: { ...base.hosts, ...changes.hosts },
    disk: { ...base.disk, ...changes.disk },
  };
}

/** Goes wrong in every way in which one of them does: each number is the worst of theirs, each range spans theirs. */
export function mixOf(profiles: readonly FaultProfile[]): FaultProfile {
  const section = <S extends keyof Omit<FaultProfile, 'name'>>(name: S): FaultProfile[S] => {
    const parts = profiles.map((profile) => profile[name]);
    const fields = Object.keys(calm[name]).map((field) => [
      field,
      worst(
        field,
        parts.map((part) => Reflect.get(part, field) as unknown),
      ),
    ]);
    return Object.fromEntries(fields) as FaultProfile[S];
  };
  return {
    name: profiles.map(({ name }) => name).join('+'),
    store: section('store'),
    network: section('network'),
    process: section('process'),
    hosts: section('hosts'),
    disk: section('disk'),
  };
}

function worst(field: string, values: readonly unknown[]): unknown {
  if (typeof values[0] === 'boolean') return values.every(Boolean);
  if (Array.isArray(values[0])) {
    const ranges = values as Range[];
    return [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))];
  }
  const numbers = values as number[];
  const told = field.endsWith('EveryMs') ? numbers.filter((everyMs) => everyMs > 0) : numbers;
  const leastIsWorst = field.endsWith('EveryMs') || field === 'noResponders' || field === 'crashWithin';
  return told.length === 0 ? 0 : leastIsWorst ? Math.min(...told) : Math.max(...told);
}

const lossy = profileOf('lossy', {
  store: { legLoss: 0.05, legDuplicate: 0.05, legLate: 0.05, requestLoss: 0.01, replyLoss: 0.02, hintLoss: 0.2 },
  network: { loss: 0.05, duplicate: 0.05, late: 0.1, noResponders: 0.8 },
});
const replicaDown = profileOf('replica-down', {
  store: {
    legLoss: 0.01,
    replyLoss: 0.01,
    crashEveryMs: 4.5 * SECOND_MS,
    downMs: [50, 10 * SECOND_MS],
    coordinatorDeath: 0.01,
  },
});

/** No run may fail under one of these, whatever else it does; but for `amnesia`, which breaks what a store promises. */
export const PROFILES = {
  calm,
  lossy,
  /** Messages come later than a silence lasts, and again. */
  'slow-network': profileOf('slow-network', {
    network: { loss: 0.02, duplicate: 0.1, late: 0.2, lateMs: [2, 6 * SECOND_MS], noResponders: 0.8 },
  }),
  'late-writes': profileOf('late-writes', {
    store: {
      legLoss: 0.2,
      legLate: 0.2,
      lateMs: [100, 5 * MINUTE_MS],
      legDuplicate: 0.2,
      hintMs: [SECOND_MS, HOUR_MS],
      coordinatorDeath: 0.05,
    },
  }),
  'paxos-unknown': profileOf('paxos-unknown', { store: { paxosUnknown: 0.3, replyLoss: 0.05, requestLoss: 0.02 } }),
  'replica-down': replicaDown,
  'replica-cut': profileOf('replica-cut', { store: { cutEveryMs: 20 * SECOND_MS, legLoss: 0.02, legDuplicate: 0.02 } }),
  'host-cut': profileOf('host-cut', { store: { hostCutEveryMs: 20 * SECOND_MS, replyLoss: 0.01 } }),
  'network-cut': profileOf('network-cut', { network: { cutEveryMs: 15 * SECOND_MS, loss: 0.02, noResponders: 0.5 } }),
  'no-read-repair': profileOf('no-read-repair', { store: { readRepair: false, legLoss: 0.2, hintLoss: 0.5 } }),
  amnesia: profileOf('amnesia', { store: { amnesia: 1, crashEveryMs: 10 * SECOND_MS, hintLoss: 0.5 } }, replicaDown),
  clocks: profileOf('clocks', {
    process: { driftPpm: [-500, 500], jumpEveryMs: 30 * SECOND_MS },
  }),
  pauses: profileOf('pauses', { process: { driftPpm: [-100, 100], pauseEveryMs: 30 * SECOND_MS } }),
  suspicion: profileOf('suspicion', {
    process: { stallEveryMs: 30 * SECOND_MS },
    hosts: { muteEveryMs: 30 * SECOND_MS, markLoss: 0.1 },
  }),
  'half-way': profileOf('half-way', { store: { readRepair: false }, hosts: { halfWay: 0.05, halfWayAgain: 0.05 } }),
  /** A row that one replica alone has is read by the one host and not by the next, and hosts die of nearly every turn. */
  'lone-rows': profileOf('lone-rows', {
    store: { readRepair: false, oneReplica: 1, slowEveryMs: 8 * SECOND_MS },
    hosts: { halfWay: 0.8 },
  }),
  disk: profileOf('disk', { disk: { ioError: 0.03, full: 0.01 } }),
  storm: profileOf(
    'storm',
    {
      store: {
        paxosUnknown: 0.1,
        coordinatorDeath: 0.01,
        crashEveryMs: 15 * SECOND_MS,
        cutEveryMs: 60 * SECOND_MS,
        hostCutEveryMs: 60 * SECOND_MS,
        hintMs: [SECOND_MS, HOUR_MS],
        lateMs: [2, MINUTE_MS],
      },
      process: { driftPpm: [-500, 500], jumpEveryMs: 5 * MINUTE_MS, pauseEveryMs: MINUTE_MS },
      disk: { ioError: 0.002, full: 0.002 },
    },
    lossy,
  ),
} as const satisfies Record<string, FaultProfile>;

export type ProfileName = keyof typeof PROFILES;

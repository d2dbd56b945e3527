/**
 * Ledger: an entity's bookkeeping, all that is neither a field nor a parked invocation (S24).
 *
 * Owns: admitted inputs, open timers and activities, early promises, the state of `run()`, holds, remembered ids; their
 * image in a snapshot.
 * Does not own: when it changes (`fold`), fields (`state`).
 *
 * Invariant: it is a function of the recorded entries alone, so live execution and replay agree on it.
 */

import { decodeValue, encodeValue } from '../codec/value';
import { isPlanted } from '../planted-bugs';
import type { Position } from '../model/identity';
import { Dedupe } from './dedupe';
import type { ActivityOptions, Failure, HeldMark, Input, Outcome, TimerPurpose } from './history';

export interface Admitted {
  readonly at: Position;
  readonly input: Input;
  readonly time: number;
  held: HeldMark | null;
}

export interface Timer {
  readonly effect: number;
  readonly purpose: TimerPurpose;
  due: number;
  readonly owner: number;
  readonly method: string;
  readonly args: Uint8Array | null;
}

export interface OpenActivity {
  readonly effect: number;
  readonly group: string;
  readonly method: string;
  readonly args: Uint8Array;
  readonly options: ActivityOptions;
  readonly scheduledAt: number;
  /** Invocation that awaits it; 0 for `enqueue` and once nobody does. */
  owner: number;
}

/** `completing` and `failing`: `run()` has ended, what was admitted before is still being applied (S23). */
export type RunStatus = 'none' | 'running' | 'waiting' | 'completing' | 'failing' | 'completed' | 'failed';

export interface SignalFailure {
  readonly method: string;
  readonly at: number;
  readonly failure: Failure;
}

export class Ledger {
  /** True once a message was applied (S21); until then only outcomes of refused ones stand in the history. */
  born = false;
  nextNumber = 1;
  /** Step time of the last entry. */
  time: number;
  admitted: Admitted[] = [];
  timers: Map<number, Timer> | null = null;
  activities: Map<number, OpenActivity> | null = null;
  /** Completed promises by name: a name is completed once, and whoever awaits it later gets the same outcome. */
  promises: Map<string, Outcome> | null = null;
  run: RunStatus = 'none';
  /** Where `run()` ended for good; null before. */
  result: Position | null = null;
  operatorHold: { readonly reason: string; readonly at: number } | null = null;
  terminated: { readonly reason: string; readonly at: number } | null = null;
  failures: SignalFailure[] = [];
  dedupe = new Dedupe();

  constructor(readonly birth: { readonly time: number; readonly seed: readonly [number, number] }) {
    this.time = birth.time;
  }

  /** The least seq of a row that may be asked for beside those after a snapshot; Infinity without one (S11, S16). */
  get oldestSeq(): number {
    return Math.min(this.result?.seq ?? Infinity, this.dedupe.oldestSeq);
  }

  get held(): Admitted | null {
    for (const admitted of this.admitted) if (admitted.held !== null) return admitted;
    return null;
  }

  /** True once nothing more will ever be applied. */
  get ended(): boolean {
    return this.terminated !== null || this.run === 'completed' || this.run === 'failed';
  }

  /** Due time of the earliest timer that has not fired yet. */
  wakeAt(): number | null {
    let earliest: number | null = null;
    if (this.timers === null || this.ended) return null;
    for (const timer of this.timers.values()) {
      if ((earliest === null || timer.due < earliest) && !this.hasAdmittedTimer(timer.effect)) earliest = timer.due;
    }
    return earliest;
  }

  /** True when the timer has fired and waits to be applied. */
  hasAdmittedTimer(effect: number): boolean {
    return this.admitted.some(({ input }) => input.kind === 'timer' && input.effect === effect);
  }

  /** An encoded value; shapes are positional and only ever appended to. */
  image(): Uint8Array {
    return encodeValue([
      this.birth.time,
      this.birth.seed[0],
      this.birth.seed[1],
      this.born,
      this.nextNumber,
      this.time,
      isPlanted('admitted-lost-in-snapshot') ? [] : this.admitted,
      [...(this.timers?.values() ?? [])].filter(isKept),
      [...(this.activities?.values() ?? [])],
      [...(this.promises?.entries() ?? [])],
      this.run,
      this.result,
      this.operatorHold,
      this.terminated,
      this.failures,
      this.dedupe.image(),
    ]);
  }

  static fromImage(bytes: Uint8Array): Ledger {
    const [
      time0,
      seed0,
      seed1,
      born,
      nextNumber,
      time,
      admitted,
      timers,
      activities,
      promises,
      run,
      result,
      operatorHold,
      terminated,
      failures,
      dedupe,
    ] = decodeValue(bytes) as [
      number,
      number,
      number,
      boolean,
      number,
      number,
      Admitted[],
      Timer[],
      OpenActivity[],
      [string, Outcome][],
      RunStatus,
      Position | null,
      Ledger['operatorHold'],
      Ledger['terminated'],
      SignalFailure[],
      unknown,
    ];
    const ledger = new Ledger({ time: time0, seed: [seed0, seed1] });
    ledger.born = born;
    ledger.nextNumber = isPlanted('numbers-restart-at-load') ? 1 : nextNumber;
    ledger.time = time;
    ledger.admitted = admitted;
    ledger.timers = timers.length > 0 ? new Map(timers.map((timer) => [timer.effect, timer])) : null;
    ledger.activities =
      activities.length > 0 ? new Map(activities.map((activity) => [activity.effect, activity])) : null;
    ledger.promises = promises.length > 0 ? new Map(promises) : null;
    ledger.run = run;
    ledger.result = result;
    ledger.operatorHold = operatorHold;
    ledger.terminated = terminated;
    ledger.failures = failures;
    ledger.dedupe = Dedupe.fromImage(dedupe);
    return ledger;
  }
}

function isKept({ purpose }: Timer): boolean {
  return purpose !== 'again' || !isPlanted('again-lost-in-snapshot');
}

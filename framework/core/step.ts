/**
 * Step: what one step collects while its code runs (S1, S17).
 *
 * Owns: the consequences, new waits, numbers and random draws of the step; on replay, the recorded decisions it must
 * repeat. Nothing of it touches the ledger until the step has succeeded: to drop a failed step is to forget it.
 * Does not own: running code (`execute`), folding it into the entity (`fold`).
 */

import { encodeValue } from '../codec/value';
import { DeterminismFault, PerdureError } from '../errors';
import type { Position } from '../model/identity';
import type { Consequence, TimerPurpose } from './history';
import { DurablePromise } from './durable-promise';
import { MAX_EFFECT_BYTES, MAX_STEP_BYTES } from './limits';
import { RandomStream } from './random';
import type { Wait, Waiter } from './wait';

interface Kept {
  readonly ordinal: number;
  readonly value: Uint8Array;
}

/** What a step is begun with. */
export interface StepStart {
  readonly at: Position;
  readonly time: number;
  readonly seed: readonly [number, number];
  readonly nextNumber: number;
  /** The consequences in the record, when this is a replay; null when live. */
  readonly recorded: readonly Consequence[] | null;
  /** Results of `sideEffect` kept across an undo of the same input (S10). */
  readonly kept: readonly Kept[];
}

export class Step {
  readonly time: number;
  readonly at: Position;
  readonly consequences: Consequence[] = [];
  readonly waits: Wait[] = [];
  nextNumber: number;
  current: Waiter | null = null;
  /** The first determinism fault of the step, even if its code caught it. */
  fault: Error | null = null;
  private stream: RandomStream | null = null;
  /** Of the payloads of the consequences. */
  private bytes = 0;

  constructor(private readonly start: StepStart) {
    this.at = start.at;
    this.time = start.time;
    this.nextNumber = start.nextNumber;
  }

  get replaying(): boolean {
    return this.start.recorded !== null;
  }

  /** The consequences in the record on replay; none when live. */
  get recorded(): readonly Consequence[] {
    return this.start.recorded ?? [];
  }

  get random(): RandomStream {
    return (this.stream ??= new RandomStream(this.start.seed, this.at));
  }

  number(): number {
    return this.nextNumber++;
  }

  /** Refuses with `too_large` what would not fit into a record; what is recorded already fits. */
  add(consequence: Consequence): void {
    if (!this.replaying) this.checkRoom(consequence);
    this.consequences.push(consequence);
  }

  private checkRoom(consequence: Consequence): void {
    const length = payloadOf(consequence)?.length ?? 0;
    const bytes = this.bytes + length;
    if (length <= MAX_EFFECT_BYTES && bytes <= MAX_STEP_BYTES) {
      this.bytes = bytes;
      return;
    }
    const fact =
      length > MAX_EFFECT_BYTES
        ? `${describe(consequence)} has ${length} bytes, and the limit is ${MAX_EFFECT_BYTES}`
        : `what one step asks for has ${bytes} bytes, and the limit is ${MAX_STEP_BYTES}`;
    throw new PerdureError('too_large', `${this.current?.name ?? 'a step'}: ${fact}: keep a reference instead`);
  }

  timer(owner: number, purpose: TimerPurpose, due: number, method = '', args: Uint8Array | null = null): number {
    const effect = this.number();
    this.add({ kind: 'timer', effect, owner, purpose, due, method, args });
    return effect;
  }

  /** A new durable promise, pending until an input settles it. */
  wait(
    effect: number,
    owner: Waiter,
    kind: Wait['kind'],
    label: string,
    predicate: Wait['predicate'] = null,
    timeout = 0,
  ): DurablePromise<unknown> {
    const promise = DurablePromise.make<unknown>();
    const wait: Wait = { effect, kind, owner, label, promise, predicate, timeout };
    this.waits.push(wait);
    // An exact list: what is pushed to keeps room for sixteen more (P11).
    if (owner.waits.length === 0) owner.waits = [wait];
    else owner.waits.push(wait);
    return promise;
  }

  /** The decision of `patched`: true when live, the recorded one on replay, false where none is recorded (S27). */
  patch(owner: number, id: string): boolean {
    const { recorded } = this.start;
    const decided = recorded?.find((one) => one.kind === 'patch' && one.owner === owner && one.id === id);
    if (recorded !== null && decided === undefined) return false;
    const value = decided?.kind === 'patch' ? decided.value : true;
    this.add({ kind: 'patch', owner, id, value });
    return value;
  }

  /** The encoded result of a `sideEffect`: recorded, kept, or made now (S10). */
  sideEffect(owner: number, ordinal: number, make: () => unknown): Uint8Array {
    const { recorded, kept } = this.start;
    const known = recorded?.find((one) => one.kind === 'sideEffect' && one.owner === owner && one.ordinal === ordinal);
    if (recorded !== null && known === undefined) {
      const fact = `sideEffect() number ${ordinal + 1} of invocation ${owner} is not recorded`;
      throw (this.fault ??= new DeterminismFault(fact));
    }
    const earlier = kept.find((one) => one.ordinal === ordinal);
    const value =
      known?.kind === 'sideEffect'
        ? known.value
        : (earlier?.value ?? encodeValue(make(), { path: 'result of sideEffect()' }));
    this.add({ kind: 'sideEffect', owner, ordinal, value });
    return value;
  }

  /** What `sideEffect` had drawn when the step failed. */
  drawn(): readonly Kept[] {
    return this.consequences.flatMap((one) =>
      one.kind === 'sideEffect' ? [{ ordinal: one.ordinal, value: one.value }] : [],
    );
  }
}

function payloadOf(consequence: Consequence): Uint8Array | null {
  if (consequence.kind === 'activity' || consequence.kind === 'timer') return consequence.args;
  if (consequence.kind === 'sideEffect') return consequence.value;
  return consequence.kind === 'outcome' && consequence.outcome.ok ? consequence.outcome.value : null;
}

function describe(consequence: Consequence): string {
  if (consequence.kind === 'activity') return `the list of arguments of ${consequence.group}.${consequence.method}`;
  if (consequence.kind === 'timer') return `the list of arguments of ${consequence.method}`;
  return consequence.kind === 'outcome' ? 'its result' : 'the result of sideEffect()';
}

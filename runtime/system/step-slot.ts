/**
 * Step slot: memory that the main thread and the watchdog's thread share, and what runs, in it (S20).
 *
 * Owns: its layout. The main thread says in it which step runs, for once that does not end it can say nothing any more.
 * Does not own: what follows (`step-watch`).
 *
 * Invariants:
 * 1. What runs is written while no step is announced, and does not change while one is: a reader that finds the same
 *    number before and after it has read a consistent whole.
 * 2. Each `begin` has a number of its own, and 0 is none; whoever sees the same number twice sees the same step.
 * 3. A text that does not fit is cut: it then names nothing, which costs a suspicion.
 */

import { url } from 'node:inspector';
import type { Place, Running, Watchdog, WatchedStep } from '../ports/watchdog';

const TEXT_CHARS = 4_096;
const INTS = 16;
const FLOATS = 2;
const BYTES = INTS * Int32Array.BYTES_PER_ELEMENT + FLOATS * Float64Array.BYTES_PER_ELEMENT + 2 * TEXT_CHARS;

/** Places of the integers. `texts`: the lengths of namespace, type, id, build and input. */
const AT = { step: 0, debugged: 1, shard: 2, written: 3, texts: 4 } as const;
const TEXTS = 5;

export interface SlotContent {
  readonly place: Place;
  readonly order: number;
  readonly written: boolean;
  readonly running: Running;
}

abstract class Slot {
  protected readonly ints: Int32Array;
  protected readonly floats: Float64Array;
  protected readonly chars: Uint16Array;

  constructor(readonly memory: SharedArrayBuffer) {
    this.ints = new Int32Array(memory, 0, INTS);
    this.floats = new Float64Array(memory, this.ints.byteLength, FLOATS);
    this.chars = new Uint16Array(memory, this.ints.byteLength + this.floats.byteLength, TEXT_CHARS);
  }
}

/** The main thread's end. */
export class StepSlot extends Slot implements Watchdog {
  private readonly steps: WatchedStep[] = [];
  private number = 0;
  /** What stands in the slot of the last step's key and build, which are seldom others. */
  private key: Running['key'] | null = null;
  private build: string | null = null;
  private keyChars = 0;

  constructor() {
    super(new SharedArrayBuffer(BYTES));
  }

  begin(step: WatchedStep): void {
    this.steps.push(step);
    this.show(step);
  }

  end(): void {
    this.steps.pop();
    Atomics.store(this.ints, AT.step, 0);
    const outer = this.steps.at(-1);
    if (outer !== undefined) this.show(outer);
  }

  private show({ place, order, written, key, build, input }: WatchedStep): void {
    const { ints, floats } = this;
    Atomics.store(ints, AT.step, 0);
    ints[AT.debugged] = url() === undefined ? 0 : 1;
    ints[AT.shard] = place.shard;
    ints[AT.written] = written ? 1 : 0;
    floats[0] = place.epoch;
    floats[1] = order;
    if (key !== this.key || build !== this.build) this.putKey(key, build);
    this.put(4, input, this.keyChars);
    this.number = this.number === 0x7fffffff ? 1 : this.number + 1;
    Atomics.store(ints, AT.step, this.number);
  }

  private putKey(key: Running['key'], build: string): void {
    this.key = key;
    this.build = build;
    this.keyChars = 0;
    for (const [i, text] of [key.namespace, key.type, key.id, build].entries())
      this.keyChars = this.put(i, text, this.keyChars);
  }

  /** Where the next text begins. */
  private put(text: number, value: string, at: number): number {
    const { chars } = this;
    const length = Math.min(value.length, TEXT_CHARS - at);
    for (let i = 0; i < length; i += 1) chars[at + i] = value.charCodeAt(i);
    this.ints[AT.texts + text] = length;
    return at + length;
  }
}

/** The thread's end. */
export class SlotReader extends Slot {
  /** The number of the step that runs, 0 for none. */
  get step(): number {
    return Atomics.load(this.ints, AT.step);
  }

  /** A debugger could attach when the step began. */
  get debugged(): boolean {
    return this.ints[AT.debugged] === 1;
  }

  /** What runs as that step; null when it has ended. */
  content(step: number): SlotContent | null {
    const { ints, floats } = this;
    const texts: string[] = [];
    let at = 0;
    for (let text = 0; text < TEXTS; text += 1) {
      const end = at + (ints[AT.texts + text] ?? 0);
      texts.push(String.fromCharCode(...this.chars.subarray(at, end)));
      at = end;
    }
    const [namespace, type, id, build, input] = texts as [string, string, string, string, string];
    const place = { shard: ints[AT.shard] ?? 0, epoch: floats[0] ?? 0 };
    const found = { place, order: floats[1] ?? 0, written: ints[AT.written] === 1 };
    return this.step === step ? { ...found, running: { key: { namespace, type, id }, input, build } } : null;
  }
}

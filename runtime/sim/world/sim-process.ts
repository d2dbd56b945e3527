/**
 * Simulated process: the boundary between code of the product and the world, that can be cut at any await.
 *
 * Owns: whether a process lives, is paused or is dead, and what reaches it. Every port of the process asks it before it
 * acts (`issue`) and hands answers in through it (`enter`).
 * Does not own: what the process runs; who crashes or pauses it.
 *
 * Invariants:
 * 1. A dead process is never entered again, and nothing that its left-over code asks of a port has an effect.
 * 2. A paused process is not entered; what arrived meanwhile enters after it, in drawn order. Crashes hit it too.
 * 3. `crashAtIssue(n)` lets the n-th request to a port go out and kills the process before anything else happens.
 */

import type { SimEvent } from './event-queue';
import { label } from './trace';
import type { World } from './world';

const RESUME = label('process.resume');
const HELD = label('process.held');

export class SimProcess {
  #alive = true;
  #seized = false;
  #pausedAtMs: number | null = null;
  #pausedMs = 0;
  #issued = 0;
  #dieAfter = Infinity;
  #held: (() => void)[] = [];
  #end: SimEvent | null = null;
  readonly #atDeath: (() => void)[] = [];

  /** `name` is the machine's; a restarted process has the same one. */
  constructor(
    readonly world: World,
    readonly name: string,
  ) {}

  get alive(): boolean {
    return this.#alive;
  }

  /** Neither dead nor in a loop that never ends: what its code does happens. */
  get acts(): boolean {
    return this.#alive && !this.#seized;
  }

  get paused(): boolean {
    return this.#pausedAtMs !== null;
  }

  /** Requests made to ports so far. */
  get issued(): number {
    return this.#issued;
  }

  /** Time spent paused so far. */
  get frozenMs(): number {
    return this.#pausedMs + (this.#pausedAtMs === null ? 0 : this.world.nowMs - this.#pausedAtMs);
  }

  /** Runs code inside the process: now, after its pause, or never. */
  enter(code: () => void): void {
    if (!this.#alive || this.#seized) return;
    if (this.#pausedAtMs !== null) {
      this.#held.push(code);
      return;
    }
    this.world.wake();
    code();
  }

  /** Asked by a port before it acts for the process; false: nothing may happen and nothing is ever answered. */
  issue(): boolean {
    if (!this.#alive || this.#seized) return false;
    this.#issued += 1;
    if (this.#issued >= this.#dieAfter) this.crash();
    return true;
  }

  /** Dies with the n-th request from now on, which still goes out. */
  crashAtIssue(n: number): void {
    this.#dieAfter = this.#issued + n;
  }

  /** Its code is in a loop that never ends: nothing else of it runs any more, and it can only die. */
  seize(): void {
    this.#seized = true;
  }

  crash(): void {
    this.#die('process.crash');
  }

  /** Ends as a program does that has nothing left to do. */
  exit(): void {
    this.#die('process.exit');
  }

  #die(how: string): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#held = [];
    this.world.count(how);
    for (const tell of this.#atDeath) tell();
  }

  /** Tells the world, not the product, of the death; at once if it has happened. */
  onDeath(tell: () => void): void {
    if (this.#alive) this.#atDeath.push(tell);
    else tell();
  }

  /** Nothing runs for so long, and its monotonic clock stands. Ignored while paused or dead. */
  pause(forMs: number): void {
    if (!this.#alive || this.#pausedAtMs !== null) return;
    this.world.count('process.pause');
    this.#pausedAtMs = this.world.nowMs;
    this.#end = this.world.inside(this.world.nowMs + forMs, RESUME, () => this.resume());
  }

  resume(): void {
    if (!this.#alive || this.#pausedAtMs === null) return;
    if (this.#end !== null) this.world.cancel(this.#end);
    this.#pausedMs = this.frozenMs;
    this.#pausedAtMs = null;
    for (const code of this.#held.splice(0)) this.world.inside(this.world.nowMs, HELD, () => this.enter(code));
  }
}

/** What a dead process is answered. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

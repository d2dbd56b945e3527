/**
 * Step watch: what is to be done about the step that runs, as a pure decision (S20).
 *
 * Owns: when a step gets a row, when that goes, when the process is killed. Does not own: looking, writing, killing
 * (`watchdog-thread`).
 *
 * Invariants:
 * 1. Between two looks at most twice `lookMs` counts: while the process is stopped, or the machine sleeps, nobody looks,
 *    and the step does not run either.
 * 2. While a debugger may be attached nothing is done: a step that stands at a breakpoint does not run.
 * 3. Each row that was asked for is taken back once its step has ended.
 */

export interface WatchBounds {
  readonly suspectMs: number;
  readonly killMs: number;
  readonly lookMs: number;
}

export type Verdict = 'nothing' | 'write' | 'remove' | 'kill';

export class StepWatch {
  private step = 0;
  private lastedMs = 0;
  /** The step whose row was asked for, 0 for none. */
  private row = 0;

  constructor(private readonly bounds: WatchBounds) {}

  /** `step`: the number of the one that runs, 0 for none; `sinceMs`: since the last look. */
  look(step: number, sinceMs: number, debugged: boolean): Verdict {
    const { suspectMs, killMs, lookMs } = this.bounds;
    if (step !== this.step) {
      this.step = step;
      this.lastedMs = 0;
      if (this.row === 0) return 'nothing';
      this.row = 0;
      return 'remove';
    }
    if (step === 0 || debugged) return 'nothing';
    this.lastedMs += Math.min(sinceMs, 2 * lookMs);
    if (this.lastedMs >= killMs) return 'kill';
    if (this.lastedMs < suspectMs || this.row === step) return 'nothing';
    this.row = step;
    return 'write';
  }

  /** The row that was asked for last could not be written: it is asked for again. */
  failed(): void {
    this.row = 0;
  }
}

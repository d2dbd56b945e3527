/**
 * Invocation: one execution of a handler over all its steps (S1), and whose code is running (S3).
 *
 * Owns: what one execution has of its own: its number, what it waits for, its patch decisions, its end.
 * Does not own: what a step collects (`step`), who may run when (`choose`).
 *
 * Invariants: its code acts only while its own step is open, otherwise it is a determinism fault naming it (S3);
 * `finished` is set at most once.
 */

import { DeterminismFault, PerdureError } from '../errors';
import type { EntityKey } from '../model/identity';
import { keyText } from '../model/identity';
import { runAsync } from './running';
import type { RunningStep } from './running';
import type { Step } from './step';
import type { Finish, Origin, Wait, Waiter } from './wait';

/** What an invocation needs of its entity. */
export interface Home {
  readonly key: EntityKey;
  readonly step: Step | null;
  /** Notes a fault of code that ran outside its step. */
  strayed(fault: DeterminismFault): void;
}

export class Invocation implements RunningStep, Waiter {
  /** Tells a store that may ask for effects from one that may only read, across copies of the package. */
  readonly effects = true;
  waits: Wait[] = [];
  finished: Finish | null = null;
  sideEffects = 0;
  /** Its failure is known and its object given up: what it still does changes nothing and is no news. */
  abandoned = false;
  private patches: Map<string, boolean> | null = null;

  constructor(
    readonly home: Home,
    readonly origin: Origin,
  ) {}

  get number(): number {
    return this.origin.number;
  }

  get name(): string {
    return `${keyText(this.home.key)} ${this.origin.method}()`;
  }

  get muted(): boolean {
    return this.home.step?.replaying ?? false;
  }

  now(): number {
    return this.open('the time was read').time;
  }

  random(): number {
    return this.open('a random number was drawn').random.float();
  }

  fault(what: string, cure: string): DeterminismFault {
    const fault = new DeterminismFault(`${this.name}: ${what}; ${cure}`);
    const { step } = this.home;
    if (step?.current === this) step.fault ??= fault;
    else if (!this.abandoned) this.home.strayed(fault);
    return fault;
  }

  /** The open step of this invocation; code of it that runs at any other time has strayed. */
  open(what: string): Step {
    const { step } = this.home;
    if (step?.current === this) return step;
    const cure =
      'await nothing but durable promises (sleep, condition, promise, activities); move the rest into an activity';
    throw this.fault(`${what} outside its own step, by a continuation that something not durable woke`, cure);
  }

  /** Runs the handler's first part; its end, now or later, sets `finished`. */
  start(call: () => unknown): void {
    runAsync(this, () => {
      try {
        const returned = call();
        if (isThenable(returned))
          returned.then(
            (value) => this.finish({ ok: true, value }),
            (error: unknown) => this.finish({ ok: false, error }),
          );
        else this.finish({ ok: true, value: returned });
      } catch (error) {
        this.finish({ ok: false, error });
      }
    });
  }

  /** True while a pending durable promise can still advance it (S3). */
  get parked(): boolean {
    return this.waits.some((wait) => wait.promise.live);
  }

  /** Parked as in a monitor: on conditions and promises only, which give up exclusivity (S7). */
  get released(): boolean {
    return this.waits.every((wait) => !wait.promise.live || wait.kind === 'condition' || wait.kind === 'promise');
  }

  /** Decided once, at the first live call; a replay without a recorded decision sees false (S27). */
  patched(id: string): boolean {
    const step = this.open('patched()');
    const decided = this.patches?.get(id) ?? step.patch(this.number, id);
    (this.patches ??= new Map()).set(id, decided);
    return decided;
  }

  private finish(finish: Finish): void {
    if (this.finished !== null) return;
    if (this.home.step?.current === this) this.finished = finish;
    else
      this.fault('it ended outside its own step', 'await nothing but durable promises; move the rest into an activity');
  }
}

interface ScopeOptions {
  /** Initialisers may ask for the time and for randomness, of the birth; the others may not. */
  readonly source?: { readonly time: number; random(): number } | null;
  /** The entity; null while it is being constructed. */
  readonly home?: Home | null;
  readonly muted?: boolean;
}

/** Stands for code that may only read: validators, queries, predicates, and field initialisers (S9, S21). */
export class ReadOnlyScope implements RunningStep {
  readonly muted: boolean;
  readonly home: Home | null;
  private readonly source: ScopeOptions['source'];

  constructor(
    private readonly name: string,
    private readonly what: string,
    { source = null, home = null, muted = false }: ScopeOptions = {},
  ) {
    this.source = source;
    this.home = home;
    this.muted = muted;
  }

  now(): number {
    return this.deterministic('the time was read').time;
  }

  random(): number {
    return this.deterministic('a random number was drawn').random();
  }

  fault(what: string, cure: string): DeterminismFault {
    return new DeterminismFault(`${this.name}: ${what} in ${this.what}, which may only read fields; ${cure}`);
  }

  private deterministic(what: string): { readonly time: number; random(): number } {
    if (this.source) return this.source;
    throw this.fault(what, 'do it in a signal, an update or run() and keep the result in a field');
  }
}

/** The running invocation, for a function that has an effect; an error that says what to do where there is none. */
export function invocationFor(running: RunningStep | null, what: string): Invocation {
  if (running === null) {
    throw new PerdureError(
      'invalid_argument',
      `${what} works inside the handlers of an entity only: it was called outside of one`,
    );
  }
  if (!('effects' in running)) throw running.fault(`${what} was called`, 'do it in a signal, an update or run()');
  return running as Invocation;
}

/** The entity whose code runs, read-only code included. */
export function homeOf(running: RunningStep | null, what: string): Home {
  const home = running !== null && 'home' in running ? (running.home as Home | null) : null;
  return home ?? invocationFor(running, what).home;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * Poison: which of an entity's code may run, after what it did to the processes before this one (S20).
 *
 * Owns: what names an input, counting the suspicions that earlier sessions left, writing down each step while sessions
 * die soon, telling the watchdog what runs. Does not own: seeing that a step does not end (the watchdog), what is
 * recorded of an input that is not run (`core/perform`).
 *
 * Invariants:
 * 1. With POISON_DEATHS suspicions of one build an input is not run on that build.
 * 2. A careful session has a durable row of a step before its code runs.
 * 3. A row of a session that its process has survived is no suspicion: the store was lost, or the shard was. Nor is the
 *    end of such a session a death.
 * 4. A suspicion is removed once its input is done with, and that is committed; or on an operator's word.
 * 5. Where nothing was left and nobody is careful, a step costs one look at an empty list, and what the watchdog costs.
 */

import { hash32 } from '../../framework/codec/hash32';
import type { Input } from '../../framework/core/history';
import { isPerdureError, PerdureError } from '../../framework/errors';
import type { EntityKey } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { isPlanted } from '../../framework/planted-bugs';
import { INPUT_NAME_CHARS, POISON_DEATHS, STABLE_MS, UNSTABLE_EPOCHS } from '../config';
import type { Cancel, Clock } from '../ports/clock';
import type { Log } from '../ports/telemetry';
import { unwatched } from '../ports/watchdog';
import type { Running, RunningRow, RunningRows, Watchdog } from '../ports/watchdog';
import { idText } from './replies';

/** Recorded steps that run again while an entity is loaded. */
export const REPLAY = 'replay';
/** Predicates of conditions, evaluated between steps (S6). */
export const CONDITIONS = 'conditions';

export class Poison {
  private left: readonly RunningRow[];
  private order = 0;
  private written: Running | null = null;
  private careful: boolean;
  private stable: Cancel | null = null;

  constructor(
    private readonly rows: RunningRows,
    private readonly watchdog: Watchdog = unwatched,
    private readonly build: string,
    survived: (epoch: number) => boolean = () => false,
  ) {
    this.left = rows.left.filter(({ epoch }) => !survived(epoch));
    const needless = rows.left.filter(({ epoch }) => survived(epoch));
    if (needless.length > 0) void rows.forget(needless);
    const survivedLast = survived(rows.place.epoch - 1);
    this.careful = isCareful(rows) && !survivedLast && !isPlanted('never-careful');
    if (survivedLast) void rows.settle();
  }

  /** Why an input, or a query, must not run on this build; null when it may. */
  refusal(key: EntityKey, input: string): PerdureError | null {
    if (this.left.length === 0) return null;
    if (this.deaths(key, input) < POISON_DEATHS || isPlanted('run-poison')) return null;
    const fact = `${keyText(key)}: ${input} did not end, or took all memory, each time build ${this.build} ran it`;
    return new PerdureError('internal', `${fact}: it is not run on that build any more`, { reason: 'poison' });
  }

  /** Why the entity must not be loaded on this build; null when it may. */
  loadRefusal(key: EntityKey): PerdureError | null {
    const found = this.refusal(key, REPLAY) ?? this.refusal(key, CONDITIONS);
    if (found === null) return null;
    // It cannot repeat its history: held as what it is, and tried again on the next build.
    const cure = 'deploy a build that repeats its history, or reset the entity';
    return new PerdureError('internal', `${found.message}; ${cure}`, { reason: 'divergence', cause: found });
  }

  /** To be awaited before the code runs, where there is something to await. Rejects when the session is over. */
  announce(key: EntityKey, input: string): Promise<void> | null {
    if (!this.careful) return null;
    this.order += 2;
    this.written = { key, input, build: this.build };
    return this.rows.write(this.order, this.written).then((durable) => {
      if (!durable) throw new PerdureError('unavailable', `${keyText(key)}: the session ended before its step began`);
    });
  }

  /** Code of the entity runs from now on. */
  begin(key: EntityKey, input: string): void {
    const written = this.written !== null;
    if (!written) this.order += 2;
    const { place } = this.rows;
    this.watchdog.begin({ place, order: this.order, written, key, input, build: this.build });
  }

  /** It goes on with another step of its own. */
  again(key: EntityKey, input: string): void {
    this.watchdog.end();
    this.begin(key, input);
  }

  /** What began last has ended. A row of it goes, or the next announcement takes its place. */
  end(): void {
    this.watchdog.end();
    if (this.written === null) return;
    this.written = null;
    void this.rows.write(this.order + 1, null);
  }

  /** Code that is no step, and may run in the middle of one: the watchdog alone sees it. */
  aside<T>(key: EntityKey, input: string, run: () => T): T {
    this.order += 2;
    const { rows, order, build } = this;
    this.watchdog.begin({ place: rows.place, order, written: false, key, input, build });
    try {
      return run();
    } finally {
      this.watchdog.end();
    }
  }

  /** The input is done with: call what this answers once that is committed. Null where there is nothing to do. */
  doneWith(key: EntityKey, input: string): (() => void) | null {
    if (!this.left.some((row) => isOf(row, key, input))) return null;
    return () => {
      const gone = this.left.filter((row) => isOf(row, key, input));
      this.left = this.left.filter((row) => !gone.includes(row));
      if (gone.length > 0) void this.rows.forget(gone);
    };
  }

  /** An operator wants the entity loaded all the same. */
  pardon(key: EntityKey): void {
    for (const input of [REPLAY, CONDITIONS]) this.doneWith(key, input)?.();
  }

  /** The session begins to serve; once it has for so long it is stable. */
  serve({ clock, log }: { readonly clock: Pick<Clock, 'after'>; readonly log: Log }, stableMs = STABLE_MS): void {
    this.stable = clock.after(stableMs, () => this.settle());
    const last = this.left.at(-1);
    if (last === undefined || last.epoch < this.rows.place.epoch - 1) return;
    const { key, input, build } = last;
    log.warn({ entity: keyText(key), input, build }, 'the last process died while it ran this');
  }

  /** The session has served for some time, or ends in order; one that is dead says nothing any more. */
  settle(): void {
    this.stable?.();
    this.careful = false;
    void this.rows.settle();
  }

  private deaths(key: EntityKey, input: string): number {
    let deaths = 0;
    for (const row of this.left) if (row.build === this.build && isOf(row, key, input)) deaths += 1;
    return deaths;
  }
}

/** Two owners died soon after they took over: whoever comes next writes down what it runs. */
export function isCareful({ place, stable }: Pick<RunningRows, 'place' | 'stable'>): boolean {
  return place.epoch - stable > UNSTABLE_EPOCHS;
}

/** One name per input of an entity, for as long as it may be tried. */
export function inputName(input: Input): string {
  switch (input.kind) {
    case 'message':
      return `message ${idText(input.id)}`;
    case 'activity':
    case 'timer':
    case 'condition':
      return `${input.kind} ${input.effect}`;
    case 'promise':
      return shortened(`promise ${input.name}`);
    case 'run':
    case 'complete':
    case 'operator':
      return input.kind;
  }
}

/** A query has no id, and whoever asks it again sends the same one. */
export function queryName(method: string, args: Uint8Array): string {
  return `query ${method} ${hash32(args).toString(16)}`;
}

/** Building and checking the arguments of a message, which is no step yet. */
export function argumentsName(message: string): string {
  return `arguments ${message}`;
}

export function isPoison(error: unknown): boolean {
  return isPerdureError(error) && error.reason === 'poison';
}

function shortened(name: string): string {
  if (name.length <= INPUT_NAME_CHARS) return name;
  return `${name.slice(0, INPUT_NAME_CHARS - 10)} #${hash32(Buffer.from(name)).toString(16)}`;
}

function isOf(row: Running, key: EntityKey, input: string): boolean {
  return row.input === input && sameKey(row.key, key);
}

function sameKey(a: EntityKey, b: EntityKey): boolean {
  return a.id === b.id && a.type === b.type && a.namespace === b.namespace;
}

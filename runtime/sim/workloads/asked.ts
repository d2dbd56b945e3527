/**
 * Asked: the calls that a workload made, and what its callers were told.
 *
 * Owns: timing each call, telling an answer from an outcome that nobody knows, complaints about answers that no fault
 * excuses; telling both to whoever judges in another process. Does not own: what an answer may be (the models), the verdict.
 *
 * Invariants: a call that was never received by any host is left out, for it has no effect; one that was given up, or
 * waits behind a held input, is unknown and stays open to the end.
 */

import type { ErrorCode, PerdureError } from '../../../framework/errors';
import { isPerdureError } from '../../../framework/errors';
import type { Operation, Unknown } from '../checkers/history';
import { isForNewerBuild } from '../sites/site';
import { UNKNOWN } from '../checkers/history';
import type { Numbered } from '../network/witness';
import type { CallContext, Caller, Heard } from './workload';

/** After these nobody knows whether the message is, or will be, applied. */
const OPEN: ReadonlySet<ErrorCode> = new Set(['deadline_exceeded', 'unavailable', 'cancelled', 'held']);

export interface Question<I, O> {
  readonly caller: Caller;
  readonly key: string;
  readonly op: I;
  readonly call: () => Promise<O>;
  /** What a refusal stands for; null for one that there should not be. */
  readonly refused?: (error: PerdureError) => O | null;
}

export class Asked<I, O> {
  /** Answers that no fault excuses. */
  readonly complaints: string[] = [];
  private readonly asked: { readonly operation: Operation<I, O>; readonly request: Numbered | null }[] = [];

  constructor(private readonly run: CallContext) {}

  /** With hints, as soon as the histories have been read. */
  get operations(): Operation<I, O>[] {
    const { positionOf } = this.run;
    return this.asked.map(({ operation, request }) => {
      const hint = request === null ? undefined : positionOf(request);
      return hint === undefined ? operation : { ...operation, hint };
    });
  }

  /** What the caller was told; `unknown` if that was nothing. */
  async ask({ caller, key, op, call, refused }: Question<I, O>): Promise<O | Unknown> {
    const { world, tick, witness } = this.run;
    const invokedAt = tick();
    const asked = call();
    const request = witness.lastOf(caller.name);
    const output = await asked.catch((error: unknown) => this.failed(`${caller.name}, ${key}`, op, error, refused));
    const returnedAt = tick();
    if (output === NOTHING) return UNKNOWN;
    if (output === UNKNOWN) world.count('caller.given-up');
    const operation = { client: caller.name, key, op, output, invokedAt, returnedAt };
    this.asked.push({ operation, request });
    this.run.heard?.({ operation });
    return output;
  }

  /** As if it had been asked here. */
  hear(heard: Heard): void {
    if ('complaint' in heard) this.complaints.push(heard.complaint);
    else this.asked.push({ operation: heard.operation as Operation<I, O>, request: null });
  }

  private failed(where: string, op: I, error: unknown, refused: Question<I, O>['refused']): O | Unknown {
    if (!isPerdureError(error)) throw error;
    const { code, reason, message } = error;
    if (code === 'unavailable' && reason === 'not_served') return NOTHING as Unknown;
    if (OPEN.has(code) || isForNewerBuild(error)) return UNKNOWN;
    const answer = refused?.(error) ?? null;
    if (answer !== null) return answer;
    const complaint = `${where}: ${JSON.stringify(op)} was answered ${code}: ${message}`;
    this.complaints.push(complaint);
    this.run.heard?.({ complaint });
    return UNKNOWN;
  }
}

/** Stands for a call that nobody received. */
const NOTHING: unknown = Symbol('nothing');

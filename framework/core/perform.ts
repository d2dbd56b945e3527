/**
 * Perform: one live step, from a chosen input to the entry it leaves in the history.
 *
 * Owns: what becomes of a failing step: which failures are recorded, which hold the entity, how it is undone (S17 to
 * S19, S21). Does not own: running the step (`execute`), writing the entry (`turn`, and the runtime's commit).
 *
 * Invariants: an entry is folded if and only if it is returned; a step that leaves no entry leaves no trace. When
 * `rebuild` is set the instance is spent: it must be rebuilt from its history and the entries of its open turn.
 */

import { DeterminismFault, PerdureError } from '../errors';
import { toFailure } from '../codec/failure';
import type { MessageId, Position } from '../model/identity';
import { keyText } from '../model/identity';
import { isPlanted } from '../planted-bugs';
import { runStep } from './execute';
import type { Ran } from './execute';
import { fold } from './fold';
import type { ApplyEntry, Consequence, Entry, Failure, HeldMark, Input, Outcome } from './history';
import type { Instance } from './instance';
import type { Admitted } from './ledger';
import { SMALL_STATE_BYTES } from './limits';
import { containersOf } from './state';
import { Step } from './step';
import type { Waiter } from './wait';

/** What one input came to. */
export interface Performed {
  /** To be recorded; null when the step leaves no trace. */
  readonly entry: Entry | null;
  /** Outcomes of messages that the entry settles. */
  readonly outcomes: readonly { readonly message: MessageId; readonly outcome: Outcome }[];
  /** Why the message was refused without a record, or the held input failed again; null otherwise. */
  readonly failure: Failure | null;
  readonly rebuild: boolean;
}

/** Where an input comes from: the mailbox, with the arguments as they were just built, or the admitted queue. */
export type Source =
  { readonly input: Input; readonly args: readonly unknown[] | null } | { readonly admitted: Admitted };

export async function perform(instance: Instance, source: Source, at: Position, now: number): Promise<Performed> {
  const input = 'admitted' in source ? source.admitted.input : source.input;
  const held = 'admitted' in source ? source.admitted.held : null;
  const time = Math.max(now, instance.ledger.time);
  const step = newStep(instance, at, time, null, held);
  const wandered = checkQuiescent(instance, step);
  const before = wandered === null ? lookBefore(instance) : null;
  const running = wandered ?? runStep(instance, input, step, 'args' in source ? source.args : null);
  const ran = running instanceof Promise ? await running : running;
  if (ran.failure !== null) return fail(instance, source, ran, { before, at, time });
  const entry: ApplyEntry = {
    kind: 'apply',
    time,
    source: sourceOf(source),
    undone: null,
    consequences: step.consequences,
  };
  const outcomes = outcomesOf(instance, step.consequences, ran.began);
  fold(instance, entry, at, step, ran.began);
  return { entry, outcomes, failure: null, rebuild: false };
}

/** Makes an input durable without running it (S2). */
export function admit(instance: Instance, input: Input, at: Position, now: number): Entry {
  const entry: Entry = { kind: 'admit', time: Math.max(now, instance.ledger.time), input, held: null };
  fold(instance, entry, at, null, null);
  return entry;
}

/** Records the end of a message without running it: the skip of an operator, or a refusal that must be kept (S13, S19). */
export function undo(instance: Instance, source: Source, failure: Failure, at: Position, now: number): Performed {
  const input = 'admitted' in source ? source.admitted.input : source.input;
  const time = Math.max(now, instance.ledger.time);
  const entry: ApplyEntry = { kind: 'apply', time, source: sourceOf(source), undone: failure, consequences: [] };
  const message = messageOf(instance, input, null);
  fold(instance, entry, at, null, null);
  const outcomes = message === null ? [] : [{ message, outcome: { ok: false, failure } as const }];
  return { entry, outcomes, failure: null, rebuild: false };
}

/**
 * An input that must not run on this build, for it took its process with it (S20): an update, or what would create the
 * entity, has `failure` as its recorded outcome; anything else holds the entity.
 */
export function quarantine(instance: Instance, source: Source, failure: Failure, at: Position, now: number): Performed {
  const input = 'admitted' in source ? source.admitted.input : source.input;
  const answered = input.kind === 'message' && (input.message === 'update' || !instance.ledger.born);
  if (answered && 'input' in source && isPlanted('poison-unrecorded'))
    return { entry: null, outcomes: [], failure, rebuild: false };
  if (answered) return undo(instance, source, failure, at, now);
  return hold(instance, source, { failure, kept: [] }, at, Math.max(now, instance.ledger.time), false);
}

export function newStep(
  instance: Instance,
  at: Position,
  time: number,
  recorded: readonly Consequence[] | null,
  held: HeldMark | null,
): Step {
  const { ledger } = instance;
  return new Step({
    at,
    time,
    seed: ledger.birth.seed,
    nextNumber: ledger.nextNumber,
    recorded,
    kept: held?.kept ?? [],
  });
}

/** The fields must be as the last step left them; code that wrote between steps has strayed (S3). */
function checkQuiescent(instance: Instance, step: Step): Ran | null {
  const { bytes, stray } = instance;
  if (stray !== null) return { step, began: null, actor: null, failure: toFailure(stray) };
  let fact = 'a field changed between two steps';
  try {
    if (bytes !== null && !instance.environment.checked()) return null;
    if (instance.encode() === bytes || bytes === null) return null;
    instance.bytes = bytes;
  } catch (error) {
    fact += ` (${(error as Error).message})`;
  }
  const cure = 'change fields only inside handlers, and await nothing but durable promises';
  const fault = new DeterminismFault(`${keyText(instance.key)}: ${fact}; ${cure}`);
  return { step, began: null, actor: null, failure: toFailure(fault) };
}

/** The fields as they were; `containers` only where others are parked, who may hold some of them. */
interface Before {
  readonly bytes: Uint8Array;
  readonly containers: readonly object[] | null;
}

function lookBefore({ bytes, object, definition, invocations }: Instance): Before | null {
  if (bytes === null) return null;
  const shared = invocations.size > 0 && bytes.length <= SMALL_STATE_BYTES;
  return { bytes, containers: shared ? containersOf(object, definition.fields) : null };
}

interface Moment {
  readonly before: Before | null;
  readonly at: Position;
  readonly time: number;
}

function fail(instance: Instance, source: Source, ran: Ran, moment: Moment): Performed {
  const { before, at, time } = moment;
  const failure = ran.failure as Failure;
  const input = 'admitted' in source ? source.admitted.input : source.input;
  const continued = ran.began === null ? ran.actor : null;
  const verdict = judge(instance, source, ran, failure);
  const reverted = revert(instance, ran, before, verdict.kind !== 'hold');
  const rebuild = reverted === 'rebuild';
  if (verdict.kind === 'nothing') return { entry: null, outcomes: [], failure: verdict.failure, rebuild };
  if (verdict.kind === 'hold') return hold(instance, source, { failure, kept: ran.step.drawn() }, at, time, rebuild);
  const message = messageOf(instance, input, continued);
  const entry: ApplyEntry = {
    kind: 'apply',
    time,
    source: sourceOf(source),
    undone: verdict.failure,
    consequences: isPlanted('undo-keeps-effects') ? ran.step.consequences : [],
  };
  fold(instance, entry, at, null, null);
  if (reverted === 'when-ended' && before !== null) putBack(instance, ran, before);
  const outcomes = message === null ? [] : [{ message, outcome: { ok: false, failure: verdict.failure } as const }];
  return { entry, outcomes, failure: null, rebuild };
}

type Verdict =
  | { readonly kind: 'nothing'; readonly failure: Failure }
  | { readonly kind: 'undone'; readonly failure: Failure }
  | { readonly kind: 'hold' };

/** S13, S18, S19, S21. */
function judge(instance: Instance, source: Source, ran: Ran, failure: Failure): Verdict {
  const input = 'admitted' in source ? source.admitted.input : source.input;
  const business = isBusiness(failure);
  if (input.kind === 'message') {
    const unborn = !instance.ledger.born;
    const answered = business ? failure : internal(instance, input.method, failure);
    if (!business && input.message !== 'update' && !unborn) return { kind: 'hold' };
    const mayGoUnrecorded = unborn || !business || (failure.kind === 'refusal' && failure.code === 'rejected');
    const unrecorded = mayGoUnrecorded && 'input' in source && isFirst(input.attempt) && !input.submitted;
    return { kind: unrecorded ? 'nothing' : 'undone', failure: answered };
  }
  // Too much state is no reason to end the whole entity: the limit can be raised.
  const ends = business && (failure.kind !== 'refusal' || ran.actor?.origin.kind !== 'run');
  return ends ? { kind: 'undone', failure } : { kind: 'hold' };
}

/** Whether the sender may take a refusal for final that is on no record (S13). */
function isFirst(attempt: number): boolean {
  return attempt === 1 || isPlanted('refusal-unrecorded');
}

function isBusiness(failure: Failure): boolean {
  if (failure.kind === 'refusal') return failure.code === 'rejected' || failure.code === 'too_large';
  return failure.kind !== 'bug' && failure.kind !== 'fault';
}

function internal(instance: Instance, method: string, failure: Failure): Failure {
  const message = `${keyText(instance.key)} ${method}() failed with a bug, and nothing of it was kept: ${failure.message}`;
  return { ...toFailure(new PerdureError('internal', message)), cause: failure };
}

/**
 * Takes back what the failed step did to the object (S17). A first step that left the fields equal is simply dropped;
 * so is the last step of an invocation that `ends` here: with nobody else parked its fields are put back when it has.
 */
function revert(instance: Instance, ran: Ran, before: Before | null, ends: boolean): 'done' | 'when-ended' | 'rebuild' {
  if (instance.stray !== null || before === null) return 'rebuild';
  const first = ran.began !== null || ran.actor === null;
  if (!first && !ends) return 'rebuild';
  const others = first ? instance.invocations.size : instance.invocations.size - 1;
  if (leftAsItWas(instance, ran, before, others > 0)) return 'done';
  if (others > 0) return 'rebuild';
  if (!first) return 'when-ended';
  putBack(instance, ran, before);
  return 'done';
}

/** Code that has not finished may wake later, whatever it waits for, and then must not hold the object. */
function leftAsItWas(instance: Instance, { actor }: Ran, { bytes, containers }: Before, shared: boolean): boolean {
  if (actor?.finished === null || instance.changedSince(bytes)) return false;
  if (!shared || actor === null) return true;
  if (containers === null) return false;
  const now = containersOf(instance.object, instance.definition.fields);
  return now.length === containers.length && now.every((container, at) => container === containers[at]);
}

function putBack(instance: Instance, { actor }: Ran, { bytes }: Before): void {
  instance.reset(bytes);
  if (actor !== null) actor.abandoned = true;
}

/** The input stays, and holds the entity; trying it again adds nothing (S2, S19). */
function hold(
  instance: Instance,
  source: Source,
  why: Pick<HeldMark, 'failure' | 'kept'>,
  at: Position,
  time: number,
  rebuild: boolean,
): Performed {
  const { failure, kept } = why;
  if ('admitted' in source && source.admitted.held !== null) return { entry: null, outcomes: [], failure, rebuild };
  const mark: HeldMark = { failure, build: instance.environment.build, kept };
  const entry: Entry =
    'admitted' in source
      ? { kind: 'hold', time, admitted: source.admitted.at, held: mark }
      : { kind: 'admit', time, input: source.input, held: mark };
  if (!rebuild) fold(instance, entry, at, null, null);
  return { entry, outcomes: [], failure, rebuild };
}

function sourceOf(source: Source): ApplyEntry['source'] {
  return 'admitted' in source ? { admitted: source.admitted.at } : { input: source.input };
}

function messageOf(instance: Instance, input: Input, continued: Waiter | null): MessageId | null {
  if (continued !== null) return continued.origin.message;
  if (input.kind === 'message') return input.id;
  return instance.waitFor(input)?.owner.origin.message ?? null;
}

function outcomesOf(
  instance: Instance,
  consequences: readonly Consequence[],
  began: Waiter | null,
): Performed['outcomes'] {
  const outcomes: { message: MessageId; outcome: Outcome }[] = [];
  for (const one of consequences) {
    if (one.kind !== 'outcome') continue;
    const invocation = one.owner === began?.number ? began : instance.invocations.get(one.owner);
    if (invocation?.origin.message) outcomes.push({ message: invocation.origin.message, outcome: one.outcome });
  }
  return outcomes;
}

/**
 * Activation: one entity that is in memory, from its mailbox to its open turn.
 *
 * Owns: the order of what happens to it: loading, deduplication, steps, rebuilding after an undo, retries of a held
 * input. Does not own: which input is next (`core/choose`), writing and releasing (`commit`), which entities are in
 * memory (`shard`).
 *
 * Invariants: it runs inside slices of the turn loop only; a reply leaves through the turn it could have seen (S8);
 * while it is rebuilt or broken no step runs.
 */

import { toFailure } from '../../framework/codec/failure';
import { choose } from '../../framework/core/choose';
import type { Choice } from '../../framework/core/choose';
import { hashPayload } from '../../framework/core/dedupe';
import type { Entry, Input } from '../../framework/core/history';
import { Instance } from '../../framework/core/instance';
import { admit, perform, undo } from '../../framework/core/perform';
import type { Performed, Source } from '../../framework/core/perform';
import { answerQuery } from '../../framework/core/query';
import { PerdureError } from '../../framework/errors';
import type { EntityDefinition } from '../../framework/model/definition';
import type { EntityKey, MessageId, Position } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { Commit } from './commit';
import type { Grounds } from './grounds';
import { HeldRetry } from './held-retry';
import { load } from './loader';
import type { Loaded } from './loader';
import { Mailbox } from './mailbox';
import type { Continuation, Delivery } from './mailbox';
import {
  acknowledged,
  endedReply,
  errorReply,
  failureReply,
  heldReply,
  idText,
  outcomeIn,
  outcomeReply,
  refusal,
  signalReply,
} from './replies';
import type { Answer } from './replies';
import { repeat } from './repeat';
import type { Job } from './turn-loop';
import type { Reply } from '../wire/envelope';
import { END, Waiters } from './waiters';

/** Bytes of an activation with an empty state, and how much larger a state is in memory than encoded. */
const ACTIVATION_BYTES = 1_024;
const STATE_FACTOR = 4;

export class Activation implements Job {
  instance: Instance | null = null;
  readonly mailbox = new Mailbox();
  readonly commit: Commit;
  readonly heldRetry: HeldRetry;
  /** Why it cannot be used: its history is corrupt or diverged, or its session is over. */
  broken: unknown = null;
  /** Unhandled rejections of its code since it was loaded (S4). */
  floating = 0;
  private state: 'loading' | 'ready' | 'waiting' = 'loading';
  /** Callers by message id who wait for an outcome. */
  private readonly waiters = new Waiters();
  private inspections: ((instance: Instance | null) => void)[] | null = null;
  private timersDue = true;
  /** Who is told once the timers that were due are committed. */
  private wakers: (() => void)[] | null = null;
  bytes = 0;
  /** It is being put out of memory. */
  leaving = false;

  constructor(
    readonly grounds: Grounds,
    readonly definition: EntityDefinition,
    readonly key: EntityKey,
  ) {
    this.commit = new Commit(this);
    this.heldRetry = new HeldRetry(grounds.clock, () => this.proceed());
    void this.reload();
  }

  get name(): string {
    return keyText(this.key);
  }

  /** It does something, or something is about to be done to it. */
  get busy(): boolean {
    return (
      this.state !== 'ready' ||
      this.mailbox.size > 0 ||
      this.inspections !== null ||
      this.timersDue ||
      !this.commit.idle ||
      this.heldRetry.due
    );
  }

  /** Nothing is to be done, nobody waits, no activity is open: it may leave memory. */
  get idle(): boolean {
    return (
      !this.busy &&
      this.waiters.size === 0 &&
      (this.instance?.ledger.activities?.size ?? 0) === 0 &&
      this.heldRetry.nextAt === null
    );
  }

  /** Estimates what it holds in memory; answers by how much that has changed. */
  measure(): number {
    const before = this.bytes;
    this.bytes = ACTIVATION_BYTES + STATE_FACTOR * (this.instance?.bytes?.length ?? 0);
    return this.bytes - before;
  }

  deliver(delivery: Delivery): void {
    if (this.broken !== null) return delivery.answer(errorReply(this.broken));
    const { limits } = this.grounds;
    if (
      this.mailbox.size >= limits.mailboxMessages ||
      (this.instance?.ledger.admitted.length ?? 0) >= limits.admitted
    ) {
      return delivery.answer(
        refusal('resource_exhausted', `${this.name} has too many messages waiting: send again later`),
      );
    }
    this.mailbox.addMessage(delivery);
    this.proceed();
  }

  /** An activity's result, a promise's completion, an operator's word. */
  continue(continuation: Continuation): void {
    if (this.broken !== null) return continuation.settled?.(errorReply(this.broken));
    this.mailbox.addContinuation(continuation);
    this.proceed();
  }

  /** Some of its timers may be due; `taken` is called once those that are have been committed. */
  wake(taken: (() => void) | null = null): void {
    if (this.broken !== null) return taken?.();
    this.timersDue = true;
    if (taken !== null) (this.wakers ??= []).push(taken);
    this.proceed();
  }

  /** Looks at the entity between steps; null when it does not exist. `failed` is told when it cannot be loaded. */
  inspect(look: (instance: Instance | null) => void, failed: Answer): void {
    if (this.broken !== null) return failed(errorReply(this.broken));
    (this.inspections ??= []).push(look);
    this.proceed();
  }

  /** Answers once the message has its outcome. One who is `patient` is not told that it is held. */
  follow(id: MessageId, answer: Answer, patient = false): void {
    this.waiters.add(idText(id), answer, patient);
  }

  /** Answers once the entity has ended. */
  followEnd(answer: Answer): void {
    this.waiters.add(END, answer, true);
  }

  proceed(): void {
    if (this.state === 'ready') this.grounds.loop.ready(this);
  }

  async slice(): Promise<boolean> {
    try {
      return await this.work();
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** Everything it holds is given up: the session is over, or its history cannot be used. */
  fail(error: unknown): void {
    if (this.broken !== null) return;
    this.broken = error;
    this.heldRetry.cancel();
    const { messages, continuations } = this.mailbox.take();
    for (const { answer } of messages) answer(errorReply(error));
    for (const { settled } of continuations) settled?.(errorReply(error));
    this.waiters.settleAll(errorReply(error));
    for (const taken of this.wakers?.splice(0) ?? []) taken();
    this.commit.abandon(error);
    this.grounds.failed(this, error);
  }

  private async reload(): Promise<void> {
    const { grounds, commit, key, definition } = this;
    this.state = 'loading';
    const from = { session: grounds.session, loop: grounds.loop, environment: grounds.core, definition, key };
    try {
      const loaded: Loaded = await load(from, commit.unwritten(this.instance));
      if (this.broken !== null) return;
      this.instance = loaded.instance;
      if (commit.link === null) commit.adopt(loaded);
      await this.grounds.loaded(this);
      this.state = 'ready';
      this.wake();
      this.retryHeld();
    } catch (error) {
      this.fail(error);
    }
  }

  private async work(): Promise<boolean> {
    if (this.state !== 'ready' || this.broken !== null) return false;
    if (this.timersDue) this.collectTimers();
    for (const look of this.inspections?.splice(0) ?? []) look(this.instance);
    this.inspections = null;
    const { loop } = this.grounds;
    while (!this.commit.full) {
      const more = await this.once();
      if (this.state !== 'ready' || !more) break;
      if (loop.stepped()) {
        this.commit.close();
        return true;
      }
    }
    if (this.state === 'ready') this.commit.close();
    for (const taken of this.wakers?.splice(0) ?? []) this.commit.release(taken, taken);
    this.wakers = null;
    if (this.commit.idle && this.mailbox.size === 0) this.rest();
    return false;
  }

  /** Does one thing; answers false when there is nothing to do. */
  private async once(): Promise<boolean> {
    const delivery = this.mailbox.message;
    if (delivery !== null && delivery.input !== null && !this.look(delivery)) return this.state === 'ready';
    const { instance } = this;
    if (instance === null) return this.onceAbsent();
    const heads = {
      continuation: this.mailbox.continuation?.input ?? null,
      message: delivery?.input ?? null,
      retryHeld: this.heldRetry.due,
    };
    const choice = choose(instance, heads);
    if (choice !== null) {
      await this.run(instance, choice, delivery);
      return true;
    }
    if (delivery === null) return false;
    this.mailbox.shiftMessage();
    if (delivery.input === null) this.query(instance, delivery);
    else this.commit.reply(delivery.answer, this.endReply(instance));
    return true;
  }

  private async onceAbsent(): Promise<boolean> {
    const { continuation, message } = this.mailbox;
    if (continuation !== null) {
      this.mailbox.shiftContinuation();
      continuation.settled?.(this.notFound());
      return true;
    }
    if (message === null) return false;
    const method = this.definition.methods.get(message.request.method);
    if (message.input === null || (this.definition.creates && !method?.creates)) {
      this.mailbox.shiftMessage();
      message.answer(this.notFound());
      return true;
    }
    const { clock, core } = this.grounds;
    this.instance = Instance.newborn(this.key, this.definition, core, { time: clock.now(), seed: this.grounds.seed() });
    await this.run(this.instance, { kind: 'apply', from: 'messages' }, message);
    if (this.commit.link === null && this.commit.turn.empty) this.instance = null;
    return true;
  }

  /** Looks a message's id up; answers true when it is new and may go on (S11 to S13). */
  private look(delivery: Delivery): boolean {
    const { input, request, answer } = delivery;
    const dedupe = this.instance?.ledger.dedupe;
    if (input === null || dedupe === undefined) return this.lookAtArguments(delivery);
    if ('given' in input.id && dedupe.missingSegments().length > 0) {
      this.loadSegments(dedupe.missingSegments());
      return false;
    }
    const verdict = dedupe.look(input.id, () => hashPayload(input.args));
    if (verdict.state === 'new') return this.lookAtArguments(delivery);
    this.mailbox.shiftMessage();
    if (verdict.state === 'done') repeat(this, request, verdict.at, answer);
    else if (verdict.state === 'pending') this.repeatPending(delivery, input.id);
    else if (verdict.state === 'conflict') {
      answer(
        refusal(
          'conflict',
          `${this.name}: message id ${idText(input.id)} was used before with other arguments: give each message an id of its own`,
        ),
      );
    } else if (verdict.state === 'too_old') {
      answer(
        refusal('conflict', `${this.name}: the outcome of message ${idText(input.id)} is no longer kept`, 'too_old'),
      );
    } else
      answer(
        refusal('resource_exhausted', `${this.name} remembers too many message ids: await calls before making more`),
      );
    return false;
  }

  /** Arguments that were refused are answered so; where S13 demands it, on the record. */
  private lookAtArguments({ input, request, error, answer }: Delivery): boolean {
    if (error === null || input === null) return true;
    this.mailbox.shiftMessage();
    const { instance } = this;
    if (request.attempt > 1 && instance !== null && !instance.ledger.ended) {
      const { clock } = this.grounds;
      this.record(undo(instance, { input, args: null }, toFailure(error), this.position, clock.now()));
    }
    this.commit.reply(answer, errorReply(error));
    return false;
  }

  private repeatPending({ request, answer }: Delivery, id: MessageId): void {
    const { commit, instance } = this;
    if (request.message === 'signal' || request.submit) commit.reply(answer, acknowledged(commit.turn.seq, true));
    else if (instance?.ledger.ended) commit.reply(answer, this.endReply(instance));
    else if (this.isHeld(id)) commit.reply(answer, heldReply(this.key, id));
    else this.follow(id, (reply) => answer({ ...reply, duplicate: true }));
  }

  private isHeld(id: MessageId): boolean {
    const ledger = this.instance?.ledger;
    if (ledger === undefined || (ledger.held === null && ledger.operatorHold === null)) return false;
    return ledger.admitted.some(({ input }) => input.kind === 'message' && idText(input.id) === idText(id));
  }

  private get position(): Position {
    return { seq: this.commit.turn.seq, index: this.commit.turn.nextIndex };
  }

  private async run(instance: Instance, choice: Choice, delivery: Delivery | null): Promise<void> {
    if (choice.kind === 'own') return this.perform(instance, { input: choice.input, args: null }, null);
    if (choice.kind === 'admitted') {
      this.heldRetry.taken();
      return this.perform(instance, { admitted: choice.admitted }, null);
    }
    if (choice.from === 'continuations') return this.runContinuation(instance, choice.kind);
    if (delivery?.input == null) return;
    this.mailbox.shiftMessage();
    if (choice.kind === 'apply')
      return this.perform(instance, { input: delivery.input, args: delivery.args }, delivery);
    this.commit.turn.add(admit(instance, delivery.input, this.position, this.grounds.clock.now()));
    this.answerWhenDone(delivery, delivery.input.id, null);
    if (this.isHeld(delivery.input.id)) this.tellHeld(delivery.input.id);
  }

  private async runContinuation(instance: Instance, kind: 'apply' | 'admit'): Promise<void> {
    const { continuation } = this.mailbox;
    if (continuation === null) return;
    this.mailbox.shiftContinuation();
    const { input, settled } = continuation;
    if (!this.isExpected(instance, input)) return settled?.(acknowledged(0, true));
    if (kind === 'admit') this.commit.turn.add(admit(instance, input, this.position, this.grounds.clock.now()));
    else if (input.kind === 'operator' && input.action === 'skip') return this.skip(instance, continuation);
    else await this.perform(instance, { input, args: null }, null);
    if (input.kind === 'operator' && input.action === 'resume') this.heldRetry.retryNow();
    const seq = this.commit.turn.seq;
    if (settled !== null) this.commit.reply(settled, acknowledged(seq));
  }

  /** False for what has been applied or admitted before, or that nobody waits for any more. */
  private isExpected(instance: Instance, input: Input): boolean {
    const { ledger } = instance;
    const admitted = ledger.admitted.some(
      (one) =>
        'effect' in one.input &&
        'effect' in input &&
        one.input.kind === input.kind &&
        one.input.effect === input.effect,
    );
    if (admitted) return false;
    if (input.kind === 'activity') return ledger.activities?.has(input.effect) ?? false;
    if (input.kind === 'timer') return !ledger.ended && (ledger.timers?.has(input.effect) ?? false);
    return !ledger.ended;
  }

  /** Drops the held input on an operator's word (S19). */
  private skip(instance: Instance, { input, settled }: Continuation): void {
    const { held } = instance.ledger;
    if (held === null) return settled?.(refusal('conflict', `${this.name} is not held: there is nothing to skip`));
    const { clock } = this.grounds;
    const reason = input.kind === 'operator' ? input.reason : '';
    const failure = {
      ...toFailure(new PerdureError('cancelled', `an operator skipped it${reason && `: ${reason}`}`)),
      kind: 'cancelled',
      code: 'skipped',
    } as const;
    this.record(undo(instance, { input, args: null }, failure, this.position, clock.now()));
    this.record(undo(instance, { admitted: held }, failure, this.position, clock.now()));
    this.heldRetry.cancel();
    if (settled !== null) this.commit.reply(settled, acknowledged(this.commit.turn.seq));
  }

  private async perform(instance: Instance, source: Source, delivery: Delivery | null): Promise<void> {
    const wasHeld = instance.ledger.held !== null;
    const position = this.position;
    const performed = await perform(instance, source, position, this.grounds.clock.now());
    this.record(performed);
    if (delivery?.input != null) {
      if (performed.entry !== null) this.answerWhenDone(delivery, delivery.input.id, performed.entry);
      else if (performed.failure !== null) this.commit.reply(delivery.answer, failureReply(performed.failure));
    }
    if (performed.rebuild) this.rebuild(wasHeld);
    else if (instance.ledger.held !== null) this.holdOn(wasHeld);
    else if (wasHeld) this.heldRetry.cancel();
  }

  private record({ entry, outcomes }: Performed): void {
    if (entry !== null) this.commit.turn.add(entry);
    const { seq } = this.commit.turn;
    for (const { message, outcome } of outcomes) {
      this.commit.release(() => this.waiters.settle(idText(message), outcomeReply(outcome, seq)));
    }
    const { instance } = this;
    if (instance?.ledger.ended && this.waiters.size > 0) this.commit.release(() => this.tellEnd(instance));
  }

  /** A signal, or a submitted message, is answered when it is durable; an update when it has its outcome. */
  private answerWhenDone({ request, answer }: Delivery, id: MessageId, entry: Entry | null): void {
    const { commit } = this;
    const { seq } = commit.turn;
    const outcome = entry === null ? null : outcomeIn(entry);
    if (request.message === 'update' && !request.submit) {
      if (outcome !== null) commit.reply(answer, outcomeReply(outcome, seq));
      else this.follow(id, answer);
    } else if (outcome !== null && !outcome.ok && this.instance?.ledger.born === false) {
      commit.reply(answer, failureReply(outcome.failure));
    } else {
      commit.reply(answer, request.submit ? acknowledged(seq) : signalReply(outcome, seq, false));
    }
  }

  private tellEnd(instance: Instance): void {
    const enders = this.waiters.take(END);
    this.waiters.settleAll(this.endReply(instance));
    for (const answer of enders) this.tellResult(instance, answer);
  }

  private tellHeld(id: MessageId): void {
    this.commit.release(() => this.waiters.settleImpatient(idText(id), () => heldReply(this.key, id)));
  }

  private holdOn(wasHeld: boolean): void {
    if (!wasHeld) {
      for (const { input } of this.instance?.ledger.admitted ?? [])
        if (input.kind === 'message') this.tellHeld(input.id);
    }
    this.retryHeld();
  }

  /** What a message to an ended entity is told. */
  endReply(instance: Instance): Reply {
    return endedReply(this.name, this.commit.status(instance));
  }

  /** How `run()` ended (S23). */
  tellResult(instance: Instance, answer: Answer): void {
    const { result, terminated } = instance.ledger;
    if (result === null || terminated !== null) this.commit.reply(answer, this.endReply(instance));
    else repeat(this, { message: 'update', submit: false }, result, answer);
  }

  private retryHeld(): void {
    if (this.instance?.ledger.held != null && this.instance.ledger.operatorHold === null) this.heldRetry.schedule();
  }

  /** Builds the instance anew from its rows and the entries that are not written yet (S17). */
  private rebuild(wasHeld: boolean): void {
    this.state = 'waiting';
    this.commit.whenWritten(() => {
      void this.reload().then(() => {
        if (this.instance?.ledger.held != null) this.holdOn(wasHeld);
        else if (wasHeld) this.heldRetry.cancel();
      });
    });
  }

  private query(instance: Instance, { request, args, error, answer }: Delivery): void {
    if (!instance.ledger.born) return answer(this.notFound());
    if (error !== null) return answer(errorReply(error));
    const seq = this.commit.turn.empty ? this.commit.turn.seq - 1 : this.commit.turn.seq;
    let reply: Reply;
    try {
      reply = { ok: true, value: answerQuery(instance, request.method, args ?? []), duplicate: false, seq };
    } catch (failure) {
      reply = errorReply(failure);
    }
    if (instance.stray !== null) this.rebuild(instance.ledger.held !== null);
    this.commit.reply(answer, reply);
  }

  private collectTimers(): void {
    this.timersDue = false;
    const { instance } = this;
    if (instance === null || instance.ledger.timers === null || instance.ledger.ended) return;
    const now = this.grounds.clock.now();
    const due = [...instance.ledger.timers.values()].filter(
      (timer) => timer.due <= now && !this.mailbox.hasTimer(timer.effect),
    );
    due.sort((a, b) => a.due - b.due || a.effect - b.effect);
    for (const { effect } of due) this.mailbox.addContinuation({ input: { kind: 'timer', effect }, settled: null });
  }

  loadSegments(names: readonly string[]): void {
    void this.readSegments(names);
  }

  private async readSegments(names: readonly string[]): Promise<void> {
    this.state = 'waiting';
    try {
      const contents = await Promise.all(names.map((name) => this.grounds.session.segment(this.key, name)));
      if (contents.includes(null))
        throw new PerdureError('internal', `${this.name}: a segment of its message ids is missing`, {
          reason: 'corrupt',
        });
      this.instance?.ledger.dedupe.loadSegments(contents.filter((bytes) => bytes !== null));
      this.state = 'ready';
      this.proceed();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Nothing to do for now: what can be made again is dropped, to keep resident entities small. */
  private rest(): void {
    this.grounds.rested(this);
    if (this.instance !== null) this.instance.bytes = null;
  }

  private notFound(): Reply {
    return refusal('not_found', `${this.name} does not exist: nothing has created it`);
  }
}

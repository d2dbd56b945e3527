/**
 * Activation: one entity that is in memory, from its mailbox to its open turn.
 *
 * Owns: the order of what happens to it: loading, steps, rebuilding after an undo, retries of a held input.
 * Does not own: which input is next (`core/choose`), its step (`steps`), who is told what (`callers`), repeated messages
 * (`admission`), writing and releasing (`commit`), which entities are in memory (`shard`).
 *
 * Invariants: steps run inside slices of the turn loop only; a reply leaves through the turn it could have seen (S8);
 * while it is loaded or rebuilt no step runs.
 */

import { Instance } from '../../framework/core/instance';
import type { Performed } from '../../framework/core/perform';
import { PerdureError } from '../../framework/errors';
import type { EntityDefinition } from '../../framework/model/definition';
import type { EntityKey, Position } from '../../framework/model/identity';
import { keyText } from '../../framework/model/identity';
import { isPlanted } from '../../framework/planted-bugs';
import type { Reply } from '../wire/envelope';
import { fullReply, isFull, isKnown, lookAtMessage } from './admission';
import { Callers } from './callers';
import { Commit } from './commit';
import { Footprint } from './footprint';
import type { Grounds, Resident } from './grounds';
import { HeldRetry } from './held-retry';
import { load } from './loader';
import { Mailbox } from './mailbox';
import type { Continuation, Delivery } from './mailbox';
import { errorReply, openReply, refusal } from './replies';
import { answerDelivery, chooseNext, runChosen } from './steps';
import type { Job } from './turn-loop';

export class Activation implements Job, Resident {
  instance: Instance | null = null;
  readonly mailbox = new Mailbox();
  readonly commit: Commit;
  readonly callers: Callers;
  readonly heldRetry: HeldRetry;
  /** Why it cannot be used: its history is corrupt or diverged, or its session is over. */
  broken: unknown = null;
  /** Unhandled rejections of its code since it was loaded (S4). */
  floating = 0;
  readonly footprint = new Footprint();
  /** A slice of it runs: between the steps of a turn, and in one, nothing of it may be taken for its rest. */
  private stepping = false;
  /** It is being put out of memory. */
  leaving = false;
  /** `waiting`: for a write or a read that must come first. */
  private state: 'loading' | 'ready' | 'waiting' = 'loading';
  private inspections: ((instance: Instance | null) => void)[] | null = null;
  private timersDue = true;
  /** Its open activities have been handed on; from then on each is when its turn commits. */
  private known = false;
  /** Who is told once the timers that were due are committed. */
  private wakers: (() => void)[] | null = null;

  constructor(
    readonly grounds: Grounds,
    readonly definition: EntityDefinition,
    readonly key: EntityKey,
  ) {
    this.commit = new Commit(this);
    this.callers = new Callers(this, this.commit);
    this.heldRetry = new HeldRetry(this);
    void this.reload();
  }

  get name(): string {
    return keyText(this.key);
  }

  get position(): Position {
    return { seq: this.commit.turn.seq, index: this.commit.turn.nextIndex };
  }

  /** It does something, or something is about to be done to it. */
  get busy(): boolean {
    if (this.state !== 'ready' || this.stepping || this.mailbox.size > 0 || this.inspections !== null) return true;
    return this.timersDue || !this.commit.idle || this.heldRetry.due;
  }

  /** Nothing is to be done, nobody waits, no activity is open: it may leave memory. */
  get idle(): boolean {
    const activities = this.instance?.ledger.activities?.size ?? 0;
    return !this.busy && this.callers.none && activities === 0 && this.heldRetry.nextAt === null;
  }

  deliver(delivery: Delivery): void {
    if (this.broken !== null) return delivery.answer(brokenReply(delivery, this.broken));
    if (isFull(this) && !isKnown(this, delivery)) return delivery.answer(fullReply(this, delivery.request));
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

  /** Looks at the entity between steps; null when it does not exist. `failed` is told why it cannot be loaded. */
  inspect(look: (instance: Instance | null) => void, failed: (error: unknown) => void): void {
    if (this.broken !== null) return failed(this.broken);
    (this.inspections ??= []).push((instance) => (this.broken === null ? look(instance) : failed(this.broken)));
    this.proceed();
  }

  proceed(): void {
    if (this.state === 'ready') this.grounds.loop.ready(this);
  }

  async slice(): Promise<boolean> {
    this.stepping = true;
    try {
      const more = await this.work();
      this.stepping = false;
      if (!more && this.broken === null && !this.busy) this.rest();
      return more;
    } catch (error) {
      this.stepping = false;
      this.fail(error);
      return false;
    }
  }

  /** Everything it holds is given up: the session is over, or its history cannot be used. */
  fail(error: unknown): void {
    if (this.broken !== null) return;
    this.broken = error;
    this.heldRetry.cancel();
    const reply = errorReply(error);
    const { messages, continuations } = this.mailbox.take();
    for (const delivery of messages) delivery.answer(brokenReply(delivery, error));
    for (const { settled } of continuations) settled?.(reply);
    for (const look of this.inspections?.splice(0) ?? []) look(null);
    for (const taken of this.wakers?.splice(0) ?? []) taken();
    this.callers.settleAll(openReply(error));
    this.commit.abandon(error);
    this.grounds.failed(this, error);
  }

  /**
   * Reads the segments of caller-given message ids before the next message is looked at (S11). Those of a snapshot that
   * is on its way cannot be read before it is written.
   */
  loadSegments(): void {
    if (this.state !== 'ready') return;
    this.state = 'waiting';
    this.commit.whenWritten(() => void this.readSegments(this.instance?.ledger.dedupe.missingSegments() ?? []));
  }

  /** The instance; where there is none, that of a key which nothing has created yet (S21). */
  unborn(): Instance {
    const birth = { time: this.grounds.clock.now(), seed: this.grounds.seed() };
    return (this.instance ??= Instance.newborn(this.key, this.definition, this.grounds.core, birth));
  }

  record({ entry, outcomes }: Performed): void {
    if (entry !== null) this.commit.turn.add(entry);
    const { seq } = this.commit.turn;
    for (const { message, outcome } of outcomes) this.callers.settle(message, outcome, seq);
    const { instance } = this;
    if (instance?.ledger.ended) this.callers.settleEnd(instance);
  }

  private async reload(): Promise<void> {
    const { grounds, commit, key, definition } = this;
    this.state = 'loading';
    const { session, loop, core: environment, poison } = grounds;
    const from = { session, loop, environment, definition, key, poison };
    try {
      const { rehearsal } = grounds;
      const unwritten = commit.unwritten(this.instance);
      const loaded = await (rehearsal === null ? load(from, unwritten) : rehearsal.load(from, unwritten));
      if (this.broken !== null) return;
      this.instance = loaded.instance;
      if (isPlanted('condition-deaf-after-load') && this.instance !== null) this.instance.conditionsStale = false;
      if (commit.link === null) commit.adopt(loaded);
      if (!this.known) await grounds.loaded(this);
      this.known = true;
      this.state = 'ready';
      this.wake();
      if (this.instance !== null) this.heldRetry.plan(this.instance.ledger, this.grounds.core.build);
    } catch (error) {
      this.fail(await grounds.unloadable(this, error));
    }
  }

  private async work(): Promise<boolean> {
    if (this.state !== 'ready' || this.broken !== null) return false;
    if (this.timersDue) this.collectTimers();
    const { inspections } = this;
    this.inspections = null;
    for (const look of inspections ?? []) look(this.instance);
    while (this.state === 'ready' && !this.commit.full) {
      const more = await this.once();
      if (this.state !== 'ready' || !more) break;
      if (!this.grounds.loop.stepped()) continue;
      return !this.close();
    }
    if (this.state === 'ready') this.close();
    // A wake that came during the slice has not been looked at yet.
    if (!this.timersDue) for (const taken of this.wakers?.splice(0) ?? []) this.commit.release(taken, taken);
    return false;
  }

  /** Closes the open turn; true when it is loaded again before the next step. */
  private close(): boolean {
    this.commit.close();
    const { rehearsal } = this.grounds;
    if (!rehearsal?.due(this.key, this.instance, this.commit.link?.seq ?? 0)) return false;
    this.rebuild(this.instance?.ledger.held != null);
    return true;
  }

  /** Does one thing; answers false when there is nothing to do. */
  private async once(): Promise<boolean> {
    const { message } = this.mailbox;
    if (message !== null && message.input !== null && !lookAtMessage(this, message)) return this.state === 'ready';
    const { instance } = this;
    if (instance?.ledger.born !== true) return this.onceUnborn();
    const heads = {
      continuation: this.mailbox.continuation?.input ?? null,
      message: message?.input ?? null,
      retryHeld: this.heldRetry.due,
    };
    const chosen = chooseNext(this, instance, heads);
    const choice = chosen instanceof Promise ? await chosen : chosen;
    if (choice !== null) {
      await runChosen(this, instance, choice, message);
      return true;
    }
    if (message === null) return false;
    if (message.input === null) await answerDelivery(this, instance, message);
    else this.commit.reply(message.answer, this.callers.endReply(instance));
    this.mailbox.shiftMessage();
    return true;
  }

  /** As long as nothing has created it (S21). */
  private async onceUnborn(): Promise<boolean> {
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
    await runChosen(this, this.unborn(), { kind: 'apply', from: 'messages' }, message);
    if (this.commit.link === null && this.commit.turn.empty) this.instance = null;
    return true;
  }

  heldChanged(wasHeld: boolean): void {
    if (this.instance?.ledger.held == null) {
      if (wasHeld) this.heldRetry.cancel();
      return;
    }
    if (!wasHeld) this.callers.tellHeld();
    this.heldRetry.plan(this.instance.ledger, this.grounds.core.build);
  }

  /** Builds the instance anew from its rows and the entries that are not written yet (S17). */
  rebuild(wasHeld: boolean): void {
    this.state = 'waiting';
    this.commit.whenWritten(() => {
      void this.reload().then(() => this.heldChanged(wasHeld));
    });
  }

  private collectTimers(): void {
    this.timersDue = false;
    const { instance } = this;
    if (instance === null || instance.ledger.timers === null || instance.ledger.ended) return;
    const now = this.grounds.clock.now() + (isPlanted('timer-early') ? 1_000 : 0);
    const timers = [...instance.ledger.timers.values()];
    const due = timers.filter((timer) => timer.due <= now && !this.mailbox.hasTimer(timer.effect));
    due.sort((a, b) => a.due - b.due || a.effect - b.effect);
    for (const { effect } of due) this.mailbox.addContinuation({ input: { kind: 'timer', effect }, settled: null });
  }

  private async readSegments(names: readonly string[]): Promise<void> {
    try {
      const contents = await Promise.all(names.map((name) => this.grounds.session.segment(this.key, name)));
      const found = contents.filter((bytes) => bytes !== null);
      if (found.length < names.length) {
        throw new PerdureError('internal', `${this.name}: a segment of its message ids is missing`, {
          reason: 'corrupt',
        });
      }
      this.instance?.ledger.dedupe.loadSegments(found);
      this.state = 'ready';
      this.proceed();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Nothing to do for now: what can be made again is dropped, to keep resident entities small. */
  rest(): void {
    this.grounds.rested(this);
    if (this.instance !== null) this.instance.bytes = null;
  }

  notFound(): Reply {
    return refusal('not_found', `${this.name} does not exist: nothing has created it`);
  }
}

/** A first attempt has left nothing behind. */
function brokenReply({ request: { id, attempt } }: Delivery, error: unknown): Reply {
  return id !== null && attempt > 1 ? openReply(error) : errorReply(error);
}

/**
 * Callers: who is told what about the messages of one entity (S12, S16, S19, S23).
 *
 * Owns: those who wait for an outcome or for the entity's end. Does not own: when a reply may leave (`commit`).
 *
 * Invariant: each caller is answered exactly once.
 */

import type { Entry, Outcome } from '../../framework/core/history';
import type { Instance } from '../../framework/core/instance';
import type { MessageId } from '../../framework/model/identity';
import { isPlanted } from '../../framework/planted-bugs';
import type { Reply } from '../wire/envelope';
import type { Commit } from './commit';
import { statusOf } from './entity-index';
import type { Resident } from './grounds';
import type { Delivery } from './mailbox';
import { repeat } from './repeat';
import {
  acknowledged,
  endedReply,
  failureReply,
  heldReply,
  idText,
  outcomeIn,
  outcomeReply,
  signalReply,
} from './replies';
import type { Answer } from './replies';
import { END, Waiters } from './waiters';

export class Callers {
  private readonly waiters = new Waiters();

  constructor(
    private readonly resident: Resident,
    private readonly commit: Commit,
  ) {}

  get none(): boolean {
    return this.waiters.size === 0;
  }

  /** Answers once the message has its outcome. One who is `patient` is not told that it is held. */
  follow(id: MessageId, answer: Answer, patient = false): void {
    this.waiters.add(idText(id), answer, patient);
  }

  /** Answers how `run()` ended, once it has (S23). */
  followEnd(instance: Instance, answer: Answer): void {
    if (instance.ledger.ended) this.tellResult(instance, answer);
    else this.waiters.add(END, answer, true);
  }

  /** A signal, or a submitted message, is answered when it is durable; an update when it has its outcome. */
  answerWhenDone({ request, answer }: Delivery, id: MessageId, entry: Entry | null): void {
    const { commit } = this;
    const { seq } = commit.turn;
    const outcome = entry === null ? null : outcomeIn(entry);
    const unborn = this.resident.instance?.ledger.born === false;
    if (request.message === 'update' && !request.submit) {
      if (outcome !== null) commit.reply(answer, outcomeReply(outcome, seq));
      else this.follow(id, answer);
    } else if (outcome !== null && !outcome.ok && unborn) {
      commit.reply(answer, failureReply(outcome.failure));
    } else {
      commit.reply(answer, request.submit ? acknowledged(seq) : signalReply(outcome, seq, false));
    }
  }

  /** A message whose first sending is still on its way to an outcome. */
  repeatPending({ request, answer }: Delivery, id: MessageId): void {
    const { commit, resident } = this;
    const { instance } = resident;
    if (request.message === 'signal' || request.submit) commit.reply(answer, acknowledged(commit.turn.seq, true));
    else if (instance?.ledger.ended) commit.reply(answer, this.endReply(instance));
    else if (this.isHeld(id)) commit.reply(answer, heldReply(resident.key, id));
    else this.follow(id, (reply) => answer({ ...reply, duplicate: true }));
  }

  /** An outcome that the open turn records. */
  settle(id: MessageId, outcome: Outcome, seq: number): void {
    if (this.none) return;
    this.commit.release(() => this.waiters.settle(idText(id), outcomeReply(outcome, seq)));
  }

  /** The entity has ended in the open turn. */
  settleEnd(instance: Instance): void {
    if (this.none) return;
    this.commit.release(() => {
      const followers = this.waiters.take(END);
      this.waiters.settleAll(this.endReply(instance));
      for (const answer of followers) this.tellResult(instance, answer);
    });
  }

  settleAll(reply: Reply): void {
    this.waiters.settleAll(reply);
  }

  /** True for a message that can have no outcome before a hold is over. */
  isHeld(id: MessageId): boolean {
    return this.heldMessages().some((held) => idText(held) === idText(id));
  }

  /** Tells the callers of held messages so; they may follow the operation (S19). */
  tellHeld(): void {
    if (this.none) return;
    const ids = this.heldMessages();
    const tell = (): void => {
      for (const id of ids) this.waiters.settleImpatient(idText(id), () => heldReply(this.resident.key, id));
    };
    if (isPlanted('held-told-before-recorded')) tell();
    else this.commit.release(tell);
  }

  /** What a message to an ended entity is told. */
  endReply({ ledger }: Instance): Reply {
    return endedReply(this.resident.name, statusOf(ledger));
  }

  /** While an entity is held: what it has admitted, and what is parked in it. */
  private heldMessages(): MessageId[] {
    const { instance } = this.resident;
    if (instance === null || (instance.ledger.held === null && instance.ledger.operatorHold === null)) return [];
    const admitted = instance.ledger.admitted.flatMap(({ input }) => (input.kind === 'message' ? [input.id] : []));
    const parked = [...instance.invocations.values()].flatMap(({ origin }) => origin.message ?? []);
    return [...admitted, ...parked];
  }

  private tellResult(instance: Instance, answer: Answer): void {
    const { result, terminated } = instance.ledger;
    if (result === null || terminated !== null) this.commit.reply(answer, this.endReply(instance));
    else repeat(this.resident, this.commit, { message: 'update', submit: false }, result, answer);
  }
}

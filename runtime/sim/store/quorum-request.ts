/**
 * Quorum request: what a write and a read of the replica set have in common.
 *
 * Owns: the way from a host to a coordinator and back, the driver's timeout, and that each request ends exactly once.
 * Does not own: what the coordinator does (`quorum-write`, `quorum-read`).
 *
 * The timeout is set only once something has gone wrong with the request: on the usual way nobody would hear it.
 */

import { PerdureError } from '../../../framework/errors';
import type { SimEvent } from '../world/event-queue';
import type { Node, ReplicaSet } from './replica-set';
import { QUORUM, STORE_TIMEOUT_MS } from './replica-set';
import { label } from '../world/trace';

const TIMEOUT = label('store.timeout');
const ANSWER = label('store.answer');
const CLOSED = label('store.closed');

/** `lost`: nobody knows; `unavailable`: the coordinator has refused before it did anything. */
export type Ending<T> = { readonly value: T } | 'lost' | 'unavailable';

/** `what` is named when there is none. */
export function valueOf<T>(ending: Ending<T>, what: string): T {
  if (typeof ending !== 'string') return ending.value;
  const fact = ending === 'lost' ? 'did not answer in time' : 'has no quorum';
  throw new PerdureError('unavailable', `${what} cannot be read: the store ${fact}; read again later`, {
    reason: 'store_read',
  });
}

export abstract class QuorumRequest<T> {
  protected readonly deadlineMs: number;
  #life = 0;
  #coordinator: Node | null = null;
  #timeout: SimEvent | null = null;
  #answered: SimEvent | null = null;
  #ended = false;

  constructor(
    protected readonly set: ReplicaSet,
    private readonly done: (ending: Ending<T>) => void,
  ) {
    this.deadlineMs = set.world.nowMs + STORE_TIMEOUT_MS;
  }

  /** Called once the request is at a coordinator that believes in a quorum of `alive` nodes. */
  protected abstract coordinate(coordinator: Node, alive: readonly Node[], atMs: number): void;

  start(): void {
    const { world, faults, streams } = this.set;
    if (streams.requestLoss.chance(faults.requestLoss)) {
      world.count('store.request-loss');
      return this.troubled();
    }
    const coordinator = this.set.coordinator();
    const atMs = world.nowMs + this.set.clientHopMs();
    if (coordinator?.up !== true) {
      world.count('store.no-coordinator');
      world.inside(atMs, CLOSED, () => this.end('lost'));
      return;
    }
    this.#coordinator = coordinator;
    this.#life = coordinator.life;
    const alive = this.set.believedAlive(coordinator);
    if (alive.length >= QUORUM) return this.coordinate(coordinator, alive, atMs);
    world.count('store.unavailable');
    this.answerAt(atMs, 'unavailable');
  }

  /** Something is lost or late: the driver will give up at the deadline unless an answer comes first. */
  protected troubled(): void {
    if (this.#timeout !== null || this.#ended) return;
    const { world } = this.set;
    this.#timeout = world.inside(this.deadlineMs, TIMEOUT, () => {
      world.count('store.timeout');
      this.end('lost');
    });
  }

  /** As `troubled`, if what is expected comes at or after the deadline. */
  protected expectedAt(timeMs: number): void {
    if (timeMs >= this.deadlineMs) this.troubled();
  }

  /** The coordinator answers at that time, not at the one given before, if it still lives and the answer is not lost. */
  protected answerAt(timeMs: number, ending: Ending<T>): void {
    const backMs = timeMs + this.set.clientHopMs();
    this.expectedAt(backMs);
    const { world } = this.set;
    if (this.#answered !== null) world.cancel(this.#answered);
    this.#answered = world.inside(backMs, ANSWER, () => this.#answer(ending));
  }

  #answer(ending: Ending<T>): void {
    if (this.#ended) return;
    const { world, faults, streams } = this.set;
    if (this.#coordinator?.life !== this.#life) {
      world.count('store.coordinator-lost');
      return this.end('lost');
    }
    if (streams.replyLoss.chance(faults.replyLoss)) {
      world.count('store.reply-loss');
      return this.troubled();
    }
    this.end(ending);
  }

  protected get ended(): boolean {
    return this.#ended;
  }

  protected end(ending: Ending<T>): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#timeout !== null) this.set.world.cancel(this.#timeout);
    this.done(ending);
  }
}

/**
 * Quorum read: what two of three replicas hold of a slice, merged.
 *
 * Owns: the choice of replicas, asking the third when one does not answer, blocking read repair.
 * Does not own: what wins in a merge (`replica`).
 *
 * With read repair on (the default, C8) what was returned once is at a quorum before it is returned, so reads never go
 * back; with it off they may.
 */

import type { Ending } from './quorum-request';
import { QuorumRequest } from './quorum-request';
import type { Cell, Mutation, Slice } from './replica';
import { mergeCells, missingFrom } from './replica';
import type { Answer, Node, ReplicaSet } from './replica-set';
import { REPLICAS } from './replica-set';
import { label } from '../world/trace';

/** A coordinator asks another replica when one has not answered for so long. */
const SPECULATE_MS = 50;
const SPECULATE = label('store.speculate');
const MERGE = label('store.merge');

export function quorumRead(set: ReplicaSet, slice: Slice, done: (ending: Ending<readonly Cell[]>) => void): void {
  new QuorumRead(set, slice, done).start();
}

class QuorumRead extends QuorumRequest<readonly Cell[]> {
  /** The answers that are back first, in this order, as far as known. */
  #first: Answer | null = null;
  #second: Answer | null = null;
  #spare: Node | null = null;
  #merged = false;

  constructor(
    set: ReplicaSet,
    private readonly slice: Slice,
    done: (ending: Ending<readonly Cell[]>) => void,
  ) {
    super(set, done);
  }

  protected override coordinate(from: Node, alive: readonly Node[], atMs: number): void {
    const drawn = alive[this.set.draw.below(REPLICAS)];
    const leftOut = alive.length === REPLICAS ? (this.set.slow ?? (drawn as Node)) : null;
    this.#spare = leftOut;
    for (const to of alive) if (to !== leftOut) this.#ask(from, to, atMs);
  }

  #ask(from: Node, to: Node, atMs: number): void {
    const told = (answer: Answer | null): void => {
      if (answer === null) this.#askSpare(from, atMs);
      else this.#take(from, answer);
    };
    const arrivesMs = this.set.read({ from, to, atMs }, this.slice, told);
    this.expectedAt(arrivesMs);
    if (arrivesMs > atMs + SPECULATE_MS) this.#askSpare(from, atMs);
  }

  #askSpare(from: Node, atMs: number): void {
    this.troubled();
    const spare = this.#spare;
    this.#spare = null;
    if (spare === null) return;
    const { world } = this.set;
    world.count('store.speculate');
    const sinceMs = Math.max(atMs, world.nowMs) + SPECULATE_MS;
    world.inside(sinceMs, SPECULATE, () => this.#ask(from, spare, sinceMs));
  }

  #take(from: Node, answer: Answer): void {
    this.expectedAt(answer.atMs);
    const [a, b] = this.#soonest(answer);
    if (b === null) return;
    const lastMs = b.atMs;
    if (answer !== a && answer !== b) return;
    const merged = mergeCells(a.cells, b.cells);
    if (merged === a.cells) this.answerAt(lastMs, { value: merged });
    else this.set.world.inside(lastMs, MERGE, () => this.#resolve(from, [a, b], merged));
  }

  #soonest(answer: Answer): readonly [Answer, Answer | null] {
    const first = this.#first;
    if (first === null || answer.atMs < first.atMs) [this.#first, this.#second] = [answer, first];
    else if (this.#second === null || answer.atMs < this.#second.atMs) this.#second = answer;
    return [this.#first as Answer, this.#second];
  }

  /** The first two answers differ, or may. */
  #resolve(from: Node, answers: readonly Answer[], merged: readonly Cell[]): void {
    if (this.#merged || this.ended) return;
    this.#merged = true;
    const { world, faults } = this.set;
    const repairs = answers.flatMap(({ node, cells }) => {
      const missing = missingFrom(cells, merged);
      return missing.length === 0 ? [] : [{ node, mutation: { partition: this.slice.partition, cells: missing } }];
    });
    if (repairs.length > 0) world.count(faults.readRepair ? 'store.read-repair' : 'store.no-read-repair');
    if (repairs.length === 0 || !faults.readRepair) return this.answerAt(world.nowMs, { value: merged });
    this.#repair(from, repairs, merged);
  }

  #repair(from: Node, repairs: readonly { node: Node; mutation: Mutation }[], merged: readonly Cell[]): void {
    let open = repairs.length;
    let lastMs = 0;
    for (const { node: to, mutation } of repairs) {
      const told = (backAtMs: number | null): void => {
        if (backAtMs === null) return this.troubled();
        open -= 1;
        lastMs = Math.max(lastMs, backAtMs);
        if (open === 0) this.answerAt(lastMs, { value: merged });
      };
      this.expectedAt(this.set.deliver({ from, to, atMs: this.set.world.nowMs }, mutation, told));
    }
  }
}

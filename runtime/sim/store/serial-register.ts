/**
 * Serial registers: rows touched by conditional writes and serial reads alone, as Paxos keeps them.
 *
 * Owns: linearizability per row, and what a client may not know: a conditional write that ends as lost may have happened
 * or not, and while nothing else touches the row that is open still.
 * Does not own: the way to the coordinator (`quorum-request`). The rounds of Paxos are not played out; amnesia of a
 * replica leaves these rows alone.
 *
 * Invariants:
 * 1. Every serial operation first decides the open proposal of the row, for ever: it takes effect now, or never.
 * 2. A proposal is open only if its condition held, and nothing has changed the row since.
 */

import type { Lease } from '../../ports/cluster-store';
import type { Ending } from './quorum-request';
import { QuorumRequest } from './quorum-request';
import type { Node, ReplicaSet } from './replica-set';
import { QUORUM } from './replica-set';
import { label } from '../world/trace';

/** Rounds of prepare, read, propose, commit, taken together. */
const ROUNDS_MS = [2, 6] as const;
const DECIDE = label('store.serial');

/** Names of the rows, and what stands in those of leases. */
export function buildRow(ordinal: number): string {
  return `build ${ordinal}`;
}

export function leaseRow(shard: number): string {
  return `lease ${shard}`;
}

export function leaseText({ owner, epoch, nonce }: Lease): string {
  return JSON.stringify({ owner, epoch, nonce });
}

interface Register {
  value: string | null;
  open: { readonly next: string } | null;
}

export interface Swap {
  readonly row: string;
  readonly expected: string | null;
  readonly next: string;
}

export class SerialRegisters {
  readonly #rows = new Map<string, Register>();

  constructor(private readonly set: ReplicaSet) {}

  /** True if the row was `expected` and is `next` now. */
  swap(swap: Swap, done: (ending: Ending<boolean>) => void): void {
    new SerialRequest<boolean>(this.set, () => this.#swap(swap), done).start();
  }

  read(row: string, done: (ending: Ending<string | null>) => void): void {
    new SerialRequest(this.set, () => ({ value: this.#settled(row).value }), done).start();
  }

  /** What the row holds as long as nobody decides an open proposal; for the simulator alone. */
  peek(row: string): string | null {
    return this.#rows.get(row)?.value ?? null;
  }

  #swap({ row, expected, next }: Swap): Ending<boolean> {
    const register = this.#settled(row);
    if (register.value !== expected) return { value: false };
    const { world, faults, streams } = this.set;
    if (streams.paxosUnknown.chance(faults.paxosUnknown)) {
      world.count('store.paxos-unknown');
      register.open = { next };
      return 'lost';
    }
    register.value = next;
    return { value: true };
  }

  #settled(row: string): Register {
    let register = this.#rows.get(row);
    if (register === undefined) this.#rows.set(row, (register = { value: null, open: null }));
    if (register.open === null) return register;
    const { world, faults, streams } = this.set;
    const takesEffect = streams.paxosEffect.chance(faults.paxosEffect);
    world.count(takesEffect ? 'store.paxos-completed' : 'store.paxos-dropped');
    if (takesEffect) register.value = register.open.next;
    register.open = null;
    return register;
  }
}

class SerialRequest<T> extends QuorumRequest<T> {
  constructor(
    set: ReplicaSet,
    private readonly decide: () => Ending<T>,
    done: (ending: Ending<T>) => void,
  ) {
    super(set, done);
  }

  protected override coordinate(from: Node, _alive: readonly Node[], atMs: number): void {
    const { set } = this;
    const decidesMs = atMs + set.draw.between(ROUNDS_MS);
    const decide = (): void => {
      if (set.nodes.filter((node) => set.reaches(from, node)).length < QUORUM) return this.troubled();
      const ending = this.decide();
      if (ending === 'lost') this.troubled();
      else this.answerAt(set.world.nowMs, ending);
    };
    set.world.inside(decidesMs, DECIDE, decide);
  }
}

/**
 * Replica set: three replicas, and who can reach whom.
 *
 * Owns: which replicas are up and connected, what coordinators believe of it, the sending of one mutation or read to one
 * replica, hints, and the drawing of every delay and loss on that way.
 * Does not own: when a quorum has answered (`quorum-write`, `quorum-read`), when replicas fail (`disturbance`).
 *
 * Invariants:
 * 1. A replica that crashed keeps what it had applied (its commit log), unless amnesia is switched on.
 * 2. What was sent is applied whenever it arrives: after the request timed out, after its host died, any number of times.
 * 3. A hint is played back only while its replica can be reached, and in no particular order.
 */

import type { FaultDial, StoreFaults } from '../faults/fault-profile';
import type { SimStream } from '../world/random';
import type { Cell, Mutation, Slice } from './replica';
import { Replica } from './replica';
import { label } from '../world/trace';
import type { World } from '../world/world';

export const REPLICAS = 3;
export const QUORUM = 2;
/** What a driver waits for an answer (C12a). */
export const STORE_TIMEOUT_MS = 1_500;
/** Coordinators see a change of a node's state after this long; until then they believe the better. */
export const DETECT_MS = 2_000;
const NEAR_MS = [0.02, 0.1] as const;
const FAR_MS = [0.2, 0.8] as const;
const HINT_RETRY_MS = 1_000;

const DELIVER = label('store.deliver');
const READ = label('store.read');
const AGAIN = label('store.deliver-again');
const HINT = label('store.hint');

type FaultStream =
  | 'legLoss'
  | 'legLate'
  | 'legDuplicate'
  | 'hintLoss'
  | 'requestLoss'
  | 'replyLoss'
  | 'coordinatorDeath'
  | 'oneReplica'
  | 'paxosUnknown'
  | 'paxosEffect'
  | 'length';

export interface Node {
  readonly replica: Replica;
  up: boolean;
  /** Cut off from the other nodes; hosts still reach it. */
  cut: boolean;
  changedAtMs: number;
  /** Counts crashes: an answer of an earlier life never comes. */
  life: number;
}

/** One message between two nodes. */
export interface Way {
  readonly from: Node;
  readonly to: Node;
  readonly atMs: number;
}

export interface Answer {
  readonly node: Node;
  readonly cells: readonly Cell[];
  readonly atMs: number;
}

export class ReplicaSet {
  readonly nodes: readonly Node[] = Array.from({ length: REPLICAS }, (_, i) => ({
    replica: new Replica(i),
    up: true,
    cut: false,
    changedAtMs: -Infinity,
    life: 0,
  }));
  /** Answers late: reads do without it if they can. Null: each read does without another. */
  slow: Node | null = null;
  /** Order of coordinators and replicas, and delays that are no fault. */
  readonly draw: SimStream;
  /** One stream per fault, and one for how long faults last. */
  readonly streams: Readonly<Record<FaultStream, SimStream>>;

  constructor(
    readonly world: World,
    private readonly dial: FaultDial,
  ) {
    const { random } = world;
    this.draw = random.stream('store.draw');
    this.streams = {
      legLoss: random.stream('store.leg-loss'),
      legLate: random.stream('store.leg-late'),
      legDuplicate: random.stream('store.leg-duplicate'),
      hintLoss: random.stream('store.hint-loss'),
      requestLoss: random.stream('store.request-loss'),
      replyLoss: random.stream('store.reply-loss'),
      coordinatorDeath: random.stream('store.coordinator-death'),
      oneReplica: random.stream('store.one-replica'),
      paxosUnknown: random.stream('store.paxos-unknown'),
      paxosEffect: random.stream('store.paxos-effect'),
      length: random.stream('store.fault-length'),
    };
  }

  get faults(): StoreFaults {
    return this.dial.profile.store;
  }

  /** A node that the driver takes for alive; null if there is none. A dead one is taken until that is noticed. */
  coordinator(): Node | null {
    const first = this.draw.below(REPLICAS);
    for (let i = 0; i < REPLICAS; i += 1) {
      const node = this.nodes[(first + i) % REPLICAS] as Node;
      if (node.up || this.#fresh(node)) return node;
    }
    return null;
  }

  /** The nodes that `from` takes for alive. */
  believedAlive(from: Node): readonly Node[] {
    return this.nodes.filter((node) => this.reaches(from, node) || this.#fresh(node) || this.#fresh(from));
  }

  /** From when on any quorum that is asked holds something of the partition; Infinity while one does not. */
  seenFromMs(partition: string): number {
    return this.nodes.map(({ replica }) => replica.sinceMs(partition)).sort((a, b) => a - b)[QUORUM - 1] ?? Infinity;
  }

  reaches(from: Node, to: Node): boolean {
    return to.up && (from === to || (!from.cut && !to.cut));
  }

  /** Between a host and a coordinator, one way. */
  clientHopMs(): number {
    return this.draw.between(FAR_MS);
  }

  /**
   * Sends a mutation from a coordinator to one replica, at `atMs`. `told` hears once when the answer will be back, or null
   * if none will; a mutation that did not arrive is kept as a hint. Gives the time of arrival.
   */
  deliver(way: Way, mutation: Mutation, told: (backAtMs: number | null) => void): number {
    const { world, faults, streams } = this;
    const { from, to, atMs } = way;
    if (streams.legDuplicate.chance(faults.legDuplicate)) this.#again(to, mutation);
    if (streams.legLoss.chance(faults.legLoss)) {
      world.count('store.leg-loss');
      this.hint(to, mutation);
      told(null);
      return Infinity;
    }
    const arrive = (): void => {
      if (!this.reaches(from, to)) {
        world.count('store.leg-unreachable');
        this.hint(to, mutation);
        told(null);
        return;
      }
      to.replica.apply(mutation, this.world.nowMs);
      told(world.nowMs + this.#hopMs(to, from));
    };
    return world.inside(atMs + this.#hopMs(from, to) + this.#lateMs(), DELIVER, arrive, to.replica.number).timeMs;
  }

  /** Reads at one replica. `told` hears once: what it holds and when that is back, or null if no answer will come. */
  read(way: Way, slice: Slice, told: (answer: Answer | null) => void): number {
    const { world, faults, streams } = this;
    const { from, to, atMs } = way;
    if (streams.legLoss.chance(faults.legLoss)) {
      world.count('store.leg-loss');
      told(null);
      return Infinity;
    }
    const arrive = (): void => {
      if (this.reaches(from, to)) {
        const cells = to.replica.read(slice);
        told({ node: to, cells, atMs: world.nowMs + this.#hopMs(to, from) + this.#lateMs() });
      } else {
        world.count('store.leg-unreachable');
        told(null);
      }
    };
    return world.inside(atMs + this.#hopMs(from, to) + this.#lateMs(), READ, arrive, to.replica.number).timeMs;
  }

  /** Keeps a mutation for a replica that did not get it. */
  hint(to: Node, mutation: Mutation): void {
    const { faults, world } = this;
    if (this.streams.hintLoss.chance(faults.hintLoss)) return world.count('store.hint-loss');
    world.count('store.hint');
    this.#playBack(to, mutation, this.streams.length.between(faults.hintMs));
  }

  /** Crashes a replica, or brings it back. */
  setUp(node: Node, up: boolean, forgets = false): void {
    if (node.up === up) return;
    node.up = up;
    node.changedAtMs = this.world.nowMs;
    if (!up) node.life += 1;
    this.world.count(up ? 'store.replica-back' : 'store.replica-crash');
    if (!up || !forgets) return;
    this.world.count('store.amnesia');
    node.replica.forget();
  }

  /** Isolates a replica from the others, or reconnects it. */
  setCut(node: Node, cut: boolean): void {
    if (node.cut === cut) return;
    node.cut = cut;
    node.changedAtMs = this.world.nowMs;
    this.world.count(cut ? 'store.replica-cut' : 'store.replica-joined');
  }

  #hopMs(from: Node, to: Node): number {
    return this.draw.between(from === to ? NEAR_MS : FAR_MS);
  }

  #fresh(node: Node): boolean {
    return this.world.nowMs - node.changedAtMs < DETECT_MS;
  }

  #lateMs(): number {
    if (!this.streams.legLate.chance(this.faults.legLate)) return 0;
    this.world.count('store.leg-late');
    return this.streams.length.between(this.faults.lateMs);
  }

  #again(to: Node, mutation: Mutation): void {
    this.world.count('store.leg-duplicate');
    const atMs = this.world.nowMs + this.streams.length.between(this.faults.lateMs);
    const arrive = (): void => {
      if (to.up) to.replica.apply(mutation, this.world.nowMs);
    };
    this.world.inside(atMs, AGAIN, arrive, to.replica.number);
  }

  #playBack(to: Node, mutation: Mutation, inMs: number): void {
    const arrive = (): void => {
      if (!to.up || to.cut)
        return this.#playBack(to, mutation, HINT_RETRY_MS + this.streams.length.float() * HINT_RETRY_MS);
      this.world.count('store.hint-played');
      to.replica.apply(mutation, this.world.nowMs);
    };
    this.world.inside(this.world.nowMs + inMs, HINT, arrive, to.replica.number);
  }
}

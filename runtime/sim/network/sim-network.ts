/**
 * Simulated network: messages between processes that may be lost, doubled, late or out of order.
 *
 * Owns: delays and faults of each message, cuts between machines in one direction, what a dead or paused receiver does.
 * Does not own: who is sent what, and copying it (`sim-messenger`), resending.
 *
 * Invariants:
 * 1. A message is carried even if its sender has died since.
 * 2. Messages of one machine to another arrive in their order, but for those that are late.
 * 3. A paused receiver gets what came within `BUFFER_MS` once it wakes, and nothing older: its connection was closed.
 */

import type { FaultDial } from '../faults/fault-profile';
import type { SimStream } from '../world/random';
import type { SimProcess } from '../world/sim-process';
import { label } from '../world/trace';
import type { World } from '../world/world';

/** How long a server keeps messages for a client that does not read. */
const BUFFER_MS = 10_000;
const DELAY_MS = [0.1, 0.6] as const;
/** Between two messages of one link. */
const GAP_MS = 0.001;
const ARRIVE = label('network.arrive');
/** In a cut: whoever it is. */
export const EVERYBODY = '*';

export class SimNetwork {
  readonly #cuts = new Set<string>();
  /** When the newest message of each link arrives that is not late. */
  readonly #links = new Map<string, number>();
  readonly #delay: SimStream;
  readonly #loss: SimStream;
  readonly #duplicate: SimStream;
  readonly #late: SimStream;
  readonly #silence: SimStream;
  readonly #length: SimStream;

  constructor(
    readonly world: World,
    private readonly dial: FaultDial,
  ) {
    const { random } = world;
    this.#delay = random.stream('network.delay');
    this.#loss = random.stream('network.loss');
    this.#duplicate = random.stream('network.duplicate');
    this.#late = random.stream('network.late');
    this.#length = random.stream('network.fault-length');
    this.#silence = random.stream('network.silence');
  }

  /** Messages one way between two machines are lost from now on; `*` stands for every machine. */
  cut(from: string, to: string): void {
    this.world.count('network.cut');
    this.#cuts.add(`${from}\0${to}`);
  }

  /** Nothing that the machine sends arrives anywhere, or nothing arrives there. */
  isCutOff(machine: string): boolean {
    const cuts = this.#cuts;
    return cuts.size > 0 && (cuts.has(`${machine}\0${EVERYBODY}`) || cuts.has(`${EVERYBODY}\0${machine}`));
  }

  /** Ends one cut, or all. */
  mend(from?: string, to?: string): void {
    if (from === undefined || to === undefined) this.#cuts.clear();
    else this.#cuts.delete(`${from}\0${to}`);
  }

  noListener(tell: () => void): void {
    this.world.count('network.no-listener');
    if (!this.#silence.chance(1 - this.dial.profile.network.noResponders)) tell();
  }

  /** In a paused process only once it wakes, and only if that is soon. */
  receive(process: SimProcess, take: () => void): void {
    const arrivedMs = this.world.nowMs;
    process.enter(() => {
      if (this.world.nowMs - arrivedMs <= BUFFER_MS) take();
      else this.world.count('network.buffer-dropped');
    });
  }

  carry(from: string, to: string, arrive: () => void): void {
    const { network } = this.dial.profile;
    if (this.#loss.chance(network.loss)) return this.world.count('network.loss');
    this.#schedule(from, to, arrive);
    if (!this.#duplicate.chance(network.duplicate)) return;
    this.world.count('network.duplicate');
    this.#schedule(from, to, arrive);
  }

  #schedule(from: string, to: string, arrive: () => void): void {
    const { network } = this.dial.profile;
    const soonMs = this.world.nowMs + this.#delay.between(DELAY_MS);
    const link = `${from}\0${to}`;
    let atMs = Math.max(soonMs, (this.#links.get(link) ?? 0) + GAP_MS);
    if (this.#late.chance(network.late)) {
      this.world.count('network.late');
      atMs += this.#length.between(network.lateMs);
    } else this.#links.set(link, atMs);
    this.world.inside(atMs, ARRIVE, () => {
      if (this.#isCut(from, to)) this.world.count('network.cut-loss');
      else arrive();
    });
  }

  #isCut(from: string, to: string): boolean {
    if (this.#cuts.size === 0) return false;
    const cuts = this.#cuts;
    return cuts.has(`${from}\0${to}`) || cuts.has(`${from}\0${EVERYBODY}`) || cuts.has(`${EVERYBODY}\0${to}`);
  }
}

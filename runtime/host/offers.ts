/**
 * Offers: shards that a newer build gives back to an older one, because it cannot repeat what is recorded (S29).
 *
 * Owns: whether a shard may be offered, keeping the offer, knowing the offers of all hosts while builds differ.
 * Does not own: finding a divergence (`activation/loader`), giving the shard back (`tenure`), where it goes (`placement`).
 *
 * Invariants:
 * 1. A shard is offered at most once by each build, ever, to a live host of an older one, and only if no entity of it has
 *    a record of the newer build: from the decision on none is written (`build-touches`).
 * 2. The offer is at quorum before the shard is given back. Whoever dies in between leaves a lease that the placement's
 *    target takes over like any other; if the older hosts are gone, that is a host of the newest build again.
 */

import { PerdureError } from '../../framework/errors';
import type { Clock } from '../ports/clock';
import type { Beat, ClusterStore, Offer } from '../ports/cluster-store';
import type { BuildTouches } from '../shard/ownership/build-touches';
import type { SessionGuard } from '../shard/ownership/session-guard';
import type { Membership } from './membership';
import type { Reached } from './reached';
import { untilOk } from './until-ok';

export interface OffersSettings {
  readonly store: Pick<ClusterStore, 'writeOffer' | 'offers'>;
  readonly clock: Clock;
  readonly guard: SessionGuard;
  readonly membership: Membership;
  /** Of the running build. */
  readonly ordinal: number;
  readonly reached: Reached;
}

export class Offers {
  private readonly made = new Set<string>();

  constructor(private readonly settings: OffersSettings) {}

  has(shard: number, ordinal: number): boolean {
    return this.made.has(textOf({ shard, ordinal }));
  }

  /** Of all that are known; it only grows. */
  get count(): number {
    return this.made.size;
  }

  /** Reads them again while hosts of several builds live. Rejects when the store cannot be read. */
  async look(): Promise<void> {
    const { membership, ordinal } = this.settings;
    if (membership.live.some((beat) => beat.ordinal !== ordinal)) await this.read();
  }

  /**
   * Offers a shard that this host owns; true if it is to be given back now. Rejects with `unavailable` when the store
   * cannot be read, or the session dies first: nothing is decided then.
   */
  async make(shard: number, touches: BuildTouches): Promise<boolean> {
    const { store, clock, guard, membership, ordinal, reached } = this.settings;
    if (!membership.live.some((beat) => isOlder(beat, ordinal))) return false;
    await this.read();
    if (this.has(shard, ordinal)) return false;
    if (await touches.any()) return false;
    if (!touches.freeze()) return false;
    const write = (): ReturnType<typeof store.writeOffer> => store.writeOffer({ shard, ordinal });
    if (!(await untilOk(clock, () => guard.alive, write))) throw undecided(shard);
    this.made.add(textOf({ shard, ordinal }));
    reached('offered');
    return true;
  }

  private async read(): Promise<void> {
    for (const offer of await this.settings.store.offers()) this.made.add(textOf(offer));
  }
}

function isOlder({ draining, ordinal }: Beat, than: number): boolean {
  return !draining && ordinal < than;
}

function textOf({ shard, ordinal }: Offer): string {
  return `${shard} ${ordinal}`;
}

function undecided(shard: number): PerdureError {
  const fact = `this host lost shard ${shard} before it could offer it to an older build`;
  return new PerdureError('unavailable', `${fact}: send again with the same id`);
}

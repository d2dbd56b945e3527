/**
 * Store links: which hosts are cut off from the store, and in which direction.
 *
 * Owns: the cuts by host name. Does not own: links between replicas (`replica-set`) or between hosts (`sim-network`).
 *
 * A host whose requests are lost changes nothing; one whose replies are lost writes on, and never learns of it.
 */

import type { Ending } from './quorum-request';
import { STORE_TIMEOUT_MS } from './replica-set';
import { label } from '../world/trace';
import type { World } from '../world/world';

/** `beats`: of what the host writes its heartbeats alone are lost, unanswered. */
export type CutWay = 'requests' | 'replies' | 'beats';

const WAYS: readonly CutWay[] = ['requests', 'replies', 'beats'];

const TIMEOUT = label('store.link-timeout');

export class StoreLinks {
  readonly #cuts = new Set<string>();

  constructor(private readonly world: World) {}

  cut(host: string, way: CutWay): void {
    this.world.count(`store.cut-${way}`);
    this.#cuts.add(`${way}\0${host}`);
  }

  /** Mends one host's links, or all. */
  mend(host?: string, ways: readonly CutWay[] = WAYS): void {
    if (host === undefined) return this.#cuts.clear();
    for (const way of ways) this.#cuts.delete(`${way}\0${host}`);
  }

  /** Carries a request and its ending, or tells `lost` once the driver has waited for it long enough. */
  carry<T>(
    { host, beat }: { readonly host: string; readonly beat: boolean },
    send: (done: (ending: Ending<T>) => void) => void,
    done: (ending: Ending<T>) => void,
  ): void {
    const { world } = this;
    const deadlineMs = world.nowMs + STORE_TIMEOUT_MS;
    const lose = (): void => void world.inside(deadlineMs, TIMEOUT, () => done('lost'));
    if (this.#isCut('requests', host) || (beat && this.#isCut('beats', host))) return lose();
    send((ending) => {
      if (this.#isCut('replies', host)) lose();
      else done(ending);
    });
  }

  #isCut(way: CutWay, host: string): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(`${way}\0${host}`);
  }
}
